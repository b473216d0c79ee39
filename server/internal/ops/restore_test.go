package ops_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sampleagent/server/internal/config"
	"sampleagent/server/internal/object"
	"sampleagent/server/internal/ops"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/testbed"
	"sampleagent/sync/wire"
)

// A backup that is taken while uploads go on, jobs end and samples are deleted, restored beside
// the ruins, has every sample, job, webhook and sign-in; what waited is done, and nothing is
// found to repair.
func TestRestoreFindsEverything(t *testing.T) {
	t.Run("SQLite and folder", func(t *testing.T) {
		g := newBarrier("kept")
		var w *world
		var b backedUp
		w = start(t, "", g.setting(3), func(_ *config.Config, o *ops.Options) {
			hold := o.Crash
			o.Crash = func(step string) {
				if step != "objects linked" {
					hold(step)
					return
				}
				// The database is copied and the objects are not: the job that is about to end
				// ends and its upload is removed, and a sample goes with its objects.
				close(g.open)
				b.ada.waitJob(b.waits)
				w.waitFor("its upload removed", func() bool {
					_, err := w.Objects.Stat(t.Context(), object.Pending(b.ada.id, b.waits, "wav"))
					return errors.Is(err, object.ErrNotFound)
				})
				b.ada.call("DELETE", "/api/samples/"+b.done, nil, nil)
				if _, err := w.Jobs.Sweep(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
		b = w.fill(t, g)
		folder := filepath.Join(t.TempDir(), "backup")
		if n, err := w.Backup(t.Context(), folder); err != nil || n < 3 {
			t.Fatal(n, err)
		}
		b.end()
		if s := b.ada.call("GET", "/api/samples/"+b.done, nil, nil).StatusCode; s != 404 {
			t.Errorf("the deleted sample: %d", s)
		}
		w.stop()
		if _, err := os.Stat(filepath.Join(folder, "objects", "data", object.Pending(b.ada.id, b.waits, "wav"))); err != nil {
			t.Errorf("the upload that waited: %v", err)
		}
		if _, err := w.Backup(t.Context(), folder); err == nil {
			t.Error("a backup was overwritten")
		}
		rescue(t, folder, "")
		b.find(t, start(t, "", func(c *config.Config, _ *ops.Options) { c.Data = folder }))
	})
	t.Run("PostgreSQL and S3", func(t *testing.T) {
		bucket, from, to := inBucket(t), testbed.Postgres(t), testbed.Postgres(t)
		g := newBarrier("kept")
		w := start(t, from, bucket, g.setting(3))
		b := w.fill(t, g)
		dump := filepath.Join(t.TempDir(), "dump")
		run := func(name string, args ...string) {
			t.Helper()
			if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", name, err, out)
			}
		}
		run("pg_dump", "--format=custom", "--file="+dump, "--dbname="+from)
		close(g.open)
		b.ada.waitJob(b.waits) // after the dump: the restored job finds its sound where it was kept
		b.end()
		w.stop()
		run("pg_restore", "--clean", "--if-exists", "--no-owner", "--dbname="+to, dump)
		rescue(t, "", to)
		b.find(t, start(t, to, bucket))
	})
}

// backedUp is what a server held when its backup was taken.
type backedUp struct {
	ada     *user
	done    string // a sample
	content []byte // its audio
	waits   string // a job that was about to end
	users   []*user
	end     func() // ends the uploads that go on
}

// fill gives a server something to lose, and others who upload on and on. The barrier must hold
// jobs at "kept".
func (w *world) fill(t *testing.T, g *barrier) (b backedUp) {
	t.Helper()
	b.ada, b.content = w.signIn("ada@example.org", plan.Pro), wav(t, 1, 1)
	b.users = []*user{b.ada}
	g.pass.Store(true)
	_, ok, _ := b.ada.upload("kick.wav", b.content)
	b.done = *b.ada.waitJob(ok.JobID).SampleID
	g.pass.Store(false)
	if resp := b.ada.call("POST", "/api/webhooks", wire.WebhookRequest{URL: "http://192.0.2.1/", Events: []string{wire.EventSampleFailed}}, nil); resp.StatusCode != 201 {
		t.Fatal(resp.StatusCode)
	}
	_, ok, _ = b.ada.upload("snare.wav", wav(t, 0.5, 2))
	b.waits = ok.JobID
	w.waitFor("a job about to end", func() bool { step := b.ada.job(b.waits).Step; return step != nil && *step == wire.StepStore })
	ctx, end := context.WithCancel(t.Context())
	var others sync.WaitGroup
	b.end = func() { end(); others.Wait() }
	t.Cleanup(b.end)
	var uploads atomic.Int64
	for i := range 2 {
		bob := w.signIn(fmt.Sprintf("bob%d@example.org", i), plan.Pro)
		b.users = append(b.users, bob)
		others.Go(func() {
			for n := 0; ctx.Err() == nil && n < 50; n++ {
				bob.upload(fmt.Sprint(n, ".wav"), wav(t, 0.2, n))
				uploads.Add(1)
			}
		})
	}
	w.waitFor("uploads", func() bool { return uploads.Load() >= 4 })
	return b
}

// find looks for all of it on a restored server.
func (b backedUp) find(t *testing.T, w *world) {
	t.Helper()
	again := &user{w: w, token: b.ada.token, id: b.ada.id}
	if j := again.waitJob(b.waits); j.Status != wire.Completed {
		t.Errorf("the job that waited: %+v", j)
	}
	var s wire.Sample
	if resp := again.call("GET", "/api/samples/"+b.done, nil, &s); resp.StatusCode != 200 || !s.HasAudio {
		t.Fatalf("the sample: %d %+v", resp.StatusCode, s)
	}
	var link wire.Link
	again.call("GET", "/api/samples/"+b.done+"/download", nil, &link)
	if !bytes.Equal(fetch(t, link.URL, ""), b.content) {
		t.Error("the audio differs")
	}
	var hooks struct{ Items []wire.Webhook }
	if again.call("GET", "/api/webhooks", nil, &hooks); len(hooks.Items) != 1 {
		t.Errorf("%d webhooks", len(hooks.Items))
	}
	w.waitFor("all jobs", func() bool {
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
	for _, u := range b.users {
		if failed, err := w.DB.Jobs(t.Context(), u.id, wire.Failed, "", "", 10); err != nil || len(failed) != 0 {
			t.Errorf("failed after the restore: %+v %v", failed, err)
		}
	}
	if c, err := w.Jobs.Check(t.Context(), w.Now().Add(-time.Hour), false); err != nil || c.Missing != 0 || c.Counters != 0 {
		t.Errorf("%+v %v", c, err)
	}
	if schema, err := w.DB.Schema(t.Context()); err != nil || schema != store.CurrentSchema {
		t.Errorf("schema: %v %v", schema, err)
	}
}

// Only who serves, works or migrates changes an older schema: doctor says that it is older, a backup
// is made of it as it is, and the other commands refuse it.
func TestAnOlderSchemaIsLeftUntilItIsBackedUp(t *testing.T) {
	w := start(t, "")
	w.signIn("ada@example.org", plan.Free)
	w.stop()
	asSQL(t, w.Config.Data, "", "DROP TABLE origin; DELETE FROM goose_db_version WHERE version_id = 49")
	out, err := w.command("doctor")
	if err == nil || !strings.Contains(out, "schema is older") {
		t.Errorf("doctor: %v %s", err, out)
	}
	if out, err := w.command("admin", "users", "ada"); err == nil || !strings.Contains(err.Error(), "make a backup") {
		t.Errorf("admin users: %v %s", err, out)
	}
	folder := filepath.Join(t.TempDir(), "backup")
	if out, err := w.command("admin", "backup", folder); err != nil {
		t.Errorf("backup: %v %s", err, out)
	}
	for _, data := range []string{w.Config.Data, folder} {
		db, err := store.Open(t.Context(), "", data)
		if err != nil {
			t.Fatal(err)
		}
		if schema, err := db.Schema(t.Context()); err != nil || schema != store.OlderSchema {
			t.Errorf("%s: schema %v, %v", data, schema, err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	if out, err := w.command("migrate"); err != nil || !strings.Contains(out, "up to date") {
		t.Errorf("migrate: %v %s", err, out)
	}
	if out, err := w.command("admin", "users", "ada"); err != nil || !strings.Contains(out, "ada@example.org") {
		t.Errorf("admin users: %v %s", err, out)
	}
}

// What root makes in the folder of the server's user the server cannot change: no command works there
// as root, and a database that cannot be written is named.
func TestRootLeavesTheServersFolderAlone(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root could")
	}
	w := start(t, "")
	w.stop()
	if err := os.Chown(w.Config.Data, 65534, 65534); err != nil { // nobody
		t.Fatal(err)
	}
	for _, args := range [][]string{{"migrate"}, {"serve"}, {"admin", "check"}} {
		if out, err := w.command(args...); err == nil || !strings.Contains(err.Error(), w.Config.Data+" belongs to nobody") {
			t.Errorf("%v: %v %s", args, err, out)
		}
	}
	if out, err := w.command("doctor"); err == nil || !strings.Contains(out, "runuser -u nobody") {
		t.Errorf("doctor: %v %s", err, out)
	}
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
