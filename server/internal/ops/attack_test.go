package ops_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
	"sampleagent/server/internal/config"
	"sampleagent/server/internal/ops"
	"sampleagent/server/internal/plan"
	"sampleagent/sync/wire"
)

// ask sends a request as it stands, with headers in pairs.
func (w *world) ask(method, path, body string, headers ...string) (*http.Response, string) {
	w.t.Helper()
	req, err := http.NewRequest(method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] != "" {
			req.Header.Set(headers[i], headers[i+1])
		}
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp, string(text)
}

// Who reads the outbox signs in as anybody, and who reads /metrics knows what the server does: a
// proxy on the same machine, of which the settings say nothing, must not open either to strangers.
func TestAnUnknownProxyOpensNothing(t *testing.T) {
	plain := start(t, "", idle)
	behind := start(t, "", idle, env("TRUSTED_PROXIES", "127.0.0.1"))
	for _, c := range []struct {
		w      *world
		header string
		value  string
		status int
	}{
		{plain, "", "", 200},
		{plain, "X-Forwarded-For", "127.0.0.1", 404},
		{plain, "X-Forwarded-Host", "sounds.example", 404},
		{plain, "Forwarded", "for=192.0.2.60", 404},
		{plain, "X-Real-IP", "203.0.113.4", 404},
		{plain, "Via", "1.1 proxy", 404},
		{behind, "X-Forwarded-For", "203.0.113.4", 404},
		{behind, "X-Forwarded-For", "::1", 200}, // the proxy says: from this machine
	} {
		for _, path := range []string{"/outbox", "/metrics"} {
			if resp, _ := c.w.ask("GET", path, "", c.header, c.value); resp.StatusCode != c.status {
				t.Errorf("%s with %s %q: %d, not %d", path, c.header, c.value, resp.StatusCode, c.status)
			}
		}
		if _, text := c.w.ask("GET", "/signin", "", c.header, c.value); strings.Contains(text, "/outbox") != (c.status == 200) {
			t.Errorf("the link to the outbox with %s %q: not as the page itself", c.header, c.value)
		}
	}
}

// A page elsewhere whose name is made to lead to this machine while a browser here shows it reads no
// mails: its requests come from this machine, but by its name.
func TestANameThatLeadsHereReadsNoMails(t *testing.T) {
	w := start(t, "", idle)
	_, port, _ := strings.Cut(w.Config.Listen, ":")
	for host, status := range map[string]int{"evil.example:" + port: 404, "localhost.evil.example": 404, "127.0.0.1.evil.example:" + port: 404,
		"localhost:" + port: 200, "127.0.0.1:" + port: 200, "[::1]:" + port: 200} {
		if resp, _ := w.ask("GET", "/outbox", "", "Host", host); resp.StatusCode != status {
			t.Errorf("%s: %d, not %d", host, resp.StatusCode, status)
		}
	}
}

// Monitors ask with HEAD: the same status, no body; live streams do not begin by it.
func TestHeadIsGetWithoutABody(t *testing.T) {
	w := start(t, "", idle)
	ada := w.signIn("ada@example.org", plan.Pro)
	for path, status := range map[string]int{"/": 200, "/healthz": 200, "/readyz": 200, "/nowhere": 404, "/account": 200, "/api/events": 405} {
		if resp, body := w.ask("HEAD", path, "", "Authorization", "Bearer "+ada.token); resp.StatusCode != status || body != "" {
			t.Errorf("%s: %d with %d bytes", path, resp.StatusCode, len(body))
		}
	}
}

// A page elsewhere that knows a code (its own account's) must not sign its visitor in with it.
func TestAFormFromElsewhereSignsNobodyIn(t *testing.T) {
	w := start(t, "", idle)
	form := func(path, body, site string) *http.Response {
		resp, _ := w.ask("POST", path, body, "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", site)
		return resp
	}
	if err := w.Accounts.RequestCode(t.Context(), "eve@example.org", "192.0.2.7"); err != nil {
		t.Fatal(err)
	}
	codes, err := w.DB.LiveLoginCodes(t.Context(), "eve@example.org", w.Now())
	if err != nil || len(codes) != 1 {
		t.Fatal(err, len(codes))
	}
	withCode := url.Values{"email": {"eve@example.org"}, "code": {w.Accounts.CodeOf(codes[0].ID)}}.Encode()
	withLink := url.Values{"token": {w.Accounts.LinkOf(codes[0].ID)}}.Encode()
	for path, body := range map[string]string{"/signin": "email=eve@example.org", "/signin/code": withCode, "/auth/link": withLink} {
		if resp := form(path, body, "cross-site"); resp.StatusCode != http.StatusForbidden || len(resp.Cookies()) > 0 {
			t.Errorf("%s from elsewhere: %d %v", path, resp.StatusCode, resp.Cookies())
		}
	}
	if resp := form("/signin/code", withCode, "same-origin"); resp.StatusCode != http.StatusSeeOther || len(resp.Cookies()) != 1 {
		t.Errorf("from our own page: %d %v", resp.StatusCode, resp.Cookies())
	}
	// What was used once is used up: the code and the link of the same mail.
	for path, body := range map[string]string{"/signin/code": withCode, "/auth/link": withLink} {
		if resp := form(path, body, "same-origin"); resp.StatusCode < 400 || len(resp.Cookies()) > 0 {
			t.Errorf("%s again: %d %v", path, resp.StatusCode, resp.Cookies())
		}
	}
}

func TestOurFilesAreNotListed(t *testing.T) {
	w := start(t, "", idle)
	for _, path := range []string{"/static/", "/static/../templates/layout.html", "/static/%2e%2e/templates/layout.html", "/static/app.js/", "/objects/", "/objects/..%2f..%2fsample-agent.db"} {
		if resp, text := w.ask("GET", path, ""); resp.StatusCode < 400 && resp.StatusCode != http.StatusMovedPermanently {
			t.Errorf("%s: %d %.80s", path, resp.StatusCode, text)
		}
	}
}

// strangeWAV is a WAV whose header says what it likes.
func strangeWAV(channels, bits uint16, rate, declared uint32, data []byte) []byte {
	b := []byte("RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x01\x00")
	le := binary.LittleEndian
	b = le.AppendUint16(b, channels)
	b = le.AppendUint32(b, rate)
	b = le.AppendUint32(b, rate*uint32(channels)*uint32(bits)/8)
	b = le.AppendUint16(b, channels*bits/8)
	b = le.AppendUint16(b, bits)
	b = append(b, "data"...)
	b = le.AppendUint32(b, declared)
	return append(b, data...)
}

// Headers that lie, forms that are none, names that climb: every one is refused in words or done,
// none breaks the server, and what comes out holds no part of a path.
func TestStrangeUploads(t *testing.T) {
	w := start(t, "")
	u := w.signIn("eve@example.org", plan.Pro)
	noise := make([]byte, 40_000)
	for i := range noise {
		noise[i] = byte(i * i)
	}
	flac := append([]byte("fLaC\x80\x00\x00\x22\x10\x00\x10\x00\x00\x00\x00\x00\x00\x00"), 0x0a, 0xc4, 0x42, 0xff, 0xff, 0xff, 0xff, 0xff) // 2^36-1 samples
	flac = append(append(flac, make([]byte, 16)...), noise...)
	for name, content := range map[string][]byte{
		"4 GHz":                  strangeWAV(1, 16, math.MaxUint32, uint32(len(noise)), noise),
		"1 Hz":                   strangeWAV(1, 16, 1, uint32(len(noise)), noise),
		"0 Hz":                   strangeWAV(1, 16, 0, uint32(len(noise)), noise),
		"65,535 channels":        strangeWAV(math.MaxUint16, 8, 44100, uint32(len(noise)), noise),
		"no channel":             strangeWAV(0, 16, 44100, uint32(len(noise)), noise),
		"4 GB declared":          strangeWAV(2, 16, 44100, math.MaxUint32, noise),
		"0 bits":                 strangeWAV(2, 0, 44100, uint32(len(noise)), noise),
		"a FLAC of 18 days":      flac,
		"an ID3 tag without end": append([]byte("ID3\x04\x00\x00\x7f\x7f\x7f\x7f"), noise...),
		"an AIFF of nothing":     []byte("FORM\xff\xff\xff\xffAIFFCOMM\x00\x00\x00\x12"),
		"an Ogg page alone":      append([]byte("OggS\x00\x02"), make([]byte, 60)...),
	} {
		status, ok, p := u.upload(name+".wav", content)
		switch status {
		case http.StatusAccepted:
			if j := u.waitJob(ok.JobID); j.Status == wire.Failed && (j.ErrorCode == nil || *j.ErrorCode == wire.CodeInternal || *j.ErrorCode == wire.CodeWorkerTimeout) {
				t.Errorf("%s: %+v", name, j)
			}
		case http.StatusUnprocessableEntity, http.StatusUnsupportedMediaType, http.StatusRequestEntityTooLarge:
		default:
			t.Errorf("%s: %d %+v", name, status, p)
		}
	}
	for _, name := range []string{"../../../etc/passwd", `..\..\boot.ini`, "/abs/olute.wav", "a\x00b.wav", "..", "x\r\nBcc: all@example.org.wav", strings.Repeat("ä", 400) + ".wav", "\u202egnp.wav", "<script>alert(1)</script>.wav"} {
		var body bytes.Buffer
		fmt.Fprintf(&body, "--b\r\nContent-Disposition: %s\r\n\r\n%s\r\n--b--\r\n", mime.FormatMediaType("form-data", map[string]string{"name": "audio", "filename": name}), wav(t, 0.2, len(name)))
		req, err := http.NewRequest("POST", w.url+"/api/upload", &body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		var ok wire.Accepted
		if resp := u.do(req, &ok); resp.StatusCode != http.StatusAccepted {
			continue // a name that no form can say
		}
		j := u.waitJob(ok.JobID)
		if j.SampleID == nil || strings.ContainsAny(j.Name, "/\\\x00\r\n\u202e") && !strings.Contains(j.Name, "script") || len(j.Name) > 255 {
			t.Errorf("%q became %q, %+v", name, j.Name, j)
		}
		var link wire.Link
		u.call("GET", "/api/samples/"+*j.SampleID+"/download", nil, &link)
		resp, err := http.Get(link.URL)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if _, as, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition")); err != nil || strings.ContainsAny(as["filename"], "/\\\r\n") {
			t.Errorf("%q is served as %q, %v", name, resp.Header.Get("Content-Disposition"), err)
		}
	}
	bearer := []string{"Authorization", "Bearer " + u.token}
	for name, c := range map[string]struct{ as, body string }{
		"no boundary":        {"multipart/form-data", "--\r\n"},
		"endless boundary":   {"multipart/form-data; boundary=" + strings.Repeat("b", 5000), "x"},
		"ten thousand parts": {"multipart/form-data; boundary=b", strings.Repeat("--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n1\r\n", 10_000) + "--b--\r\n"},
		"a great header":     {"multipart/form-data; boundary=b", "--b\r\nX: " + strings.Repeat("x", 1<<20) + "\r\n\r\n"},
		"a form within":      {"multipart/form-data; boundary=b", "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b--\r\n"},
		"JSON":               {"application/json", `{"audio":"x"}`},
		"an empty file":      {"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"audio\"; filename=\"a.wav\"\r\n\r\n\r\n--b--\r\n"},
	} {
		resp, text := w.ask("POST", "/api/upload", c.body, append(bearer, "Content-Type", c.as)...)
		if resp.StatusCode < 400 || resp.StatusCode >= 500 || resp.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %.200s", name, resp.StatusCode, text)
		}
	}
	if text := w.log.String(); strings.Contains(text, "panic") {
		t.Error(text)
	}
}

// What one account may do once, or so many times, it does so many times however many ask at once.
func TestSixtyFourOfEverything(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		u := w.signIn("ada@example.org", plan.Pro)
		at64 := func(method, path string, in any) (done int64) {
			var good atomic.Int64
			var all sync.WaitGroup
			for range 64 {
				all.Go(func() {
					resp := u.call(method, path, in, nil)
					if resp.StatusCode >= 500 {
						t.Errorf("%s %s: %d", method, path, resp.StatusCode)
					}
					if resp.StatusCode < 300 {
						good.Add(1)
					}
				})
			}
			all.Wait()
			return good.Load()
		}
		stored := func() (uploads, bytes int64) {
			a := u.account()
			return a.Usage.Uploads, a.Usage.StorageBytes
		}
		if n := at64("POST", "/api/webhooks", wire.WebhookRequest{URL: "https://example.org/hook", Events: []string{wire.EventSampleFailed}}); n != 10 {
			t.Errorf("%d webhooks of 10", n)
		}
		if n := at64("POST", "/api/keys", wire.KeyRequest{Name: "k", Scopes: []string{"read"}}); n != 50 {
			t.Errorf("%d keys of 50", n)
		}
		content := wav(t, 0.3, 1)
		var d wire.DirectUpload
		u.call("POST", "/api/uploads", announce("x.wav", content), &d)
		put, err := http.NewRequest(http.MethodPut, d.URL, bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range d.Headers {
			put.Header.Set(k, v)
		}
		if resp, err := http.DefaultClient.Do(put); err != nil || resp.StatusCode != 200 {
			t.Fatal(resp, err)
		}
		at64("POST", d.Complete, nil)
		var jobs wire.JobPage
		if u.call("GET", "/api/jobs", nil, &jobs); len(jobs.Items) != 1 {
			t.Fatalf("%d jobs of one upload", len(jobs.Items))
		}
		id := jobs.Items[0].ID
		for _, c := range []struct {
			method, path string
			done         int64 // how many succeed
			uploads      int64 // counted after it
			kept         bool  // its bytes count
		}{
			{"DELETE", "/api/jobs/" + id, 1, 0, false},
			{"POST", "/api/jobs/" + id + "/retry", 1, 1, true},
			{"DELETE", "/api/jobs/" + id, 1, 0, false},
		} {
			if n := at64(c.method, c.path, nil); n != c.done {
				t.Errorf("%s: %d succeeded", c.path, n)
			}
			size := int64(0)
			if c.kept {
				size = int64(len(content))
			}
			if uploads, bytes := stored(); uploads != c.uploads || bytes != size {
				t.Errorf("after 64 %s %s: %d uploads, %d bytes", c.method, c.path, uploads, bytes)
			}
		}
		// A finished sound: removed once, given back once.
		_, first, _ := u.upload("a.wav", content)
		_, second, _ := u.upload("b.wav", wav(t, 0.3, 2))
		worker := start(t, w.Config.DatabaseURL, func(c *config.Config, _ *ops.Options) { c.Data = w.Config.Data })
		defer worker.stop()
		a, b := u.waitJob(first.JobID), u.waitJob(second.JobID)
		if a.SampleID == nil || b.SampleID == nil {
			t.Fatalf("%+v %+v", a, b)
		}
		if n := at64("DELETE", "/api/samples/"+*a.SampleID, nil); n != 1 {
			t.Errorf("one sample was removed %d times", n)
		}
		if uploads, bytes := stored(); uploads != 2 || bytes != b.Size {
			t.Errorf("after 64 removals: %d uploads, %d bytes of %d", uploads, bytes, b.Size)
		}
		var s wire.Sample
		resp := u.call("GET", "/api/samples/"+*b.SampleID, nil, &s)
		var changed atomic.Int64
		var all sync.WaitGroup
		for i := range 64 {
			all.Go(func() {
				title := fmt.Sprint("title ", i)
				if u.call("PATCH", "/api/samples/"+s.ID, wire.SamplePatch{Title: &title}, nil, "If-Match", resp.Header.Get("ETag")).StatusCode == 200 {
					changed.Add(1)
				}
			})
		}
		if all.Wait(); changed.Load() != 1 {
			t.Errorf("%d changes were based on one version", changed.Load())
		}
	}, idle)
}

// A header that does not say how long the sound is lets it in, and the worker counts: a sound over
// the plan's length fails for what it is, once, and costs no upload; one of just that length is done.
func TestTheWorkerCountsWhatTheHeaderHides(t *testing.T) {
	w := start(t, "")
	u := w.signIn("ada@example.org", plan.Free)
	for seconds, want := range map[int]wire.JobStatus{60: wire.Completed, 61: wire.Failed} {
		var b bytes.Buffer
		if err := codec.EncodeFLAC(&b, &pcm.Buffer{Rate: 8000, Channels: 1, Samples: make([]float32, 8000*seconds)}, codec.FLACOptions{}); err != nil {
			t.Fatal(err)
		}
		status, ok, p := u.upload(fmt.Sprint(seconds, ".flac"), lengthHidden(b.Bytes()))
		if status != http.StatusAccepted {
			t.Fatalf("%d s: %d %+v", seconds, status, p)
		}
		j := u.waitJob(ok.JobID)
		if j.Status != want || want == wire.Failed && (j.ErrorCode == nil || *j.ErrorCode != wire.CodeTooLong || j.Attempts != 1) {
			t.Errorf("%d s: %+v", seconds, j)
		}
	}
	if a := u.account(); a.Usage.Uploads != 1 {
		t.Errorf("%d uploads counted, not that of the sound that was done", a.Usage.Uploads)
	}
}

// lengthHidden makes a FLAC file say that its length is unknown.
func lengthHidden(flac []byte) []byte {
	flac[21] &= 0xf0 // the 36 bits of STREAMINFO that count the samples (RFC 9639, 8.2): 0 is unknown
	clear(flac[22:26])
	return flac
}
