package notify_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"sampleagent/server/internal/notify"
)

// A name that leads outside when it is looked at and inside when it is used: what counts is the
// address that the connection goes to. 127.0.0.2, which the operator of the test allows, plays the
// outside; the resolver is the test's own.
func TestANameThatChangesItsAddressLeadsNowhere(t *testing.T) {
	outside, inside := make(chan string, 9), make(chan string, 9)
	serve := func(address string, reached chan string) string {
		t.Helper()
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			reached <- r.Host
			w.Header().Set("Connection", "close") // so that the next delivery asks for the address again
		}))
		s.Listener.Close()
		s.Listener = l
		s.Start()
		t.Cleanup(s.Close)
		return l.Addr().String()
	}
	_, port, err := net.SplitHostPort(serve("127.0.0.2:0", outside))
	if err != nil {
		t.Fatal(err)
	}
	serve("127.0.0.1:"+port, inside)

	var asked atomic.Int32
	resolver := nameServer(t, func() netip.Addr {
		if asked.Add(1) == 1 {
			return netip.MustParseAddr("127.0.0.2")
		}
		return netip.MustParseAddr("127.0.0.1")
	})
	before := net.DefaultResolver
	net.DefaultResolver = resolver
	t.Cleanup(func() { net.DefaultResolver = before })

	client := notify.NewPoster([]netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")})
	post := func() error {
		resp, err := client.Post("http://rebind.test:"+port+"/hook", "application/json", strings.NewReader("{}"))
		if err == nil {
			err = resp.Body.Close()
		}
		return err
	}
	if err := post(); err != nil || len(outside) != 1 {
		t.Fatalf("outside: %v, reached %d times", err, len(outside))
	}
	err = post()
	if err == nil || !strings.Contains(err.Error(), "prohibited") {
		t.Errorf("inside: %v", err)
	}
	if asked.Load() != 2 || len(inside) != 0 {
		t.Errorf("asked %d times, inside reached %d times", asked.Load(), len(inside))
	}
}

// nameServer answers each question for an IPv4 address by what a says, and has no others.
func nameServer(t *testing.T, a func() netip.Addr) *net.Resolver {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return // the test ends
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			answer := dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, Authoritative: true}, Questions: m.Questions}
			if q.Type == dnsmessage.TypeA {
				answer.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}, Body: &dnsmessage.AResource{A: a().As4()}}}
			}
			if packed, err := answer.Pack(); err == nil {
				c.WriteTo(packed, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", c.LocalAddr().String())
	}}
}

// A mail server that is away for a day loses no mail but those of codes that have ended.
func TestMailsOutliveADayWithoutAMailServer(t *testing.T) {
	for kind, longest := range map[string]time.Duration{"sign_in": time.Hour, "expiring_1": 48 * time.Hour, "payment_failed": 48 * time.Hour} {
		var tried time.Duration
		for n := 1; n < (notify.MailArgs{MailKind: kind}).InsertOpts().MaxAttempts; n++ {
			tried += time.Duration(n*n*n*n) * time.Second
		}
		if tried > longest || kind != "sign_in" && tried < 24*time.Hour {
			t.Errorf("%s is tried for %s", kind, tried)
		}
	}
}
