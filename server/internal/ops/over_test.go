package ops_test

import (
	"testing"
	"time"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

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
	sweep := func(days int) {
		t.Helper()
		for range days {
			w.shift.Add(int64(24 * time.Hour))
			if _, err := w.Jobs.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
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
	sweep(29)
	if n := removed(); n != 0 {
		t.Errorf("%d removed within 30 days", n)
	}
	sweep(4)
	if n := removed(); n != 1 {
		t.Errorf("%d removed after 30 days, want the oldest", n)
	}
	w.waitFor("two mails", func() bool { return len(w.mails("ada@example.org")) >= 2 })
	sweep(20)
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
