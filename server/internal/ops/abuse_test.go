package ops_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"sampleagent/server/internal/plan"
	"sampleagent/sync/wire"
)

// Ranges without end, one upon the other or beyond the file: no answer is much larger than the file.
func TestRangesAskForNoMoreThanTheFile(t *testing.T) {
	w := start(t, "")
	ada := w.signIn("ada@example.org", plan.Pro)
	content := wav(t, 1, 1)
	_, accepted, _ := ada.upload("a.wav", content)
	var link wire.Link
	ada.call("GET", "/api/samples/"+*ada.waitJob(accepted.JobID).SampleID+"/download", nil, &link)
	each := make([]string, 5000)
	for i := range each {
		each[i] = fmt.Sprintf("%d-%d", 2*i, 2*i)
	}
	for _, c := range []struct {
		ranges string
		status int
	}{
		{"bytes=" + strings.Repeat("0-,", 5000) + "0-", http.StatusOK},
		{"bytes=" + strings.Join(each, ","), http.StatusPartialContent},
		{"bytes=0-9,0-9", http.StatusPartialContent},
		{"bytes=0-99999999999999999999", http.StatusRequestedRangeNotSatisfiable},
		{"bytes=99999999-", http.StatusRequestedRangeNotSatisfiable},
		{"bytes=9-3", http.StatusRequestedRangeNotSatisfiable},
		{"bytes=-9223372036854775807", http.StatusPartialContent},
		{"octets=0-1", http.StatusRequestedRangeNotSatisfiable},
	} {
		req, err := http.NewRequest("GET", link.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Range", c.ranges)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()    // read to its end
		const heads = 5000 * 200 // what a part of a multipart answer has around it
		if err != nil || resp.StatusCode != c.status || len(body) > len(content)+heads {
			t.Errorf("%.30s: %d with %d bytes of %d, %v", c.ranges, resp.StatusCode, len(body), len(content), err)
		}
	}
}

// The server's clock steps an hour back and two hours on: nobody is signed out by the step back,
// no upload counts twice or not at all, and what waits is worked on.
func TestTheClockJumps(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		noon := time.Now().UTC().Truncate(24 * time.Hour).Add(36 * time.Hour)
		w.base = time.Until(noon)
		w.later(0)
		ada := w.signIn("ada@example.org", plan.Free)
		n := 0
		upload := func() {
			t.Helper()
			n++
			status, accepted, p := ada.upload("a.wav", wav(t, 0.2, n))
			if status != http.StatusAccepted {
				t.Fatalf("%d %+v", status, p)
			}
			if j := ada.waitJob(accepted.JobID); j.Status != wire.Completed {
				t.Fatalf("%+v", j)
			}
			if used := ada.account().Usage.Uploads; used != int64(n) {
				t.Errorf("%d uploads counted of %d", used, n)
			}
		}
		upload()
		w.later(-time.Hour)
		upload()
		w.later(time.Hour)
		ada = w.signIn(ada.email, plan.Free) // the token's own time has passed
		upload()
		w.later(-time.Hour)
		upload()
		for ; n < 10; n++ {
			if status, _, p := ada.upload("a.wav", wav(t, 0.2, n+1)); status != http.StatusAccepted {
				t.Fatalf("%d %+v", status, p)
			}
		}
		status, _, p := ada.upload("a.wav", wav(t, 0.2, 77))
		if status != http.StatusTooManyRequests || p.ResetAt == nil || !p.ResetAt.Equal(noon.Add(12*time.Hour)) {
			t.Errorf("the eleventh: %d %+v", status, p)
		}
	})
}

// JSON without end, in depth or in length, costs an answer in words.
func TestMonstrousJSON(t *testing.T) {
	w := start(t, "", idle)
	ada := w.signIn("ada@example.org", plan.Pro)
	for name, body := range map[string]string{
		"deep":   strings.Repeat(`[`, 500_000),
		"long":   `{"url":"` + strings.Repeat("a", 4<<20) + `"}`,
		"keys":   `{` + strings.Repeat(`"a":1,`, 400_000) + `"b":1}`,
		"number": `{"url":` + strings.Repeat("9", 900_000) + `}`,
	} {
		resp, text := w.ask("POST", "/api/webhooks", body, "Authorization", "Bearer "+ada.token, "Content-Type", "application/json")
		if resp.StatusCode < 400 || resp.StatusCode >= 500 || !strings.Contains(text, `"code"`) || len(text) > 10_000 {
			t.Errorf("%s: %d with %d bytes: %.200s", name, resp.StatusCode, len(text), text)
		}
	}
}

// A name of marks that turn the text round, line ends and climbing paths ends nowhere but in the list.
func TestNamesThatLie(t *testing.T) {
	w := start(t, "")
	ada := w.signIn("ada@example.org", plan.Pro)
	for i, name := range []string{"\u202egnp.wav", "..\\..\\a.wav", "a\r\nSet-Cookie: x=y.wav", "<img src=x onerror=alert(1)>.wav", strings.Repeat("é", 400) + ".wav", "\u2066a\u2069.wav", "\xff\xfe.wav"} {
		status, accepted, p := ada.upload(name, wav(t, 0.2, i))
		if status != http.StatusAccepted {
			t.Errorf("%q: %d %+v", name, status, p)
			continue
		}
		var sample wire.Sample
		ada.call("GET", "/api/samples/"+*ada.waitJob(accepted.JobID).SampleID, nil, &sample)
		if strings.ContainsAny(sample.Filename, "\r\n\\/\u202e\u2066\u2069") || sample.Filename == "" || len(sample.Filename) > 255 {
			t.Errorf("%q is kept as %q", name, sample.Filename)
		}
		var link wire.Link
		ada.call("GET", "/api/samples/"+sample.ID+"/download", nil, &link)
		resp, err := http.Get(link.URL)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK || len(resp.Cookies()) > 0 || !strings.HasPrefix(resp.Header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%q: %d %v", name, resp.StatusCode, resp.Header)
		}
	}
	if status, _, p := ada.upload("a\x00b.wav", wav(t, 0.2, 50)); status != http.StatusBadRequest {
		t.Errorf("a form with a NUL in it: %d %+v", status, p)
	}
}
