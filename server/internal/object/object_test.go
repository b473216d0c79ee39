package object_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sampleagent/server/internal/object"
	"sampleagent/server/internal/testbed"
)

func TestMain(m *testing.M) { testbed.Main(m) }

// onBoth runs a test against the local folder and a real S3 server.
func onBoth(t *testing.T, f func(t *testing.T, s object.Store)) {
	t.Run("local", func(t *testing.T) {
		var local *object.Local
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { local.ServeHTTP(w, r) }))
		t.Cleanup(web.Close)
		local, err := object.NewLocal(t.TempDir(), web.URL, []byte("a secret of the test"), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		f(t, local)
	})
	t.Run("S3", func(t *testing.T) {
		endpoint, access, secret := testbed.S3(t)
		bucket := strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(t.Name()))
		s, err := object.NewS3(endpoint, "us-east-1", bucket, access, secret)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.MakeBucket(t.Context()); err != nil {
			t.Fatal(err)
		}
		f(t, s)
	})
}

func put(t *testing.T, s object.Store, key, text string) {
	t.Helper()
	if err := s.Put(t.Context(), key, strings.NewReader(text), int64(len(text)), object.About{ContentType: "audio/wav"}); err != nil {
		t.Fatal(err)
	}
}

func TestRoundTripCopyListDelete(t *testing.T) {
	onBoth(t, func(t *testing.T, s object.Store) {
		ctx := t.Context()
		if err := s.Check(ctx); err != nil {
			t.Fatal(err)
		}
		put(t, s, "uploads-pending/u/j.wav", "hello")
		put(t, s, "uploads-pending/u/j.wav", "hello again")
		if err := s.Copy(ctx, "uploads-pending/u/j.wav", "processed/u/s.wav"); err != nil {
			t.Fatal(err)
		}
		if err := s.Copy(ctx, "uploads-pending/u/j.wav", "processed/u/s.wav"); err != nil {
			t.Errorf("copied again: %v", err)
		}
		if err := s.Copy(ctx, "uploads-pending/u/none.wav", "processed/u/s.wav"); !errors.Is(err, object.ErrNotFound) {
			t.Errorf("a copy of nothing: %v", err)
		}
		put(t, s, "uploads-pending/u/j.wav", "the copy does not follow")
		r, info, err := s.Get(ctx, "processed/u/s.wav")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Seek(6, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		rest, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil || string(rest) != "again" || info.Size != 11 {
			t.Errorf("%q, %d, %v", rest, info.Size, err)
		}
		var keys []string
		for o, err := range s.List(ctx, "processed/") {
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, o.Key)
		}
		if len(keys) != 1 || keys[0] != "processed/u/s.wav" {
			t.Errorf("listed %v", keys)
		}
		if err := errors.Join(s.Delete(ctx, "processed/u/s.wav"), s.Delete(ctx, "processed/u/s.wav")); err != nil {
			t.Error(err)
		}
		_, err = s.Stat(ctx, "processed/u/s.wav")
		_, _, err2 := s.Get(ctx, "processed/u/s.wav")
		if !errors.Is(err, object.ErrNotFound) || !errors.Is(err2, object.ErrNotFound) {
			t.Errorf("after removal: %v, %v", err, err2)
		}
	})
}

func TestShortBodyLeavesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, s object.Store) {
		if err := s.Put(t.Context(), "a/b", strings.NewReader("abc"), 5, object.About{}); err == nil {
			t.Error("a short body was stored")
		}
		if _, err := s.Stat(t.Context(), "a/b"); !errors.Is(err, object.ErrNotFound) {
			t.Errorf("after a short body: %v", err)
		}
	})
}

func TestKeysThatClimbAreRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, s object.Store) {
		for _, key := range []string{"", "../x", "a/../b", "a//b", "/a", "a/.hidden", "a/b c", "a\\b", "a/\x00"} {
			if err := s.Put(t.Context(), key, strings.NewReader("x"), 1, object.About{}); err == nil {
				t.Errorf("key %q was accepted", key)
			}
		}
	})
}

func do(t *testing.T, method, url string, h http.Header, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range h {
		req.Header[k] = v
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(got)
}

func TestSignedGet(t *testing.T) {
	onBoth(t, func(t *testing.T, s object.Store) {
		ctx := t.Context()
		put(t, s, "processed/u/s.wav", "0123456789")
		link, err := s.LinkGet(ctx, "processed/u/s.wav", time.Minute, object.Serve{ContentType: "audio/wav", Filename: `Kick "é".wav`})
		if err != nil {
			t.Fatal(err)
		}
		resp, body := do(t, "GET", link, nil, "")
		if resp.StatusCode != 200 || body != "0123456789" || resp.Header.Get("Content-Type") != "audio/wav" || !strings.HasPrefix(resp.Header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%d %q %v", resp.StatusCode, body, resp.Header)
		}
		resp, body = do(t, "GET", link, http.Header{"Range": {"bytes=3-5"}}, "")
		if resp.StatusCode != 206 || body != "345" {
			t.Errorf("range: %d %q", resp.StatusCode, body)
		}
		for what, bad := range map[string]string{
			"another key":    strings.Replace(link, "/s.wav", "/t.wav", 1),
			"no signature":   strings.Split(link, "?")[0],
			"another method": link,
		} {
			method := "GET"
			if what == "another method" {
				method = "PUT"
			}
			if resp, _ := do(t, method, bad, nil, "x"); resp.StatusCode != 403 {
				t.Errorf("%s: %d", what, resp.StatusCode)
			}
		}
		short, err := s.LinkGet(ctx, "processed/u/s.wav", time.Second, object.Serve{})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2100 * time.Millisecond)
		if resp, _ := do(t, "GET", short, nil, ""); resp.StatusCode != 403 {
			t.Errorf("after its end: %d", resp.StatusCode)
		}
	})
}

func TestSignedPutTakesOnlyWhatWasAnnounced(t *testing.T) {
	onBoth(t, func(t *testing.T, s object.Store) {
		ctx := t.Context()
		body := "the very bytes"
		sum := sha256.Sum256([]byte(body))
		link, headers, err := s.LinkPut(ctx, "uploads-pending/u/j.wav", time.Minute, object.Announce{Size: int64(len(body)), SHA256: sum[:], About: object.About{ContentType: "audio/wav", Owner: "u", Tier: "pro"}})
		if err != nil {
			t.Fatal(err)
		}
		other := headers.Clone()
		other.Set("Content-Type", "text/html")
		for what, try := range map[string]struct {
			h    http.Header
			body string
		}{
			"longer":       {headers, body + "!"},
			"other bytes":  {headers, strings.ToUpper(body)},
			"another type": {other, body},
		} {
			if resp, _ := do(t, "PUT", link, try.h, try.body); resp.StatusCode < 400 {
				t.Errorf("%s: %d", what, resp.StatusCode)
			}
		}
		if _, err := s.Stat(ctx, "uploads-pending/u/j.wav"); !errors.Is(err, object.ErrNotFound) {
			t.Errorf("something was stored: %v", err)
		}
		if resp, text := do(t, "PUT", link, headers, body); resp.StatusCode != 200 {
			t.Fatalf("%d %s", resp.StatusCode, text)
		}
		r, _, err := s.Get(ctx, "uploads-pending/u/j.wav")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, []byte(body)) {
			t.Errorf("%q, %v", got, err)
		}
	})
}

func TestIDOfKeys(t *testing.T) {
	for key, want := range map[string]string{
		object.Pending("u", "j1", "wav"):          "j1",
		object.Processed("u", "s1", "flac"):       "s1",
		object.Derived("u", "s1", "preview.flac"): "s1",
		object.Export("u", "e1", "zip"):           "e1",
	} {
		if got := object.IDOf(key); got != want {
			t.Errorf("%s: %s", key, got)
		}
	}
}
