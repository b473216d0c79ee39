package ops_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"sampleagent/server/internal/object"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/testbed"
	"sampleagent/sync/wire"
)

func TestWebhooksAreSignedAndRetried(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ada := w.signIn("ada@example.org", plan.Free)
		var mu sync.Mutex
		var bodies []wire.Delivery
		ids := map[string]int{}
		secret := ""
		hook := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			b, _ := io.ReadAll(r.Body)
			wh, err := standardwebhooks.NewWebhook(secret)
			if err == nil {
				err = wh.Verify(b, r.Header)
			}
			if err != nil {
				t.Errorf("signature: %v", err)
			}
			tampered := append([]byte(" "), b...)
			if wh.Verify(tampered, r.Header) == nil {
				t.Error("a changed body passes")
			}
			id := r.Header.Get("webhook-id")
			if ids[id]++; ids[id] == 1 {
				rw.WriteHeader(500)
				return
			}
			var d wire.Delivery
			if err := json.Unmarshal(b, &d); err != nil {
				t.Error(err)
			}
			bodies = append(bodies, d)
		}))
		defer hook.Close()
		var h wire.Webhook
		if resp := ada.call("POST", "/api/webhooks", wire.WebhookRequest{URL: hook.URL, Events: []string{wire.EventSampleProcessed, wire.EventSampleFailed}}, &h); resp.StatusCode != 201 || h.Secret == "" {
			t.Fatalf("%d %+v", resp.StatusCode, h)
		}
		mu.Lock()
		secret = h.Secret
		mu.Unlock()
		_, ok, _ := ada.upload("kick.wav", wav(t, 0.3, 1))
		job := ada.waitJob(ok.JobID)
		w.waitFor("second try", func() bool { mu.Lock(); defer mu.Unlock(); return len(bodies) == 1 })
		d := bodies[0].Data
		if bodies[0].Type != wire.EventSampleProcessed || d.JobID != job.ID || d.SampleID != *job.SampleID || d.Sample == nil {
			t.Errorf("%+v", d)
		}
		for _, link := range []string{d.PlayURL, d.DownloadURL} {
			if len(fetch(t, link, "")) < 1000 {
				t.Errorf("link %s", link)
			}
		}
		// The success is noted after our answer has arrived.
		var list struct{ Items []wire.Webhook }
		w.waitFor("noted success", func() bool {
			resp := ada.call("GET", "/api/webhooks", nil, &list)
			return resp.StatusCode == 200 && len(list.Items) == 1 && list.Items[0].LastSuccessAt != nil
		})
		if list.Items[0].Secret != "" {
			t.Errorf("%+v", list)
		}
	}, env("WEBHOOK_ALLOW", "127.0.0.0/8"))
}

func TestWebhooksNeverReachPrivateAddresses(t *testing.T) {
	w := start(t, "") // without webhook_allow
	ada := w.signIn("ada@example.org", plan.Free)
	reached := make(chan struct{}, 10)
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached <- struct{}{} }))
	defer inside.Close()
	for _, u := range []string{inside.URL, "http://localhost:80/", "http://[::ffff:127.0.0.1]/", "http://169.254.169.254/latest/meta-data", "http://10.0.0.1/",
		"http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://0177.0.0.1/", "http://0.0.0.0/", "http://[::]/", "http://[64:ff9b::7f00:1]/", "http://[fe80::1]/", "http://100.64.0.1/"} {
		var h wire.Webhook
		if resp := ada.call("POST", "/api/webhooks", wire.WebhookRequest{URL: u, Events: []string{wire.EventSampleProcessed}}, &h); resp.StatusCode != 201 {
			t.Fatalf("%s: %d", u, resp.StatusCode)
		}
		ada.call("POST", "/api/webhooks/"+h.ID+"/test", nil, nil)
		var tries struct{ Items []wire.WebhookTry }
		w.waitFor("try of "+u, func() bool {
			ada.call("GET", "/api/webhooks/"+h.ID+"/deliveries", nil, &tries)
			return len(tries.Items) == 1 && tries.Items[0].Tries > 0
		})
		if tries.Items[0].State == "delivered" || tries.Items[0].Error == nil || strings.Contains(*tries.Items[0].Error, u) {
			t.Errorf("%s: %+v", u, tries.Items[0])
		}
		ada.call("DELETE", "/api/webhooks/"+h.ID, nil, nil) // an account has only so many
	}
	select {
	case <-reached:
		t.Error("a private address was reached")
	default:
	}
}

func TestMailsArriveInARealInbox(t *testing.T) {
	smtp, api := testbed.Inbox(t)
	w := start(t, "", env("SMTP_URL", smtp, "MAIL_FROM", "Sample Agent <noreply@example.org>"))
	for _, f := range w.Examine(t.Context()) {
		if f.Part == "mail" && f.State != "ok" {
			t.Errorf("%+v", f)
		}
	}
	ada := w.signIn("ada@example.org", plan.Free)
	_, ok, _ := ada.upload("kick_120bpm.wav", wav(t, 0.5, 1))
	ada.waitJob(ok.JobID)
	type message struct {
		ID, Subject, Text, HTML string
		To                      []struct{ Address string }
		ListUnsubscribe         struct{ Header, HeaderPost string }
	}
	read := func(subject, to string) (m message) {
		w.waitFor(subject+" to "+to, func() bool {
			var list struct{ Messages []message }
			if json.Unmarshal(fetch(t, api+"/api/v1/messages", ""), &list) != nil {
				return false
			}
			for _, x := range list.Messages {
				if strings.Contains(x.Subject, subject) && len(x.To) == 1 && x.To[0].Address == to {
					return json.Unmarshal(fetch(t, api+"/api/v1/message/"+x.ID, ""), &m) == nil
				}
			}
			return false
		})
		return m
	}
	if m := read("sign-in code", ada.email); !strings.Contains(m.Text, "/auth/link?token=") || !strings.Contains(m.HTML, "10 minutes") {
		t.Errorf("%+v", m)
	}
	m := read("Your sample is ready", ada.email)
	for _, want := range []string{"120.0 BPM", "/samples/", "Vibe (by rules)", "kick_120bpm"} {
		if !strings.Contains(m.Text, want) || !strings.Contains(m.HTML, want) {
			t.Errorf("no %q in\n%s", want, m.Text)
		}
	}
	at := strings.Index(m.Text, "/unsubscribe/")
	address := w.url + strings.Fields(m.Text[at:])[0]
	if resp, err := http.Post(address, "application/x-www-form-urlencoded", strings.NewReader("List-Unsubscribe=One-Click")); err != nil || resp.StatusCode != 204 {
		t.Fatalf("opt-out: %v %v", err, resp)
	}
	_, ok, _ = ada.upload("snare.wav", wav(t, 0.5, 2))
	ada.waitJob(ok.JobID)
	w.signIn("bob@example.org", plan.Free)
	read("sign-in code", "bob@example.org") // was queued after a mail to Ada would have been
	var list struct{ Messages []message }
	if err := json.Unmarshal(fetch(t, api+"/api/v1/messages", ""), &list); err != nil || len(list.Messages) != 3 {
		t.Errorf("%d mails after the opt-out, %v", len(list.Messages), err)
	}
}

// Who sends many sounds gets one mail when the last is ready; a sound that others keep waiting is told
// when its time has come.
func TestSoundsThatGetReadyTogetherAreOneMail(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		ada := w.signIn("ada@example.org", plan.Pro)
		upload := func(name string, seed int) {
			t.Helper()
			if status, ok, p := ada.upload(name, wav(t, 0.2, seed)); status != 202 || ada.waitJob(ok.JobID).Status != wire.Completed {
				t.Fatalf("%s: %d %+v", name, status, p)
			}
		}
		ready := func() (about []string) {
			for _, m := range w.mails(ada.email) {
				if !strings.Contains(m, "sign-in code") {
					about = append(about, m)
				}
			}
			return about
		}
		write := func(f func(tx *store.Tx) error) {
			t.Helper()
			if err := w.DB.Write(ctx, f); err != nil {
				t.Fatal(err)
			}
		}
		// A sound that is on its way and never comes.
		never := func(since time.Duration) string {
			at := store.At(w.Now().Add(-since))
			slow := store.Job{ID: store.NewID(), UserID: ada.id, Status: wire.Pending, Tier: plan.Pro, Queue: plan.QueueEnterprise, SampleID: store.NewID(),
				OriginalName: "never.wav", CreatedAt: at, UpdatedAt: at, DeadlineAt: store.At(w.Now().Add(time.Hour))}
			write(func(tx *store.Tx) error { _, err := tx.AddJob(ctx, &slow); return err })
			return slow.ID
		}
		slow := never(0)
		upload("kick.wav", 1)
		asSQL(t, w.Config.Data, w.Config.DatabaseURL, "UPDATE river_job SET state = 'available', scheduled_at = created_at WHERE kind = 'send_mail' AND state = 'scheduled'")
		w.waitFor("the mail whose time has come", func() bool { return len(ready()) == 1 })
		upload("snare.wav", 2)
		upload("hat.wav", 3)
		write(func(tx *store.Tx) error {
			_, err := tx.EndJob(ctx, slow, wire.Cancelled, wire.CodeCancelled, "", 0, w.Now())
			return err
		})
		upload("clap.wav", 4)
		w.waitFor("the mail about three", func() bool { return len(ready()) == 2 })
		upload("rim.wav", 5)
		w.waitFor("the mail about one that is alone", func() bool { return len(ready()) == 3 })
		slow = never(0)
		upload("tom.wav", 6)
		ada.call("DELETE", "/api/jobs/"+slow, nil, nil)
		w.waitFor("the mail that waited for one that was cancelled", func() bool { return len(ready()) == 4 })
		never(24 * time.Hour)
		upload("cowbell.wav", 7)
		if _, err := w.Jobs.Sweep(ctx); err != nil { // it ends as failed
			t.Fatal(err)
		}
		w.waitFor("the mail that waited for one that failed", func() bool { return len(ready()) == 6 })
		if all := strings.Join(ready()[4:], ""); !strings.Contains(all, "Subject: Your sample is ready: cowbell") || !strings.Contains(all, "could not be analysed") {
			t.Errorf("the last two mails:\n%s", all)
		}
		for i, want := range [][]string{{"Subject: Your sample is ready: kick"}, {"Subject: 3 of your samples are ready", "- snare", "- hat", "- clap"}, {"Subject: Your sample is ready: rim"}, {"Subject: Your sample is ready: tom"}} {
			for _, part := range want {
				if m := ready()[i]; !strings.Contains(m, part) {
					t.Errorf("mail %d does not say %q:\n%s", i, part, m)
				}
			}
		}
	})
}

func TestFreeAudioEndsAfterTwoWarnings(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		ada := w.signIn("ada@example.org", plan.Free)
		_, ok, _ := ada.upload("kick.wav", wav(t, 0.3, 1))
		job := ada.waitJob(ok.JobID)
		sweep := func(days int) {
			t.Helper()
			w.later(time.Duration(days) * 24 * time.Hour)
			if _, err := w.Jobs.Sweep(ctx); err != nil {
				t.Fatal(err)
			}
		}
		warnings := func(part string) int {
			n := 0
			for _, m := range w.mails(ada.email) {
				if strings.Contains(m, part) {
					n++
				}
			}
			return n
		}
		sweep(20)
		sweep(24)
		sweep(25)
		w.waitFor("first warning", func() bool { return warnings("is removed in 7 days") == 1 })
		sweep(30)
		w.waitFor("second warning", func() bool { return warnings("is removed tomorrow") == 1 })
		if row, err := w.DB.Sample(ctx, ada.id, *job.SampleID); err != nil || row.AudioRemovedAt != 0 {
			t.Fatalf("removed without a day's notice: %+v %v", row, err)
		}
		sweep(31)
		row, err := w.DB.Sample(ctx, ada.id, *job.SampleID)
		if err != nil || row.AudioRemovedAt == 0 {
			t.Fatalf("%+v %v", row, err)
		}
		if _, err := w.Objects.Stat(ctx, row.FileKey); err == nil {
			t.Error("the audio is still there")
		}
		if u, err := w.DB.User(ctx, ada.id); err != nil || u.StorageBytes != 0 {
			t.Errorf("%d bytes counted, %v", u.StorageBytes, err)
		}
		again := w.signIn("ada@example.org", plan.Free)
		var s wire.Sample
		if resp := again.call("GET", "/api/samples/"+row.ID, nil, &s); resp.StatusCode != 200 || s.HasAudio {
			t.Errorf("its values: %d %+v", resp.StatusCode, s.HasAudio)
		}
		if resp := again.call("GET", "/api/samples/"+row.ID+"/play", nil, nil); resp.StatusCode != 410 {
			t.Errorf("play: %d", resp.StatusCode)
		}
	})
}

func TestOneUserCannotFillALane(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		many, one := w.signIn("many@example.org", plan.Pro), w.signIn("one@example.org", plan.Pro)
		content := wav(t, 0.1, 1)
		var last wire.Accepted
		for i := range 40 {
			_, last, _ = many.upload(fmt.Sprint(i, ".wav"), content)
		}
		_, ok, _ := one.upload("x.wav", content)
		mine, theirs := one.job(ok.JobID), many.job(last.JobID)
		if mine.Position == nil || theirs.Position == nil || *mine.Position > 8 || *theirs.Position < 20 {
			t.Errorf("positions %v and %v", *mine.Position, *theirs.Position)
		}
		if mine.EstimatedCompletion.After(*theirs.EstimatedCompletion) {
			t.Errorf("estimates %v and %v", mine.EstimatedCompletion, theirs.EstimatedCompletion)
		}
	}, idle)
}

func TestFreeJobsNearTheirDeadlineArePromoted(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ada := w.signIn("ada@example.org", plan.Free)
		_, ok, _ := ada.upload("a.wav", wav(t, 0.1, 1))
		if n, err := w.Jobs.Promote(t.Context()); err != nil || n != 0 {
			t.Errorf("%d promoted at once, %v", n, err)
		}
		w.later(22*time.Hour + time.Minute)
		if n, err := w.Jobs.Promote(t.Context()); err != nil || n != 1 {
			t.Errorf("%d promoted, %v", n, err)
		}
		j, err := w.DB.JobByID(t.Context(), ok.JobID)
		if err != nil || j.Queue != plan.QueuePro || j.PromotedAt == 0 || j.DeadlineAt.Time().After(w.Now().Add(2*time.Hour)) {
			t.Errorf("%+v %v", j, err)
		}
	}, idle)
}

func TestCheckerRepairsBothDirections(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		ada := w.signIn("ada@example.org", plan.Pro)
		_, ok, _ := ada.upload("a.wav", wav(t, 0.3, 1))
		first := ada.waitJob(ok.JobID)
		_, ok, _ = ada.upload("b.wav", wav(t, 0.3, 2))
		second := ada.waitJob(ok.JobID)
		lost, err := w.DB.Sample(ctx, ada.id, *first.SampleID)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Objects.Delete(ctx, lost.FileKey); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"uploads-pending/" + ada.id + "/nobody.wav", "processed/" + ada.id + "/nothing.wav"} {
			if err := w.Objects.Put(ctx, key, strings.NewReader("x"), 1, object.About{}); err != nil {
				t.Fatal(err)
			}
		}
		if c, err := w.Jobs.Check(ctx, time.Now().Add(-time.Hour), false); err != nil || c.Orphans != 0 || c.Missing != 1 {
			t.Errorf("young objects: %+v %v", c, err)
		}
		if c, err := w.Jobs.Check(ctx, time.Now().Add(time.Hour), false); err != nil || c.Orphans < 2 || c.Missing != 0 {
			t.Errorf("%+v %v", c, err)
		}
		kept, err := w.DB.Sample(ctx, ada.id, *second.SampleID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Objects.Stat(ctx, kept.FileKey); err != nil {
			t.Errorf("a good sample's audio: %v", err)
		}
	})
}

// A database beside objects that are not its own, or beside none, is told and nothing is repaired,
// until the operator says that they do belong together.
func TestCheckerLeavesTheWrongBucketAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ctx, later := t.Context(), time.Now().Add(time.Hour)
		ada := w.signIn("ada@example.org", plan.Pro)
		var jobs []string
		for i := range 4 {
			_, ok, _ := ada.upload(fmt.Sprint(i, ".wav"), wav(t, 0.2, i))
			jobs = append(jobs, ok.JobID)
		}
		for i, id := range jobs {
			s, err := w.DB.Sample(ctx, ada.id, *ada.waitJob(id).SampleID)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Objects.Delete(ctx, s.FileKey); err != nil {
				t.Fatal(err)
			}
			if err := w.Objects.Put(ctx, fmt.Sprintf("processed/stranger/%d.wav", i), strings.NewReader("x"), 1, object.About{}); err != nil {
				t.Fatal(err)
			}
		}
		c, err := w.Jobs.Check(ctx, later, false)
		if err == nil || c.Orphans != 0 || c.Missing != 0 || !strings.Contains(err.Error(), "4 of 4 sounds of samples") || !strings.Contains(err.Error(), "under processed/") || !strings.Contains(err.Error(), "admin check --all") {
			t.Errorf("%+v %v", c, err)
		}
		for i, id := range jobs {
			if _, err := w.Objects.Stat(ctx, fmt.Sprintf("processed/stranger/%d.wav", i)); err != nil {
				t.Error(err)
			}
			if s, err := w.DB.Sample(ctx, ada.id, *ada.job(id).SampleID); err != nil || s.AudioRemovedAt != 0 {
				t.Errorf("given up: %+v %v", s, err)
			}
		}
		if c, err := w.Jobs.Check(ctx, later, true); err != nil || c.Orphans < 4 || c.Missing != 4 {
			t.Errorf("all: %+v %v", c, err)
		}
	})
}

func TestDeletedAccountLeavesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		ada := w.signIn("ada@example.org", plan.Pro)
		_, ok, _ := ada.upload("a.wav", wav(t, 0.3, 1))
		ada.waitJob(ok.JobID)
		if resp := ada.call("DELETE", "/api/account", nil, nil); resp.StatusCode != 204 {
			t.Fatalf("%d", resp.StatusCode)
		}
		if resp := ada.call("GET", "/api/account", nil, nil); resp.StatusCode != 401 {
			t.Errorf("still signed in: %d", resp.StatusCode)
		}
		if _, err := w.Jobs.Sweep(ctx); err != nil {
			t.Error(err)
		}
		// The sweep that begins with the server may be removing it just now.
		w.waitFor("the account's end", func() bool {
			left, err := w.DB.DeletedUsers(ctx, 1)
			return err == nil && len(left) == 0
		})
		for _, prefix := range []string{"processed/", "uploads-pending/"} {
			for o, err := range w.Objects.List(ctx, prefix) {
				t.Errorf("left: %v %v", o.Key, err)
			}
		}
		if rows, err := w.DB.Jobs(ctx, ada.id, "", "", "", 10); err != nil || len(rows) != 0 {
			t.Errorf("%d jobs left, %v", len(rows), err)
		}
	})
}

func TestAlienProtocolAndPlanCannotSync(t *testing.T) {
	w := start(t, "", idle)
	free, pro := w.signIn("free@example.org", plan.Free), w.signIn("pro@example.org", plan.Pro)
	var p wire.Problem
	if resp := free.call("GET", "/api/sync/pull", nil, &p, wire.HeaderSyncProtocol, "1"); resp.StatusCode != 403 || p.Code != wire.CodeTier {
		t.Errorf("free: %d %+v", resp.StatusCode, p)
	}
	if resp := pro.call("GET", "/api/sync/pull", nil, &p, wire.HeaderSyncProtocol, "99"); resp.StatusCode != 426 || p.Code != wire.CodeProtocol {
		t.Errorf("another version: %d %+v", resp.StatusCode, p)
	}
	var page wire.SyncPage
	if resp := pro.call("GET", "/api/sync/pull", nil, &page, wire.HeaderSyncProtocol, "1"); resp.StatusCode != 200 {
		t.Errorf("pull: %d", resp.StatusCode)
	}
	// Who takes gzip gets pages so, and only they.
	for accepts, want := range map[string]string{"gzip": "gzip", "identity": ""} {
		if resp := pro.call("GET", "/api/sync/pull", nil, nil, wire.HeaderSyncProtocol, "1", "Accept-Encoding", accepts); resp.StatusCode != 200 || resp.Header.Get("Content-Encoding") != want {
			t.Errorf("%s is accepted, %d and %q is sent", accepts, resp.StatusCode, resp.Header.Get("Content-Encoding"))
		}
	}
}

func TestJSONListsOfAccountsHaveNoNulls(t *testing.T) {
	w := start(t, "", idle)
	ada := w.signIn("ada@example.org", plan.Free)
	for _, path := range []string{"/api/jobs", "/api/samples", "/api/keys", "/api/webhooks"} {
		var raw json.RawMessage
		ada.call("GET", path, nil, &raw)
		if !strings.Contains(string(raw), `"items":[]`) {
			t.Errorf("%s: %s", path, raw)
		}
	}
}

func TestMultipartFormIsReadInOrder(t *testing.T) {
	w := start(t, "", idle)
	ada := w.signIn("ada@example.org", plan.Free)
	body := "--x\r\nContent-Disposition: form-data; name=\"vibe\"\r\n\r\nmaybe\r\n--x--\r\n"
	req, err := http.NewRequest("POST", w.url+"/api/upload", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	var p wire.Problem
	if resp := ada.do(req, &p); resp.StatusCode != 400 || p.Code != wire.CodeBadRequest {
		t.Errorf("%d %+v", resp.StatusCode, p)
	}
}

func TestQuotaMailComesOnceADay(t *testing.T) {
	w := start(t, "")
	ada := w.signIn("ada@example.org", plan.Free)
	content := wav(t, 0.1, 1)
	for i := range 13 {
		ada.upload(fmt.Sprint(i, ".wav"), content)
	}
	w.waitFor("mail", func() bool {
		n := 0
		for _, m := range w.mails(ada.email) {
			if strings.Contains(m, "Subject: A limit of your plan is reached") {
				n++
			}
		}
		return n == 1
	})
}
