package object_test

import (
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"

	"sampleagent/server/internal/object"
	"sampleagent/server/internal/testbed"
)

// An answer of the bucket that breaks off is an error of the store, never the object's end.
func TestAnAnswerThatBreaksOff(t *testing.T) {
	endpoint, access, secret := testbed.S3(t)
	u, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	v := testbed.NewValve(t, u.Host)
	s, err := object.NewS3("http://"+v.Address(), "us-east-1", "breaks-off", access, secret)
	if err == nil {
		err = s.MakeBucket(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "a/b.wav", strings.Repeat("x", 32<<20)) // more than lies in buffers on its way
	r, _, err := s.Get(t.Context(), "a/b.wav")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.ReadFull(r, make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	v.Shut()
	if n, err := io.Copy(io.Discard, r); !errors.Is(err, object.ErrAway) || errors.Is(err, io.ErrUnexpectedEOF) || n >= 31<<20 {
		t.Errorf("%d bytes, %v", n, err)
	}
	for what, err := range map[string]error{"stat": func() error { _, err := s.Stat(t.Context(), "a/b.wav"); return err }(), "ready": s.Ready(t.Context())} {
		if !errors.Is(err, object.ErrAway) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
