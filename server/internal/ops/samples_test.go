package ops_test

import (
	"bytes"
	"net/http"
	"testing"

	"sampleagent/server/internal/object"
	"sampleagent/server/internal/plan"
	"sampleagent/sync/wire"
)

// A waveform lies beside what was measured; samples of older versions have it as an object.
func TestWaveforms(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ada, bob := w.signIn("ada@example.org", plan.Pro), w.signIn("bob@example.org", plan.Pro)
		_, ok, _ := ada.upload("loop.wav", wav(t, 0.5, 1))
		id := *ada.waitJob(ok.JobID).SampleID
		peaks := func(u *user) (p wire.Peaks, status int) {
			t.Helper()
			status = u.call("GET", "/api/samples/"+id+"/peaks", nil, &p).StatusCode
			return p, status
		}
		p, status := peaks(ada)
		if status != http.StatusOK || p.Columns != 800 || len(p.Peaks) != 1600 || p.Seconds != 0.5 {
			t.Fatalf("%d: %d columns, %d values, %g s", status, p.Columns, len(p.Peaks), p.Seconds)
		}
		// wav is half of full scale and fades.
		if lo, hi := p.Peaks[20], p.Peaks[21]; lo > -50 || lo < -64 || hi < 50 || hi > 64 || p.Peaks[1599] > 20 {
			t.Errorf("begins between %d and %d, ends at %d", lo, hi, p.Peaks[1599])
		}
		if _, status := peaks(bob); status != http.StatusNotFound {
			t.Errorf("somebody else gets %d", status)
		}
		older := []byte(`{"columns":1,"seconds":0.5,"peaks":[-3,4]}`)
		key := object.Derived(ada.id, id, "peaks.json")
		if err := w.Objects.Put(t.Context(), key, bytes.NewReader(older), int64(len(older)), "application/json"); err != nil {
			t.Fatal(err)
		}
		asSQL(t, w.Config.Data, w.Config.DatabaseURL, "UPDATE samples SET peaks_key = '"+key+"'")
		if p, _ := peaks(ada); p.Columns != 1 || p.Peaks[0] != -3 || p.Peaks[1] != 4 {
			t.Errorf("an older sample's waveform is %+v", p)
		}
	})
}
