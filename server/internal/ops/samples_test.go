package ops_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

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
		if err := w.Objects.Put(t.Context(), key, bytes.NewReader(older), int64(len(older)), object.About{}); err != nil {
			t.Fatal(err)
		}
		asSQL(t, w.Config.Data, w.Config.DatabaseURL, "UPDATE samples SET peaks_key = '"+key+"'")
		if p, _ := peaks(ada); p.Columns != 1 || p.Peaks[0] != -3 || p.Peaks[1] != 4 {
			t.Errorf("an older sample's waveform is %+v", p)
		}
	})
}

// What waits lies under uploads-pending/{user}/{job} with the type that its bytes have, and says
// whose it is and in which plan it came, by either way up (A15).
func TestPendingObjectsSayWhoseTheyAre(t *testing.T) {
	w := start(t, "", idle, inBucket(t))
	c := w.Config
	at, err := url.Parse(c.S3Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := minio.New(at.Host, &minio.Options{Creds: credentials.NewStaticV4(c.S3AccessKey, c.S3SecretKey, ""), Region: c.S3Region, BucketLookup: minio.BucketLookupPath})
	if err != nil {
		t.Fatal(err)
	}
	ada := w.signIn("ada@example.org", plan.Pro)
	sound := wav(t, 0.2, 1)
	_, formed, _ := ada.upload("../../../etc/passwd.mp3", sound)
	var direct wire.DirectUpload
	if resp := ada.call("POST", "/api/uploads", announce("kick.wav", sound), &direct); resp.StatusCode != http.StatusCreated {
		t.Fatalf("announced: %d", resp.StatusCode)
	}
	if status := putTo(t, direct, sound); status != http.StatusOK {
		t.Fatalf("put: %d", status)
	}
	var completed wire.Accepted
	if resp := ada.call("POST", direct.Complete, nil, &completed); resp.StatusCode != http.StatusAccepted {
		t.Fatalf("completed: %d", resp.StatusCode)
	}
	for way, id := range map[string]string{"form": formed.JobID, "direct": completed.JobID} {
		j, err := w.DB.JobByID(t.Context(), id)
		if err != nil {
			t.Fatal(way, err)
		}
		if !strings.HasPrefix(j.FileKey, "uploads-pending/"+ada.id+"/") || strings.Count(j.FileKey, "/") != 2 || strings.Contains(j.FileKey, "passwd") {
			t.Errorf("%s: the key is %s", way, j.FileKey)
		}
		o, err := bucket.StatObject(t.Context(), c.S3Bucket, j.FileKey, minio.StatObjectOptions{})
		if err != nil {
			t.Fatalf("%s: %v", way, err)
		}
		if o.ContentType != "audio/wav" || o.UserMetadata["Owner"] != ada.id || o.UserMetadata["Tier"] != "pro" {
			t.Errorf("%s: %s, %v", way, o.ContentType, o.UserMetadata)
		}
	}
}
