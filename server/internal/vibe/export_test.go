package vibe

import "time"

// Read is read, for the fuzzer.
var Read = read

// WithTimeout is p with another limit on a call.
func (p *Provider) WithTimeout(d time.Duration) *Provider {
	q := NewProvider(p.base, p.key, 1e6)
	q.client.Timeout = d
	return q
}
