package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sampleagent/sync/wire"
)

// pass is a token source that counts renewals.
type pass struct{ renewals atomic.Int32 }

func (p *pass) Token(context.Context) (string, error) { return "old", nil }
func (p *pass) Renew(_ context.Context, stale string) (string, error) {
	if stale != "old" {
		return "", fmt.Errorf("renewing %q", stale)
	}
	p.renewals.Add(1)
	return "new", nil
}

func serve(t *testing.T, h http.HandlerFunc) (*Client, *pass) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	p := &pass{}
	return New(s.URL, p, NewHTTP()), p
}

func refuse(w http.ResponseWriter, p wire.Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

func TestBusyServerIsAskedAgain(t *testing.T) {
	var asked atomic.Int32
	c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_ = json.NewEncoder(w).Encode(wire.Account{Email: "a@example.org"})
	})
	account, err := c.Account(t.Context())
	if err != nil || account.Email != "a@example.org" || asked.Load() != 3 {
		t.Fatalf("%v, %v, asked %d times", account, err, asked.Load())
	}
}

func TestPostIsNeverRepeated(t *testing.T) {
	var asked atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer s.Close()
	err := Post(t.Context(), NewHTTP(), s.URL, "", struct{}{}, nil)
	var p *wire.Problem
	if !errors.As(err, &p) || p.Code != wire.CodeUnavailable || asked.Load() != 1 {
		t.Fatalf("%v, asked %d times", err, asked.Load())
	}
}

func TestExpiredTokenIsRenewedOnce(t *testing.T) {
	c, p := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer new" {
			refuse(w, wire.Problem{Status: 401, Code: wire.CodeTokenExpired})
			return
		}
		_ = json.NewEncoder(w).Encode(wire.Account{ID: "u1"})
	})
	if account, err := c.Account(t.Context()); err != nil || account.ID != "u1" || p.renewals.Load() != 1 {
		t.Fatalf("%v, %v, %d renewals", account, err, p.renewals.Load())
	}
}

func TestProblemsKeepTheirWords(t *testing.T) {
	limit, reset := int64(10), time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		refuse(w, wire.Problem{Status: 429, Code: wire.CodeUploads, Detail: "Ten uploads a day are used.", Limit: &limit, ResetAt: &reset})
	})
	_, err := c.Jobs(t.Context(), "", 10)
	var p *wire.Problem
	if !errors.As(err, &p) || p.Code != wire.CodeUploads || *p.Limit != 10 || !p.ResetAt.Equal(reset) || p.RetryAfter != time.Hour {
		t.Fatalf("%#v", err)
	}
	if p.Error() != "Ten uploads a day are used." {
		t.Fatal(p.Error())
	}
}

func TestAnswersThatAreNotOurs(t *testing.T) {
	c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<h1>Sign in to the hotel's network</h1>")
	})
	_, err := c.Account(t.Context())
	var p *wire.Problem
	if !errors.As(err, &p) || p.Status != 403 || !strings.Contains(p.Detail, "403") {
		t.Fatalf("%#v", err)
	}
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	_, err = New(closed.URL, &pass{}, NewHTTP()).Account(t.Context())
	if !errors.Is(err, ErrUnreachable) {
		t.Fatalf("%v", err)
	}
}

func TestUploadStreamsAndTells(t *testing.T) {
	const size = 3 << 20
	c, p := serve(t, func(w http.ResponseWriter, r *http.Request) {
		form, err := r.MultipartReader()
		if err != nil {
			t.Error(err)
			return
		}
		part, err := form.NextPart()
		if err != nil {
			t.Error(err)
			return
		}
		n, err := io.Copy(io.Discard, part)
		if err != nil || n != size || part.FormName() != "audio" || part.FileName() != "Amen 165bpm.wav" {
			t.Errorf("%s %s: %d bytes, %v", part.FormName(), part.FileName(), n, err)
		}
		if r.Header.Get("Authorization") != "Bearer new" {
			refuse(w, wire.Problem{Status: 401, Code: wire.CodeTokenExpired})
			return
		}
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(wire.Accepted{JobID: r.Header.Get("Idempotency-Key")})
	})
	var last int64
	accepted, err := c.Upload(t.Context(), Upload{Name: "Amen 165bpm.wav", Size: size, Key: "k1", Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.LimitReader(zeros{}, size)), nil
	}}, func(sent int64) { last = sent })
	if err != nil || accepted.JobID != "k1" || last != size || p.renewals.Load() != 1 {
		t.Fatalf("%v, %v, told %d, %d renewals", accepted, err, last, p.renewals.Load())
	}
}

// A network that goes away without a word leaves a transfer that would stand still for ever.
func TestATransferThatStandsStillIsGivenUp(t *testing.T) {
	over := make(chan struct{})
	defer close(over)
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet { // the link, then the half of a file
			if r.URL.Path != "/file" {
				_ = json.NewEncoder(w).Encode(wire.Link{URL: "http://" + r.Host + "/file"})
				return
			}
			w.Header().Set("Content-Length", "2000")
			_, _ = w.Write(make([]byte, 1000))
			w.(http.Flusher).Flush()
		}
		<-over
	})
	c.stall = 100 * time.Millisecond
	const size = 64 << 20 // more than lies between two programs
	_, err := c.Upload(t.Context(), Upload{Name: "a.wav", Size: size, Key: "k1", Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.LimitReader(zeros{}, size)), nil
	}}, nil)
	if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "no sign of life") {
		t.Errorf("an upload: %v", err)
	}
	err = c.FetchAudio(t.Context(), strings.Repeat("0", 64), 2000, filepath.Join(t.TempDir(), "a.wav"), nil)
	if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "no sign of life") {
		t.Errorf("a download: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestEventsResumeAfterTheLastSeen(t *testing.T) {
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var after int
		fmt.Sscan(r.Header.Get("Last-Event-ID"), &after)
		for seq := after + 1; seq <= after+2; seq++ {
			fmt.Fprintf(w, ": still here\nid: %d\ndata: {\"seq\":%d,\ndata: \"kind\":\"job.updated\"}\n\n", seq, seq)
		}
	})
	var seen []int64
	begun := 0
	handle := func(e wire.Event) error { seen = append(seen, e.Seq); return nil }
	if err := c.Events(t.Context(), 0, func() { begun++ }, handle); !errors.Is(err, ErrUnreachable) {
		t.Fatal(err)
	}
	if err := c.Events(t.Context(), seen[len(seen)-1], func() { begun++ }, handle); !errors.Is(err, ErrUnreachable) {
		t.Fatal(err)
	}
	if fmt.Sprint(seen) != "[1 2 3 4]" || begun != 2 {
		t.Fatal(seen, begun)
	}
}

func TestEventsEndWithTheContext(t *testing.T) {
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := c.Events(ctx, 0, func() {}, func(wire.Event) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
}

func FuzzEventStream(f *testing.F) {
	f.Add("id: 1\ndata: {\"seq\":1}\n\n")
	f.Add(": hello\n\ndata:{}\r\n\r\n")
	f.Fuzz(func(t *testing.T, stream string) {
		if err := read(strings.NewReader(stream), func() {}, func(wire.Event) error { return nil }); err == nil {
			t.Fatal("a stream that ended is not reported")
		}
	})
}
