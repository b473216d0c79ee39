package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// patience is how long a test waits for what must come.
const patience = time.Minute

// paced serves a handler under a short grace, on a server whose own limits are as short.
func paced(t *testing.T, rate int64, h http.HandlerFunc) string {
	t.Helper()
	const grace = 200 * time.Millisecond
	s := httptest.NewUnstartedServer(Pace{grace, rate}.Handler(h))
	s.Config.ReadTimeout, s.Config.WriteTimeout = grace, grace
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c
}

// pieces come one by one, over a time longer than the grace.
type pieces struct{ left int }

func (p *pieces) Read(b []byte) (int, error) {
	if p.left == 0 {
		return 0, io.EOF
	}
	time.Sleep(50 * time.Millisecond)
	p.left--
	return copy(b, bytes.Repeat([]byte("x"), 1000)), nil
}

func TestASlowLineEndsNoUploadAndNoDownload(t *testing.T) {
	address := paced(t, 10, func(w http.ResponseWriter, r *http.Request) { // 1,000 bytes are good for 100 s
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusTeapot)
			return
		}
		time.Sleep(300 * time.Millisecond) // longer than the server's own limits
		if r.Context().Err() != nil {
			t.Error("the request was ended while it was worked on")
		}
		for range 10 {
			fmt.Fprint(w, strings.Repeat("y", len(body)/10))
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
			time.Sleep(50 * time.Millisecond)
		}
	})
	for _, body := range []io.Reader{&pieces{10}, bytes.NewReader(make([]byte, 10_000))} {
		resp, err := http.Post(address, "audio/wav", body)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(resp.Body)
		if err = errors.Join(err, resp.Body.Close()); err != nil || len(answer) != 10_000 || resp.StatusCode != http.StatusOK {
			t.Fatalf("%d, %d bytes, %v", resp.StatusCode, len(answer), err)
		}
	}
}

func TestWhoStandsStillIsCutOff(t *testing.T) {
	ended := make(chan error, 1)
	address := paced(t, 1<<30, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			_, err := io.ReadAll(r.Body)
			ended <- err
			return
		}
		if r.URL.Path == "/own" {
			if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(patience)); err != nil {
				t.Error(err)
			}
			time.Sleep(400 * time.Millisecond)
			_, err := fmt.Fprint(w, "late")
			ended <- errors.Join(err, http.NewResponseController(w).Flush())
			return
		}
		for {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				ended <- err
				return
			}
		}
	})
	for name, request := range map[string]string{
		"sends no more of the body": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc",
		"reads nothing":             "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"":                          "GET /own HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		if _, err := io.WriteString(dial(t, address), request); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-ended:
			if name != "" && !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("who %s: %v", name, err)
			}
			if name == "" && err != nil {
				t.Errorf("a handler's own deadline: %v", err)
			}
		case <-time.After(patience):
			t.Fatalf("who %s is never cut off", name)
		}
	}
}
