package ops_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sampleagent/server/internal/config"
	"sampleagent/server/internal/object"
	"sampleagent/server/internal/ops"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/quota"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/testbed"
	"sampleagent/sync/wire"
)

// sweepSteps are the points of a sweep and of the checker's repair at which a process kills itself.
var sweepSteps = []string{"upload dropped", "cleaned", "sample emptied", "warned", "audio ended", "account emptied", "export expired", "orphan removed"}

// sweepAll does all that is swept and repaired, objects of any age included.
func sweepAll(ctx context.Context, s *ops.Server) error {
	_, err := s.Jobs.Sweep(ctx)
	_, other := s.Exports.Sweep(ctx)
	_, third := s.Jobs.Check(ctx, time.Now().Add(time.Hour), true)
	return errors.Join(err, other, third)
}

// killsAsked is how many kills a loop does: so many as a variable says, or a short round.
func killsAsked(short int) int {
	if n, err := strconv.Atoi(os.Getenv("SAMPLE_AGENT_SWEEP_KILLS")); err == nil && n > 0 {
		return n
	}
	return short
}

// killed starts a server in a process of its own on w's data, which must kill itself at a step.
func (w *world) killed(t *testing.T, step string, environ ...string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), "SAMPLE_AGENT_DATA="+w.Config.Data, "SAMPLE_AGENT_DATABASE_URL="+w.Config.DatabaseURL,
		fmt.Sprintf("SAMPLE_AGENT_LISTEN=127.0.0.1:%d", testbed.FreePort(t)), "SAMPLE_AGENT_TEST_CHILD="+step, "SAMPLE_AGENT_TEST_NTH=1"), environ...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitKilled(t, cmd, patience)
}

// TestKilledWhileSweeping kills the process at each point of sweep, repair and removal of accounts,
// and demands that the next one ends what it began: nothing lost, nothing left, no counter wrong, no
// mail twice. SAMPLE_AGENT_SWEEP_KILLS=50 kills as often.
func TestKilledWhileSweeping(t *testing.T) {
	loop := func(t *testing.T, database string) {
		t.Parallel()
		w := start(t, database, idle)
		var owners []*user
		var gone []string
		kills := killsAsked(len(sweepSteps))
		for k := range kills {
			ada, bo := w.stock(t, k)
			owners, gone = append(owners, ada), append(gone, bo)
			w.killed(t, sweepSteps[k%len(sweepSteps)], "SAMPLE_AGENT_TEST_DO=sweep")
		}
		w.later(2 * time.Hour) // a zip that no row knows may be about to get one for an hour
		if err := sweepAll(t.Context(), w.Server); err != nil {
			t.Fatal(err)
		}
		worker := start(t, database, func(c *config.Config, _ *ops.Options) { c.Data = w.Config.Data })
		w.waitFor("mails", func() bool {
			n := 0
			for _, u := range owners {
				week, day := u.warnings()
				n += week + day
			}
			return n >= 2*len(owners)
		})
		worker.stop()
		for i, u := range owners {
			u.sweptOnce(t, gone[i])
		}
		w.onlySampleObjects(t)
		t.Logf("%d kills: nothing lost, nothing left, no mail twice", kills)
	}
	t.Run("SQLite", func(t *testing.T) { loop(t, "") })
	t.Run("PostgreSQL", func(t *testing.T) { loop(t, testbed.Postgres(t)) })
}

// stock makes two accounts with one of each thing that a sweep looks after. The second is deleted.
func (w *world) stock(t *testing.T, round int) (owner *user, deleted string) {
	t.Helper()
	ctx, now := t.Context(), time.Now()
	ada := w.signIn(fmt.Sprintf("ada%d@example.org", round), plan.Pro)
	ada.kept(t, 1, now.AddDate(0, 0, 30)) // stays
	ada.kept(t, 2, now.AddDate(0, 0, 6))  // is warned of
	ada.kept(t, 3, now.Add(12*time.Hour)) // is warned of twice
	ends := ada.kept(t, 4, now.Add(-time.Hour))
	// Deleted, but its objects could not be removed.
	whole := w.Jobs.Objects
	w.Jobs.Objects = undeletable{whole}
	if resp := ada.call("DELETE", "/api/samples/"+ada.kept(t, 5, now.AddDate(0, 0, 30)).ID, nil, nil); resp.StatusCode >= 300 {
		t.Fatalf("delete: %d", resp.StatusCode)
	}
	w.Jobs.Objects = whole
	// Cancelled long ago; announced and never completed.
	_, cancelled, _ := ada.upload("cancelled.wav", wav(t, 0.1, 6))
	ada.call("DELETE", "/api/jobs/"+cancelled.JobID, nil, nil)
	content := wav(t, 0.1, 7)
	var d wire.DirectUpload
	ada.call("POST", "/api/uploads", announce("late.wav", content), &d)
	if status := putTo(t, d, content); status != 200 {
		t.Fatalf("put: %d", status)
	}
	old := strconv.FormatInt(now.AddDate(0, 0, -2).UnixMilli(), 10)
	asSQL(t, w.Config.Data, w.Config.DatabaseURL, "UPDATE samples SET warned_7_at = "+old+", warned_1_at = "+old+" WHERE id = '"+ends.ID+"'")
	asSQL(t, w.Config.Data, w.Config.DatabaseURL, "UPDATE processing_jobs SET completed_at = "+old+" WHERE id = '"+cancelled.JobID+"'")
	asSQL(t, w.Config.Data, w.Config.DatabaseURL, "UPDATE uploads SET expires_at = "+old+" WHERE id = '"+d.UploadID+"'")
	// A card whose seven days are over, and an object that no row knows.
	var card wire.Export
	ada.call("POST", "/api/exports", wire.ExportRequest{Samples: []string{ada.kept(t, 8, now.AddDate(0, 0, 30)).ID}}, &card)
	key := object.Export(ada.id, card.ID, "zip")
	put := func(key string) {
		t.Helper()
		if err := w.Objects.Put(ctx, key, strings.NewReader("x"), 1, object.About{}); err != nil {
			t.Fatal(err)
		}
	}
	put(key)
	put(object.Processed(ada.id, store.NewID(), "wav"))
	if err := w.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.EndExport(ctx, &store.Export{ID: card.ID, Status: wire.ExportCompleted, FileKey: key, Size: 1, CompletedAt: store.At(now), ExpiresAt: store.At(now.Add(-time.Hour))})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	bo := w.signIn(fmt.Sprintf("bo%d@example.org", round), plan.Pro)
	bo.kept(t, 9, now.AddDate(0, 0, 6))
	bo.upload("waits.wav", wav(t, 0.1, 10))
	if err := w.Accounts.Delete(ctx, bo.id, "user:"+bo.id, "192.0.2.9"); err != nil {
		t.Fatal(err)
	}
	return ada, bo.id
}

// kept is a sample of a user whose worker died before it removed the pending object.
func (u *user) kept(t *testing.T, n int, ends time.Time) *store.Sample {
	t.Helper()
	ctx, w := t.Context(), u.w
	status, ok, p := u.upload(fmt.Sprintf("%d.wav", n), wav(t, 0.1, n))
	if status != http.StatusAccepted {
		t.Fatalf("%d %+v", status, p)
	}
	j, err := w.DB.JobByID(ctx, ok.JobID)
	if err != nil {
		t.Fatal(err)
	}
	at := store.At(time.Now())
	row := &store.Sample{ID: j.SampleID, UserID: u.id, JobID: j.ID, Version: 1, Filename: j.OriginalName, Title: j.OriginalName, FileKey: object.Processed(u.id, j.SampleID, j.Format),
		Format: j.Format, Size: j.Size, SHA256: j.SHA256, CreatedAt: at, UpdatedAt: at, ExpiresAt: store.At(ends)}
	if err := w.Objects.Copy(ctx, j.FileKey, row.FileKey); err != nil {
		t.Fatal(err)
	}
	if err := w.DB.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.EndJob(ctx, j.ID, wire.Completed, "", "", 1, time.Now()); err != nil {
			return err
		}
		if _, err := tx.AddSample(ctx, row); err != nil {
			return err
		}
		return quota.Use(ctx, tx, j.ID, time.Now())
	}); err != nil {
		t.Fatal(err)
	}
	return row
}

type undeletable struct{ object.Store }

func (undeletable) Delete(context.Context, string) error { return errors.New("not now") }

// sweptOnce demands of an account of stock that everything was swept, once, and nothing else.
func (u *user) sweptOnce(t *testing.T, deleted string) {
	t.Helper()
	ctx, w := t.Context(), u.w
	rows, err := w.DB.Samples(ctx, u.id, store.SampleFilter{Sort: "created"}, 100)
	if err != nil {
		t.Fatal(err)
	}
	with, bytes := 0, int64(0)
	for i := range rows {
		if rows[i].AudioRemovedAt == 0 {
			with++
			bytes += rows[i].Size
		}
	}
	if len(rows) != 5 || with != 4 {
		t.Errorf("%s: %d samples, %d with audio", u.email, len(rows), with)
	}
	if row, err := w.DB.User(ctx, u.id); err != nil || row.StorageBytes != bytes {
		t.Errorf("%s: %d bytes counted of %d, %v", u.email, row.StorageBytes, bytes, err)
	}
	if _, err := w.DB.User(ctx, deleted); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a deleted account: %v", err)
	}
	if week, day := u.warnings(); week != 1 || day != 1 {
		t.Errorf("%s: %d mails a week before and %d a day before", u.email, week, day)
	}
}

// warnings counts the mails about the end of a user's sounds.
func (u *user) warnings() (week, day int) {
	for _, m := range u.w.mails(u.email) {
		if strings.Contains(m, "in 7 days") {
			week++
		}
		if strings.Contains(m, "tomorrow") {
			day++
		}
	}
	return week, day
}

// onlySampleObjects demands that rows, objects and counters agree and nothing else is stored.
func (w *world) onlySampleObjects(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	c, err := w.Jobs.Check(ctx, time.Now().Add(time.Hour), true)
	if err != nil || c.Orphans+c.Missing+c.Counters != 0 {
		t.Errorf("the checker had to repair: %+v %v", c, err)
	}
	for _, prefix := range []string{object.PendingPrefix, object.ExportPrefix, object.KeptPrefix} {
		for o, err := range w.Objects.List(ctx, prefix) {
			t.Errorf("left behind: %s %v", o.Key, err)
		}
	}
}

// TestKilledWhileTelling kills the process after a mail was sent or a webhook was called and before
// that is noted: it is told again with the same id, and never lost.
func TestKilledWhileTelling(t *testing.T) {
	loop := func(t *testing.T, database string) {
		t.Parallel()
		var mu sync.Mutex
		calls := map[string]int{}
		receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			calls[r.Header.Get("webhook-id")]++
		}))
		defer receiver.Close()
		allow := []string{"WEBHOOK_ALLOW", "127.0.0.0/8", "MAIL_RATE", "1000"}
		w := start(t, database, idle, env(allow...))
		ada := w.signIn("ada@example.org", plan.Pro)
		var h wire.Webhook
		ada.call("POST", "/api/webhooks", wire.WebhookRequest{URL: receiver.URL, Events: []string{wire.EventSampleFailed}}, &h)
		kills := killsAsked(4)
		for k := range kills {
			if resp := ada.call("POST", "/api/webhooks/"+h.ID+"/test", nil, nil); resp.StatusCode >= 300 {
				t.Fatalf("test event: %d", resp.StatusCode)
			}
			if err := w.DB.Write(t.Context(), func(tx *store.Tx) error {
				return w.Notify.Budget(t.Context(), tx, "op@example.org", fmt.Sprint("mail ", k))
			}); err != nil {
				t.Fatal(err)
			}
			rescue(t, w.Config.Data, w.Config.DatabaseURL)
			w.killed(t, []string{"mail sent", "delivery posted"}[k%2], "SAMPLE_AGENT_WEBHOOK_ALLOW=127.0.0.0/8", "SAMPLE_AGENT_MAIL_RATE=1000")
		}
		rescue(t, w.Config.Data, w.Config.DatabaseURL)
		worker := start(t, database, env(allow...), func(c *config.Config, _ *ops.Options) { c.Data = w.Config.Data })
		w.waitFor("all told", func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(calls) >= kills && len(w.mails("op@example.org")) >= kills
		})
		worker.stop()
		if n := len(w.mails("op@example.org")); n != kills || len(calls) != kills {
			t.Errorf("%d mails and %d deliveries of %d", n, len(calls), kills)
		}
		again := -kills
		for _, n := range calls {
			again += n
		}
		t.Logf("%d kills: nothing lost, %d deliveries repeated with their ids", kills, again)
	}
	t.Run("SQLite", func(t *testing.T) { loop(t, "") })
	t.Run("PostgreSQL", func(t *testing.T) { loop(t, testbed.Postgres(t)) })
}
