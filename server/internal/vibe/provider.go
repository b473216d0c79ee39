package vibe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Message is one turn of a chat.
type Message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// Reply is a model's answer.
type Reply struct {
	ID            string
	Text          string
	Input, Output int64 // tokens
	CostMicro     int64 // as the provider says; 0: it does not say
}

// Refused is a request that the provider did not carry out, and so did not charge.
type Refused struct {
	Status int
	Why    string
	After  time.Duration // not before; 0: not said
}

func (r *Refused) Error() string { return fmt.Sprintf("it answered %d: %s", r.Status, r.Why) }

// Provider is any OpenAI-compatible server. It is spoken to in plain HTTP rather than through
// OpenAI's client, because Retry-After and the cost that OpenRouter adds to the reply count here.
type Provider struct {
	base, key string
	client    *http.Client
	pause     time.Duration // between two requests

	mu     sync.Mutex
	next   time.Time
	closed time.Time // the provider said: not before
}

// longestWait is how long a call waits for its turn before it gives up.
const longestWait = 8 * time.Second

// NewProvider speaks to base with key, at most rate requests a second.
func NewProvider(base, key string, rate float64) *Provider {
	return &Provider{base: strings.TrimRight(base, "/"), key: key, pause: time.Duration(float64(time.Second) / rate),
		client: &http.Client{Timeout: 20 * time.Second}}
}

// Name is the provider's host.
func (p *Provider) Name() string {
	u, err := url.Parse(p.base)
	if err != nil {
		return p.base
	}
	return u.Host
}

// turn waits for this call's turn; Refused when it would be too late.
func (p *Provider) turn(ctx context.Context) error {
	p.mu.Lock()
	now := time.Now()
	at := p.next
	if at.Before(now) {
		at = now
	}
	if p.closed.After(at) {
		at = p.closed
	}
	if at.Sub(now) > longestWait {
		p.mu.Unlock()
		return &Refused{Status: http.StatusTooManyRequests, Why: "it asked to wait", After: at.Sub(now)}
	}
	p.next = at.Add(p.pause)
	p.mu.Unlock()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(at.Sub(now)):
		return nil
	}
}

// Chat asks for one answer after a schema. A 429 or 503 with a short Retry-After is waited for
// once; a longer one closes the provider for this process until then.
func (p *Provider) Chat(ctx context.Context, model string, messages []Message, maxTokens int, schema json.RawMessage) (*Reply, error) {
	for try := 0; ; try++ {
		if err := p.turn(ctx); err != nil {
			return nil, err
		}
		r, err := p.once(ctx, model, messages, maxTokens, schema)
		var refused *Refused
		if !errors.As(err, &refused) || refused.After == 0 {
			return r, err
		}
		p.mu.Lock()
		p.closed = time.Now().Add(refused.After)
		p.mu.Unlock()
		if try > 0 || refused.After > longestWait {
			return nil, err
		}
	}
}

func (p *Provider) once(ctx context.Context, model string, messages []Message, maxTokens int, schema json.RawMessage) (*Reply, error) {
	body, err := json.Marshal(map[string]any{
		"model": model, "messages": messages, "max_tokens": maxTokens, "temperature": 0.3,
		"response_format": map[string]any{"type": "json_schema", "json_schema": map[string]any{"name": "vibe", "strict": true, "schema": schema}},
		"usage":           map[string]any{"include": true}, // OpenRouter: tell the cost
	})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base+"/chat/completions", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+p.key)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Title", "Sample Agent")
	resp, err := p.client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // without the address
		}
		return nil, fmt.Errorf("it was not reached: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("its answer broke off: %w", err)
	}
	text = bytes.ReplaceAll(text, []byte(p.key), []byte("[key]")) // what a refusal says of it is told and logged
	if resp.StatusCode != http.StatusOK {
		return nil, &Refused{resp.StatusCode, reason(resp.StatusCode, text), retryAfter(resp.Header)}
	}
	return parse(text)
}

func parse(text []byte) (*Reply, error) {
	var r struct {
		ID      string
		Choices []struct {
			Message struct{ Content string }
		}
		Usage struct {
			Prompt     int64   `json:"prompt_tokens"`
			Completion int64   `json:"completion_tokens"`
			Cost       float64 `json:"cost"` // dollars
		}
		Error *struct {
			Message string
			Code    any
		}
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("its answer cannot be read: %w", err)
	}
	if r.Error != nil { // OpenRouter reports some failures inside a 200
		return nil, fmt.Errorf("it failed: %s", cutBytes(r.Error.Message, 200))
	}
	if len(r.Choices) == 0 {
		return nil, errors.New("its answer is empty")
	}
	if r.Usage.Prompt < 0 || r.Usage.Completion < 0 || r.Usage.Cost < 0 || math.IsNaN(r.Usage.Cost) {
		return nil, errors.New("its usage cannot be read")
	}
	return &Reply{r.ID, r.Choices[0].Message.Content, r.Usage.Prompt, r.Usage.Completion, int64(math.Ceil(r.Usage.Cost*1e6 - 1e-6))}, nil
}

func reason(status int, text []byte) string {
	var r struct{ Error struct{ Message string } }
	if json.Unmarshal(text, &r) == nil && r.Error.Message != "" {
		return cutBytes(r.Error.Message, 200)
	}
	switch status {
	case http.StatusPaymentRequired:
		return "the provider's credit is used"
	case http.StatusUnauthorized:
		return "the key is not accepted"
	}
	return http.StatusText(status)
}

// retryAfter reads the header, in seconds or as a date; a 429 without one waits 2 s.
func retryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if s, err := strconv.ParseFloat(v, 64); err == nil && s >= 0 && s < 86400 {
		return max(time.Duration(s*float64(time.Second)), time.Millisecond)
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(time.Until(at), time.Millisecond)
	}
	return 0
}

// Check asks whether the address answers and the key is accepted.
func (p *Provider) Check(ctx context.Context) error {
	// OpenRouter lists its models for everybody; what a key may do it says at /key, which others lack.
	status, err := p.ask(ctx, "/key")
	if err == nil && status == http.StatusNotFound {
		status, err = p.ask(ctx, "/models")
	}
	switch {
	case err != nil:
		return fmt.Errorf("the AI provider is not reached; check openrouter_url: %w", err)
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return fmt.Errorf("the AI provider refuses the key (status %d); check openrouter_key", status)
	case status != http.StatusOK:
		return fmt.Errorf("the AI provider answers with status %d; check openrouter_url and openrouter_key", status)
	}
	return nil
}

// ask gives the status of a path.
func (p *Provider) ask(ctx context.Context, path string) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+path, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+p.key)
	resp, err := p.client.Do(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}
