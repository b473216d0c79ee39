package ops_test

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sampleagent/server/internal/config"
	"sampleagent/server/internal/ops"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/testbed"
	"sampleagent/sync/wire"
)

// A backup that is taken while uploads go on, restored beside the ruins, has every sample, job,
// webhook and sign-in; what waited is done, and nothing is found to repair.
func TestRestoreFindsEverything(t *testing.T) {
	// at makes a server use a data folder.
	at := func(folder string) setting { return func(c *config.Config, _ *ops.Options) { c.Data = folder } }
	backUp := func(t *testing.T, w *world, take func()) (ada *user, done, waits string, content []byte) {
		ada = w.signIn("ada@example.org", plan.Pro)
		content = wav(t, 1, 1)
		_, ok, _ := ada.upload("kick.wav", content)
		done = *ada.waitJob(ok.JobID).SampleID
		if resp := ada.call("POST", "/api/webhooks", wire.WebhookRequest{URL: "http://192.0.2.1/", Events: []string{wire.EventSampleFailed}}, nil); resp.StatusCode != 201 {
			t.Fatal(resp.StatusCode)
		}
		ctx, end := context.WithCancel(t.Context())
		var others sync.WaitGroup
		for i := range 3 {
			bob := w.signIn(fmt.Sprintf("bob%d@example.org", i), plan.Pro)
			others.Go(func() {
				for n := 0; ctx.Err() == nil; n++ {
					bob.upload(fmt.Sprint(n, ".wav"), wav(t, 0.2, n))
				}
			})
		}
		time.Sleep(300 * time.Millisecond)
		_, ok, _ = ada.upload("snare.wav", wav(t, 0.5, 2)) // waits or runs when the backup is taken
		take()
		end()
		others.Wait()
		return ada, done, ok.JobID, content
	}
	find := func(t *testing.T, w *world, ada *user, done, waits string, content []byte) {
		t.Helper()
		again := &user{w: w, token: ada.token, id: ada.id}
		if j := again.waitJob(waits); j.Status != wire.Completed {
			t.Errorf("the job that waited: %+v", j)
		}
		var s wire.Sample
		if resp := again.call("GET", "/api/samples/"+done, nil, &s); resp.StatusCode != 200 || !s.HasAudio {
			t.Fatalf("the sample: %d %+v", resp.StatusCode, s)
		}
		var link wire.Link
		again.call("GET", "/api/samples/"+done+"/download", nil, &link)
		if !bytes.Equal(fetch(t, link.URL, ""), content) {
			t.Error("the audio differs")
		}
		var hooks struct{ Items []wire.Webhook }
		if again.call("GET", "/api/webhooks", nil, &hooks); len(hooks.Items) != 1 {
			t.Errorf("%d webhooks", len(hooks.Items))
		}
		w.waitFor("all jobs", 60*time.Second, func() bool {
			open := int64(0)
			lanes, err := w.DB.Lanes(t.Context(), w.Now())
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range lanes {
				open += l.Waiting + l.Running
			}
			return open == 0
		})
		if c, err := w.Jobs.Check(t.Context(), w.Now().Add(-time.Hour)); err != nil || c.Missing != 0 || c.Counters != 0 {
			t.Errorf("%+v %v", c, err)
		}
		if current, err := w.DB.SchemaCurrent(t.Context()); err != nil || !current {
			t.Errorf("schema: %v %v", current, err)
		}
	}
	t.Run("SQLite and folder", func(t *testing.T) {
		w := start(t, "")
		folder := filepath.Join(t.TempDir(), "backup")
		ada, done, waits, content := backUp(t, w, func() {
			if n, err := w.Backup(t.Context(), folder); err != nil || n < 2 {
				t.Fatal(n, err)
			}
		})
		w.stop()
		if _, err := w.Backup(t.Context(), folder); err == nil {
			t.Error("a backup was overwritten")
		}
		find(t, start(t, "", at(folder)), ada, done, waits, content)
	})
	t.Run("PostgreSQL and S3", func(t *testing.T) {
		bucket, from, to := onS3(t), testbed.Postgres(t), testbed.Postgres(t)
		w := start(t, from, bucket)
		dump := filepath.Join(t.TempDir(), "dump")
		run := func(name string, args ...string) {
			t.Helper()
			if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", name, err, out)
			}
		}
		ada, done, waits, content := backUp(t, w, func() { run("pg_dump", "--format=custom", "--file="+dump, "--dbname="+from) })
		w.stop()
		run("pg_restore", "--clean", "--if-exists", "--no-owner", "--dbname="+to, dump)
		find(t, start(t, to, bucket), ada, done, waits, content)
	})
}

func TestTheUnitFileIsValid(t *testing.T) {
	verify, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd-analyze here")
	}
	out, err := exec.Command(verify, "verify", "--man=no", filepath.Join("..", "..", "deploy", "sample-agent-server.service")).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		// The program is not installed where tests run; everything else must hold.
		if strings.Contains(line, "sample-agent-server.service") && !strings.Contains(line, "is not executable") {
			t.Error(line)
		}
	}
	if err != nil && len(out) == 0 {
		t.Error(err)
	}
}
