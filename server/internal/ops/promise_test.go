package ops_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"sampleagent/server/internal/config"
	"sampleagent/server/internal/ops"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// A free account's 100 MB hold to the byte, whoever uploads at the same time; a refusal costs no
// upload, and what is cancelled gives its room back.
func TestStorageHoldsToTheByte(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ada := w.signIn("ada@example.org", plan.Free)
		content := wav(t, 0.1, 1)
		const room = 100 << 20
		if err := w.DB.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.TakeStorage(t.Context(), ada.id, room-2*int64(len(content)), room)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var accepted []string
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				status, ok, p := ada.upload(fmt.Sprint(i, ".wav"), content)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case status == 202:
					accepted = append(accepted, ok.JobID)
				case status != 429 || p.Code != wire.CodeStorage || *p.Limit != room || *p.Used != room || p.ResetAt == nil || !p.Upgrade:
					t.Errorf("%d %+v", status, p)
				}
			})
		}
		all.Wait()
		if len(accepted) != 2 {
			t.Fatalf("%d accepted into room for 2", len(accepted))
		}
		var a wire.Account
		ada.call("GET", "/api/account", nil, &a)
		if a.Usage.StorageBytes != room || a.Usage.Uploads != 2 {
			t.Errorf("%+v", a.Usage)
		}
		if resp := ada.call("DELETE", "/api/jobs/"+accepted[0], nil, nil); resp.StatusCode >= 300 {
			t.Fatal(resp.StatusCode)
		}
		if status, _, p := ada.upload("again.wav", content); status != 202 {
			t.Errorf("into the room given back: %d %+v", status, p)
		}
	}, idle)
}

// What a plan ends and what it keeps: a free account's webhook hears of the end of its sound and of
// its full quota, once each; a pro account's sound is still there after a year and told of no end.
func TestPlansEndAndKeepAndTell(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		var mu sync.Mutex
		heard := map[string][]string{} // events by the account's path
		hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			var d wire.Delivery
			if err := json.NewDecoder(r.Body).Decode(&d); err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			heard[r.URL.Path] = append(heard[r.URL.Path], d.Type)
		}))
		defer hook.Close()
		events := []string{wire.EventSampleExpiring, wire.EventQuota}
		sample := map[plan.Tier]string{}
		users := map[plan.Tier]*user{}
		for _, tier := range []plan.Tier{plan.Free, plan.Pro} {
			u := w.signIn(string(tier)+"@example.org", tier)
			users[tier] = u
			if resp := u.call("POST", "/api/webhooks", wire.WebhookRequest{URL: hook.URL + "/" + string(tier), Events: events}, nil); resp.StatusCode != 201 {
				t.Fatal(resp.StatusCode)
			}
			_, ok, _ := u.upload("kick.wav", wav(t, 0.2, 1))
			sample[tier] = *u.waitJob(ok.JobID).SampleID
		}
		for i := range 12 {
			users[plan.Free].upload(fmt.Sprint(i, ".wav"), []byte("RIFF")) // refused for what it is: costs nothing
		}
		if err := w.DB.Write(t.Context(), takeKind(t, w, users[plan.Free], store.KindUploads, 9)); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if status, _, p := users[plan.Free].upload("over.wav", wav(t, 0.2, 2)); status != 429 || p.Code != wire.CodeUploads {
				t.Errorf("%d %+v", status, p)
			}
		}
		told := func(tier plan.Tier) []string {
			mu.Lock()
			defer mu.Unlock()
			return slices.Sorted(slices.Values(heard["/"+string(tier)]))
		}
		w.waitFor("the full quota", func() bool { return slices.Equal(told(plan.Free), []string{wire.EventQuota}) })
		sweep := func(days int) {
			t.Helper()
			w.later(time.Duration(days) * 24 * time.Hour)
			if _, err := w.Jobs.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		sweep(25)
		w.waitFor("the first warning", func() bool {
			return slices.Equal(told(plan.Free), []string{wire.EventQuota, wire.EventSampleExpiring})
		})
		sweep(30)
		w.waitFor("the second warning", func() bool {
			return slices.Equal(told(plan.Free), []string{wire.EventQuota, wire.EventSampleExpiring, wire.EventSampleExpiring})
		})
		sweep(31)
		sweep(400)
		for tier, kept := range map[plan.Tier]bool{plan.Free: false, plan.Pro: true} {
			row, err := w.DB.Sample(t.Context(), users[tier].id, sample[tier])
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Objects.Stat(t.Context(), row.FileKey); (err == nil) != kept || (row.AudioRemovedAt == 0) != kept {
				t.Errorf("%s: %v, removed at %v", tier, err, row.AudioRemovedAt)
			}
		}
		if got := told(plan.Pro); len(got) != 0 {
			t.Errorf("pro was told %v", got)
		}
	}, func(c *config.Config, _ *ops.Options) { c.WebhookAllow = []string{"127.0.0.0/8"} })
}
