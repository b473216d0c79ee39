package ops_test

import (
	"strings"
	"testing"
	"time"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// sweepDays lets days go by, each with a sweep.
func (w *world) sweepDays(days int) {
	w.t.Helper()
	for range days {
		w.shift.Add(int64(24 * time.Hour))
		if _, err := w.Jobs.Sweep(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
	}
}

// A contract ends and its account stores more than pro holds: read-only at once, nothing removed for
// 30 days, then the oldest sounds and no more than is over, after two mails; metadata stays (B08).
func TestOverTheRoomOfASmallerPlan(t *testing.T) {
	w := start(t, "")
	ada := w.signIn("ada@example.org", plan.Enterprise)
	var ids []string
	size := int64(0)
	for n := range 3 {
		content := wav(t, 0.4, n)
		size = int64(len(content))
		_, ok, p := ada.upload("sound.wav", content)
		if ok.JobID == "" {
			t.Fatalf("%+v", p)
		}
		ids = append(ids, *ada.waitJob(ok.JobID).SampleID)
	}
	room := 2*size + size/2 // two of the three fit
	if err := w.Accounts.SetTier(t.Context(), ada.id, plan.Pro, plan.Overrides{StorageBytes: &room}, "admin:test", "the contract ends"); err != nil {
		t.Fatal(err)
	}
	if status, _, p := ada.upload("more.wav", wav(t, 0.4, 9)); status != 403 || p.Code != wire.CodeOverQuota || !p.Upgrade {
		t.Errorf("an upload over the room: %d %+v", status, p)
	}
	removed := func() (n int) {
		t.Helper()
		for i, id := range ids {
			row, err := w.DB.Sample(t.Context(), ada.id, id)
			if err != nil {
				t.Fatal(err)
			}
			if row.AudioRemovedAt != 0 {
				n++
				if i != 0 {
					t.Errorf("sound %d went, and not the oldest", i)
				}
			}
		}
		return n
	}
	w.sweepDays(29)
	if n := removed(); n != 0 {
		t.Errorf("%d removed within 30 days", n)
	}
	w.sweepDays(4)
	if n := removed(); n != 1 {
		t.Errorf("%d removed after 30 days, want the oldest", n)
	}
	w.waitFor("two mails", func() bool { return len(w.mails("ada@example.org")) >= 2 })
	w.sweepDays(20)
	if n := removed(); n != 1 {
		t.Errorf("%d removed, and the rest fits", n)
	}
	row, err := w.DB.User(t.Context(), ada.id)
	if err != nil || row.OverQuotaSince != 0 || row.StorageBytes != 2*size {
		t.Errorf("over since %v with %d bytes, %v", row.OverQuotaSince, row.StorageBytes, err)
	}
	if rows, err := w.DB.Samples(t.Context(), ada.id, store.SampleFilter{}, 10); err != nil || len(rows) != 3 {
		t.Errorf("%d samples are known, %v", len(rows), err)
	}
}

// What is kept for other machines can be fetched for 30 days after a plan that keeps machines in
// step, is announced twice and then goes; with another such plan in time it stays.
func TestWhatIsKeptEndsAfterItsPlan(t *testing.T) {
	w := start(t, "")
	ada := w.signIn("ada@example.org", plan.Pro)
	kept := ada.keep(wav(t, 0.2, 1), "kick.wav")
	tier := func(to plan.Tier) {
		t.Helper()
		if err := w.Accounts.SetTier(t.Context(), ada.id, to, plan.Overrides{}, "admin:test", "a test"); err != nil {
			t.Fatal(err)
		}
	}
	files := func() int {
		t.Helper()
		all, err := w.DB.AudioOf(t.Context(), ada.id)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	told := func() (n int) {
		for _, m := range w.mails("ada@example.org") {
			if strings.Contains(m, "that your machines share") {
				n++
			}
		}
		return n
	}
	tier(plan.Free)
	w.sweepDays(28)
	tier(plan.Pro)
	w.sweepDays(10)
	if files() != 1 {
		t.Fatal("it went although its account came back in time")
	}
	w.waitFor("a first mail, of the first time", func() bool { return told() == 1 })
	tier(plan.Free)
	w.sweepDays(1)
	again := w.signIn("ada@example.org", plan.Free)
	if resp := again.call("GET", wire.PathSyncAudio+"/"+kept.Object, nil, nil); resp.StatusCode != 200 {
		t.Errorf("fetching after the plan ended: %d", resp.StatusCode)
	}
	w.sweepDays(28)
	if files() != 1 {
		t.Error("it went within 30 days")
	}
	w.sweepDays(4)
	if files() != 0 {
		t.Error("it is still there after 30 days and two mails")
	}
	w.waitFor("two mails more", func() bool { return told() == 3 })
	u, err := w.DB.User(t.Context(), ada.id)
	if err != nil || u.StorageBytes != 0 {
		t.Errorf("%d bytes are counted, %v", u.StorageBytes, err)
	}
}
