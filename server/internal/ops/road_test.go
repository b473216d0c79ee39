package ops_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sampleagent/server/internal/config"
	"sampleagent/server/internal/object"
	"sampleagent/server/internal/ops"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/testbed"
	"sampleagent/sync/wire"
)

func TestFromUploadToSample(t *testing.T) {
	road := func(t *testing.T, w *world) {
		ada := w.signIn("ada@example.org", plan.Free)
		content := wav(t, 2, 1)
		status, ok, p := ada.upload("../../Dusty Break_90bpm_Am.wav", content)
		if status != 202 || ok.JobID == "" || ok.Queue != "free" || ok.EstimatedCompletion.IsZero() {
			t.Fatalf("%d %+v %+v", status, ok, p)
		}
		job := ada.waitJob(ok.JobID)
		if job.Status != wire.Completed || job.SampleID == nil || job.Attempts != 1 {
			t.Fatalf("%+v", job)
		}
		var s wire.Sample
		resp := ada.call("GET", "/api/samples/"+*job.SampleID, nil, &s)
		if s.Filename != "Dusty Break_90bpm_Am.wav" || s.Format != "wav" || s.Duration != 2 || s.Features == nil || s.Vibe == nil || s.Vibe.Source != wire.VibeFromRules {
			t.Errorf("%+v", s)
		}
		if s.BPM == nil || *s.BPM != 90 || *s.BPMSource != "name" || s.Key == nil || *s.Key != "A minor" {
			t.Errorf("tempo and key of the name: %v %v", s.BPM, s.Key)
		}
		if s.ExpiresAt == nil || s.Features.CentroidMean == nil || len(s.Features.MFCCMean) != 13 {
			t.Errorf("expiry %v, features %+v", s.ExpiresAt, s.Features)
		}
		if again := ada.call("GET", "/api/samples/"+s.ID, nil, nil, "If-None-Match", resp.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("unchanged sample: %d", again.StatusCode)
		}
		var link wire.Link
		ada.call("GET", "/api/samples/"+s.ID+"/download", nil, &link)
		if got := fetch(t, link.URL, ""); !bytes.Equal(got, content) {
			t.Errorf("downloaded %d bytes of %d", len(got), len(content))
		}
		if got := fetch(t, link.URL, "bytes=0-3"); string(got) != "RIFF" {
			t.Errorf("range: %q", got)
		}
		if link.ExpiresAt.Sub(w.Now()) > 15*time.Minute {
			t.Errorf("a link until %v", link.ExpiresAt)
		}
		w.waitFor("pending object removed", func() bool {
			row, err := w.DB.JobByID(t.Context(), job.ID)
			if err != nil {
				t.Fatal(err)
			}
			_, err = w.Objects.Stat(t.Context(), row.FileKey)
			return errors.Is(err, object.ErrNotFound) && row.CleanedAt != 0
		})
		if resp := ada.call("DELETE", "/api/samples/"+s.ID, nil, nil); resp.StatusCode != 204 {
			t.Errorf("delete: %d", resp.StatusCode)
		}
		if resp := get(t, link.URL); resp != 404 {
			t.Errorf("a link to a deleted sample: %d", resp)
		}
		u, err := w.DB.User(t.Context(), ada.id)
		if err != nil || u.StorageBytes != 0 {
			t.Errorf("%d bytes stored after removal, %v", u.StorageBytes, err)
		}
	}
	t.Run("SQLite and folder", func(t *testing.T) { road(t, start(t, "")) })
	t.Run("PostgreSQL and S3", func(t *testing.T) { road(t, start(t, testbed.Postgres(t), inBucket(t))) })
}

func get(t *testing.T, url string) int {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

func fetch(t *testing.T, url, ranged string) []byte {
	t.Helper()
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if ranged != "" {
		req.Header.Set("Range", ranged)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSixtyFourUploadsAtOnceAcceptTen(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ada := w.signIn("ada@example.org", plan.Free)
		content := wav(t, 0.1, 1)
		var mu sync.Mutex
		statuses := map[int]int{}
		var all sync.WaitGroup
		for i := range 64 {
			all.Go(func() {
				status, _, p := ada.upload(fmt.Sprintf("%d.wav", i), content)
				mu.Lock()
				defer mu.Unlock()
				statuses[status]++
				if status == 429 && (p.Code != wire.CodeUploads || p.ResetAt == nil || *p.Limit != 10 || !p.Upgrade) {
					t.Errorf("%+v", p)
				}
			})
		}
		all.Wait()
		if statuses[202] != 10 || statuses[429] != 54 {
			t.Errorf("%v", statuses)
		}
		keys := 0
		for _, err := range w.Objects.List(t.Context(), object.PendingPrefix) {
			if err != nil {
				t.Fatal(err)
			}
			keys++
		}
		if keys != 10 {
			t.Errorf("%d objects for 10 jobs", keys)
		}
		if wrong, err := w.DB.WrongCounters(t.Context()); err != nil || len(wrong) != 0 {
			t.Errorf("%v, %v", wrong, err)
		}
	}, idle)
}

func TestRefusalsComeInTheirOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ada := w.signIn("ada@example.org", plan.Free)
		nobody := &user{w: w}
		good := wav(t, 0.2, 1)
		long := wav(t, 61, 1)
		edge := wav(t, 60.05, 1)
		big := append(append([]byte{}, good...), make([]byte, 10<<20)...)
		html := []byte("<html><script>alert(1)</script></html>")
		damaged := append([]byte("fLaC\x80\x00\x00\x22"), make([]byte, 40)...)
		try := func(u *user, what string, content []byte, status int, code wire.Code) {
			t.Helper()
			got, _, p := u.upload(what+".wav", content)
			if got != status || p.Code != code {
				t.Errorf("%s: %d %s, want %d %s: %s", what, got, p.Code, status, code, p.Detail)
			}
			if status >= 400 && (p.Title == "" || p.Status != status) {
				t.Errorf("%s: not problem details: %+v", what, p)
			}
		}
		try(nobody, "nobody, too big", big, 401, wire.CodeSignedOut)
		try(ada, "too big and not sound", bytes.Repeat([]byte("x"), 11<<20), 413, wire.CodeTooLarge)
		try(ada, "named wav but html", html, 415, wire.CodeFormat)
		try(ada, "cut off", damaged, 422, wire.CodeUndecodable)
		try(ada, "too long", long, 422, wire.CodeTooLong)
		try(ada, "60 s and some padding", edge, 202, "")
		for i := range 9 {
			try(ada, fmt.Sprint("good", i), good, 202, "")
		}
		try(ada, "html with the day used", html, 415, wire.CodeFormat)
		try(ada, "too long with the day used", long, 429, wire.CodeUploads)
		pro := w.signIn("pro@example.org", plan.Pro)
		try(pro, "20 MB for pro", append(wav(t, 1, 2), make([]byte, 20<<20)...), 202, "")
		try(pro, "a minute for pro", long, 202, "")
		// Refused files are counted: the twenty-first ends the day, and not before.
		eve := w.signIn("eve@example.org", plan.Free)
		for range 20 {
			try(eve, "html", html, 415, wire.CodeFormat)
		}
		try(eve, "after twenty", good, 429, wire.CodeInvalidAttempts)
		// A new day gives ten again.
		w.shift.Add(int64(24 * time.Hour))
		if _, err := w.DB.User(t.Context(), ada.id); err != nil {
			t.Fatal(err)
		}
		ada = w.signIn("ada@example.org", plan.Free)
		try(ada, "next day", good, 202, "")
	}, idle)
}

func TestIdempotencyKeyMakesOneUpload(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ada := w.signIn("ada@example.org", plan.Free)
		content := wav(t, 0.2, 1)
		var mu sync.Mutex
		ids := map[string]bool{}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				status, ok, p := ada.upload("a.wav", content, wire.HeaderIdempotency, "key-1")
				mu.Lock()
				defer mu.Unlock()
				if status != 202 {
					t.Errorf("%d %+v", status, p)
				}
				ids[ok.JobID] = true
			})
		}
		all.Wait()
		if len(ids) != 1 {
			t.Errorf("%d jobs", len(ids))
		}
		if status, _, p := ada.upload("a.wav", wav(t, 0.2, 2), wire.HeaderIdempotency, "key-1"); status != 409 || p.Code != wire.CodeIdempotency {
			t.Errorf("other bytes: %d %s", status, p.Code)
		}
		if status, ok, p := w.signIn("eve@example.org", plan.Free).upload("a.wav", content, wire.HeaderIdempotency, "key-1"); status != 202 || ids[ok.JobID] {
			t.Errorf("somebody else with this key: %d %+v", status, p)
		}
		var acc wire.Account
		ada.call("GET", "/api/account", nil, &acc)
		if acc.Usage.Uploads != 1 {
			t.Errorf("%d uploads counted", acc.Usage.Uploads)
		}
	}, idle)
}

func announce(name string, content []byte) wire.UploadRequest {
	sum := sha256.Sum256(content)
	return wire.UploadRequest{Name: name, Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:]), ContentType: "audio/wav"}
}

func putTo(t *testing.T, d wire.DirectUpload, content []byte) int {
	t.Helper()
	req, err := http.NewRequest(d.Method, d.URL, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range d.Headers {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

func TestDirectUploadsAndBatches(t *testing.T) {
	direct := func(t *testing.T, w *world) {
		ada := w.signIn("ada@example.org", plan.Pro)
		free := w.signIn("free@example.org", plan.Free)
		content := wav(t, 1, 1)
		var d wire.DirectUpload
		if resp := ada.call("POST", "/api/uploads", announce("x.wav", content), &d); resp.StatusCode != 201 {
			t.Fatalf("%d %+v", resp.StatusCode, d)
		}
		var p wire.Problem
		if resp := ada.call("POST", d.Complete, nil, &p); resp.StatusCode != 409 || p.Code != wire.CodeDirectNotComplete {
			t.Errorf("complete before the bytes: %d %+v", resp.StatusCode, p)
		}
		if s := putTo(t, d, wav(t, 1, 2)); s < 400 {
			t.Errorf("other bytes: %d", s)
		}
		if s := putTo(t, d, content); s != 200 {
			t.Fatalf("put: %d", s)
		}
		if resp := free.call("POST", d.Complete, nil, &p); resp.StatusCode != 404 {
			t.Errorf("a stranger completes: %d", resp.StatusCode)
		}
		var ok, again wire.Accepted
		if resp := ada.call("POST", d.Complete, nil, &ok); resp.StatusCode != 202 {
			t.Fatalf("complete: %d", resp.StatusCode)
		}
		ada.call("POST", d.Complete, nil, &again)
		if again.JobID != ok.JobID {
			t.Errorf("completed twice: %s and %s", ok.JobID, again.JobID)
		}
		if j := ada.waitJob(ok.JobID); j.Status != wire.Completed {
			t.Errorf("%+v", j)
		}
		if resp := free.call("POST", "/api/batches", wire.BatchRequest{Files: []wire.UploadRequest{announce("x.wav", content)}}, &p); resp.StatusCode != 403 || p.Code != wire.CodeTier {
			t.Errorf("a free batch: %d %s", resp.StatusCode, p.Code)
		}
		var batch wire.BatchAccepted
		req := wire.BatchRequest{Name: "two and one that is none"}
		files := [][]byte{wav(t, 0.3, 3), wav(t, 0.3, 4), []byte("this is not sound, whatever its name")}
		for i, f := range files {
			req.Files = append(req.Files, announce(fmt.Sprint(i, ".wav"), f))
		}
		if resp := ada.call("POST", "/api/batches", req, &batch); resp.StatusCode != 201 || len(batch.Uploads) != 3 {
			t.Fatalf("%d %+v", resp.StatusCode, batch)
		}
		for i, d := range batch.Uploads {
			putTo(t, d, files[i])
			ada.call("POST", d.Complete, nil, nil)
		}
		var b wire.Batch
		w.waitFor("batch", func() bool {
			ada.call("GET", "/api/batches/"+batch.BatchID, nil, &b)
			return b.Completed == 2 && b.Failed == 1
		})
		w.waitFor("one summary", func() bool {
			n := 0
			for _, m := range w.mails(ada.email) {
				if strings.Contains(m, "Subject: 2 of 3 samples are ready") {
					n++
				}
			}
			return n == 1
		})
		// All or none: 999 more do not fit beside what was used.
		w.DB.Write(t.Context(), nilTake(t, w, ada, 995))
		if resp := ada.call("POST", "/api/batches", req, &p); resp.StatusCode != 429 || p.Code != wire.CodeUploads {
			t.Errorf("a batch over the limit: %d %s", resp.StatusCode, p.Code)
		}
		var acc wire.Account
		ada.call("GET", "/api/account", nil, &acc)
		if acc.Usage.Uploads != 3+995 {
			t.Errorf("%d uploads used", acc.Usage.Uploads)
		}
	}
	t.Run("SQLite and folder", func(t *testing.T) { direct(t, start(t, "")) })
	t.Run("PostgreSQL and S3", func(t *testing.T) { direct(t, start(t, testbed.Postgres(t), inBucket(t))) })
}

func TestCancelRetryAndRefund(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ada, eve := w.signIn("ada@example.org", plan.Free), w.signIn("eve@example.org", plan.Free)
		used := func() int64 {
			var acc wire.Account
			ada.call("GET", "/api/account", nil, &acc)
			return acc.Usage.Uploads
		}
		_, ok, _ := ada.upload("a.wav", wav(t, 0.2, 1))
		if used() != 1 {
			t.Errorf("%d used", used())
		}
		if resp := eve.call("DELETE", "/api/jobs/"+ok.JobID, nil, nil); resp.StatusCode != 404 {
			t.Errorf("a stranger cancels: %d", resp.StatusCode)
		}
		var j wire.Job
		if resp := ada.call("DELETE", "/api/jobs/"+ok.JobID, nil, &j); resp.StatusCode != 200 || j.Status != wire.Cancelled || !j.CanRetry {
			t.Errorf("%d %+v", resp.StatusCode, j)
		}
		if used() != 0 {
			t.Errorf("%d used after cancelling", used())
		}
		if resp := ada.call("DELETE", "/api/jobs/"+ok.JobID, nil, nil); resp.StatusCode != 409 {
			t.Errorf("cancelled twice: %d", resp.StatusCode)
		}
		if resp := ada.call("POST", "/api/jobs/"+ok.JobID+"/retry", nil, &j); resp.StatusCode != 202 || j.Status != wire.Pending {
			t.Errorf("retry: %d %+v", resp.StatusCode, j)
		}
		if used() != 1 {
			t.Errorf("%d used after retrying", used())
		}
	}, idle)
}

func TestKeysHaveScopesAndADay(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ada := w.signIn("ada@example.org", plan.Pro)
		var k wire.Key
		ada.call("POST", "/api/keys", wire.KeyRequest{Name: "k", Scopes: []string{"read"}}, &k)
		robot := &user{w: w, token: k.Secret}
		if resp := robot.call("GET", "/api/samples", nil, nil); resp.StatusCode != 200 {
			t.Errorf("read: %d", resp.StatusCode)
		}
		var p wire.Problem
		if resp := robot.call("GET", "/api/keys", nil, &p); resp.StatusCode != 403 || p.Code != wire.CodeScope {
			t.Errorf("keys with a key: %d", resp.StatusCode)
		}
		if status, _, p := robot.upload("a.wav", wav(t, 0.1, 1)); status != 403 || p.Code != wire.CodeScope {
			t.Errorf("upload with a reading key: %d", status)
		}
		var all sync.WaitGroup
		var mu sync.Mutex
		statuses := map[int]int{}
		w.DB.Write(t.Context(), takeKind(t, w, ada, "api", 950))
		for range 60 {
			all.Go(func() {
				resp := robot.call("GET", "/api/account", nil, nil)
				mu.Lock()
				statuses[resp.StatusCode]++
				mu.Unlock()
			})
		}
		all.Wait()
		if statuses[200] != 47 || statuses[429] != 13 { // three were used before
			t.Errorf("%v", statuses)
		}
	}, idle)
}

func TestLiveEventsResume(t *testing.T) {
	var gate *barrier
	slow := func(c *config.Config, o *ops.Options) { // a step that lasts is told, one that passes is not
		gate = newBarrier(wire.StepAnalyze)
		gate.setting(1)(c, o)
	}
	onBoth(t, func(t *testing.T, w *world) {
		ada := w.signIn("ada@example.org", plan.Free)
		stream := func(after string) (func() wire.Event, func()) {
			ctx, cancel := context.WithCancel(t.Context())
			req, err := http.NewRequestWithContext(ctx, "GET", w.url+"/api/events", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+ada.token)
			if after != "" {
				req.Header.Set("Last-Event-ID", after)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil || resp.StatusCode != 200 {
				t.Fatal(err, resp)
			}
			lines := make(chan string, 1000)
			go func() {
				defer close(lines)
				var pending []byte
				buf := make([]byte, 4096)
				for {
					n, err := resp.Body.Read(buf)
					pending = append(pending, buf[:n]...)
					for {
						i := bytes.IndexByte(pending, '\n')
						if i < 0 {
							break
						}
						lines <- string(pending[:i])
						pending = pending[i+1:]
					}
					if err != nil {
						return
					}
				}
			}()
			return func() (e wire.Event) {
				for {
					select {
					case l, ok := <-lines:
						if !ok {
							t.Fatal("the stream ended")
						}
						if data, found := strings.CutPrefix(l, "data: "); found {
							if err := json.Unmarshal([]byte(data), &e); err != nil {
								t.Fatal(err)
							}
							return e
						}
					case <-time.After(patience):
						t.Fatal("no event")
					}
				}
			}, func() { cancel(); resp.Body.Close() }
		}
		next, cut := stream("")
		_, ok, _ := ada.upload("a.wav", wav(t, 0.3, 1))
		first := next()
		if first.Seq != 1 || first.Kind != wire.EventJobUpdated || first.Data.JobID != ok.JobID {
			t.Errorf("%+v", first)
		}
		cut()
		w.waitFor("a step that lasts", func() bool { step := ada.job(ok.JobID).Step; return step != nil && *step == wire.StepAnalyze })
		close(gate.open)
		ada.waitJob(ok.JobID)
		next, cut = stream("1")
		defer cut()
		seq, kinds := int64(1), []string{}
		for {
			e := next()
			if seq++; e.Seq != seq {
				t.Fatalf("event %d after %d", e.Seq, seq-1)
			}
			kinds = append(kinds, e.Kind+" "+e.Data.Step)
			if e.Kind == wire.EventSampleProcessed {
				break
			}
		}
		if len(kinds) < 3 || !slices.Contains(kinds, wire.EventJobUpdated+" "+wire.StepAnalyze) {
			t.Errorf("%v", kinds)
		}
	}, slow)
}

func TestDoctorAndHealthWithoutSettings(t *testing.T) {
	w := start(t, "")
	for _, f := range w.Examine(t.Context()) {
		if f.State == "wrong" {
			t.Errorf("%+v", f)
		}
	}
	nobody := &user{w: w}
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/openapi.json"} {
		if resp := nobody.call("GET", path, nil, nil, "Accept", "application/json"); path != "/metrics" && resp.StatusCode != 200 {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
	if strings.Contains(string(fetch(t, w.url+"/metrics", "")), "sample_agent_jobs_waiting") == false {
		t.Error("no lanes in the metrics")
	}
	if _, err := ops.Print(io.Discard, nil); err != nil {
		t.Error(err)
	}
}
