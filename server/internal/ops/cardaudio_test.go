package ops_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"sampleagent/audio/pack"
	"sampleagent/library/kit"
	"sampleagent/library/sp404"
	"sampleagent/server/internal/config"
	"sampleagent/server/internal/ops"
	"sampleagent/server/internal/plan"
	"sampleagent/sync/wire"
)

func sumOf(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// keep sends a file to be kept, as the desktop does, and gives what its machines say of it.
func (u *user) keep(content []byte, name string) wire.KeptAudio {
	u.w.t.Helper()
	k := wire.KeptAudio{Object: sumOf(content), Size: int64(len(content)), Form: wire.KeptOriginal, Name: name}
	if packed, err := pack.Pack(u.w.t.Context(), content); err == nil {
		k.Object, k.Size, k.Form, content = sumOf(packed), int64(len(packed)), wire.KeptPacked, packed
	}
	u.call("POST", wire.PathSyncAudio, wire.AudioRequest{SHA256: k.Object, Size: k.Size}, nil)
	req, err := http.NewRequest(http.MethodPut, u.w.url+wire.PathSyncAudio+"/"+k.Object+"/parts/0", bytes.NewReader(content))
	if err != nil {
		u.w.t.Fatal(err)
	}
	if resp := u.do(req, nil); resp.StatusCode != http.StatusNoContent {
		u.w.t.Fatalf("keep %s: %d", name, resp.StatusCode)
	}
	return k
}

// push brings fields of objects to the account's other machines.
func (u *user) push(objects map[string]map[string]any) {
	u.w.t.Helper()
	var push wire.SyncPush
	for object, fields := range objects {
		for field, value := range fields {
			text, err := json.Marshal(value)
			if err != nil {
				u.w.t.Fatal(err)
			}
			d := wire.Dot{Clock: wire.Clock(u.w.Now().UnixMilli()) << 16, Actor: "studio"}
			push.Cells = append(push.Cells, wire.Cell{Object: object, Field: field}.Write(d, text))
		}
	}
	if resp := u.call("POST", wire.PathSyncPush, push, nil, wire.HeaderSyncProtocol, fmt.Sprint(wire.SyncProtocol)); resp.StatusCode != 200 {
		u.w.t.Fatalf("push: %d", resp.StatusCode)
	}
}

// A kit whose sounds were never uploaded to be analysed, only kept for the other machines, packed
// and as they are, is exported as the desktop writes it; bytes that are another file's are left
// out, and so is another account's file.
func TestKeptAudioIsOnTheCard(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ada, eve := w.signIn("ada@example.org", plan.Pro), w.signIn("eve@example.org", plan.Pro)
		dir, k, local := t.TempDir(), kit.Kit{ID: "kit-1", Name: "Kept"}, map[string]sp404.Sample{}
		objects := map[string]map[string]any{}
		kitFields := map[string]any{}
		add := func(i int, name string, content []byte, more map[string]any) string {
			t.Helper()
			sum := sumOf(content)
			fields := map[string]any{"audio": ada.keep(content, name)}
			for f, v := range more {
				fields[f] = v
			}
			objects["sample/"+sum] = fields
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			local[sum] = sp404.Sample{ID: sum, Name: name, Path: path}
			if err := k.SetPad(kit.Slot(i), kit.Pad{SampleID: sum}); err != nil {
				t.Fatal(err)
			}
			return sum
		}
		plain := wav(t, 0.5, 1)
		first := add(0, "kept kick.wav", plain, map[string]any{"found": map[string]any{"name": "kept kick.wav", "report": map[string]any{"bpm": 93.5}}})
		s := local[first]
		s.BPM = 93.5
		local[first] = s
		flac, err := os.ReadFile(firstOf(t, "../../../assets/demo/*Loops/*.flac"))
		if err != nil {
			t.Fatal(err)
		}
		second := add(17, "a loop.flac", flac, map[string]any{"name": "My Loop", "bpm": "88,5"})
		s = local[second]
		s.Name, s.BPM = "My Loop", 88.5
		local[second] = s
		if form := objects["sample/"+first]["audio"].(wire.KeptAudio).Form; form != wire.KeptPacked {
			t.Errorf("the WAV is kept as %s", form)
		}
		// What would be lied: a file under another's name, and a file of another account.
		wrong, foreign := sumOf([]byte("wrong")), sumOf([]byte("foreign"))
		objects["sample/"+wrong] = map[string]any{"audio": ada.keep(wav(t, 0.2, 7), "wrong.wav")}
		objects["sample/"+foreign] = map[string]any{"audio": eve.keep(wav(t, 0.2, 8), "eve.wav")}
		stored, err := json.Marshal(k)
		if err != nil {
			t.Fatal(err)
		}
		parts, _, err := kit.TakeApart(stored, func(id string) (string, error) { return id, nil })
		if err != nil {
			t.Fatal(err)
		}
		for f, v := range parts {
			kitFields[f] = v
		}
		for pad, sum := range map[string]string{"C1": wrong, "C2": foreign} {
			kitFields["pad/"+pad] = map[string]string{"pad": pad, "sample": sum}
		}
		objects["kit/kit-1"] = kitFields
		ada.push(objects)
		var e wire.Export
		if resp := ada.call("POST", "/api/exports", wire.ExportRequest{Kit: "kit-1", Form: "both"}, &e); resp.StatusCode != 202 {
			t.Fatalf("%d %+v", resp.StatusCode, e)
		}
		if e = ada.waitExport(e.ID); e.Status != wire.ExportCompleted {
			t.Fatalf("%+v %s", e, deref(e.Error))
		}
		var left []string
		for _, f := range e.Report {
			if f.Error != "" && !slices.Contains(left, f.Pad) {
				left = append(left, f.Pad)
			}
		}
		slices.Sort(left)
		if strings.Join(left, " ") != "C1 C2" {
			t.Errorf("left out: %v of %+v", left, e.Report)
		}
		got, want := ada.unzip(e.ID), t.TempDir()
		if r, err := sp404.Verify(t.Context(), got, nil); err != nil || !r.OK() {
			t.Errorf("%v %+v", err, r)
		}
		p, err := sp404.NewPlan(t.Context(), k, local, want, sp404.Options{Form: sp404.FormBoth})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Write(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		same(t, got, want)
		// Deleted from the cloud, there is nothing to build any more, and the reason is told.
		for _, sum := range []string{first, second, wrong} {
			ada.call("DELETE", wire.PathSyncAudio+"/"+objects["sample/"+sum]["audio"].(wire.KeptAudio).Object, nil, nil)
		}
		ada.call("POST", "/api/exports", wire.ExportRequest{Kit: "kit-1"}, &e)
		if e = ada.waitExport(e.ID); e.Status != wire.ExportFailed || !strings.Contains(deref(e.Error), "keep them there") {
			t.Errorf("%+v %s", e, deref(e.Error))
		}
	})
}

func firstOf(t *testing.T, pattern string) string {
	t.Helper()
	all, err := filepath.Glob(pattern)
	if err != nil || len(all) == 0 {
		t.Fatal(err, pattern)
	}
	return all[0]
}

// The program that asked is told by a signed webhook, once, and the card is there when it is.
func TestExportReadyWebhook(t *testing.T) {
	w := start(t, "", env("WEBHOOK_ALLOW", "127.0.0.0/8"))
	ada := w.signIn("ada@example.org", plan.Pro)
	var mu sync.Mutex
	var heard []wire.Delivery
	secret := make(chan string, 1)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		key := <-secret
		secret <- key
		wh, err := standardwebhooks.NewWebhook(key)
		if err == nil {
			err = wh.Verify(b, r.Header)
		}
		var d wire.Delivery
		if err == nil {
			err = json.Unmarshal(b, &d)
		}
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		heard = append(heard, d)
	}))
	defer hook.Close()
	var h wire.Webhook
	ada.call("POST", "/api/webhooks", wire.WebhookRequest{URL: hook.URL, Events: []string{wire.EventExportReady}}, &h)
	secret <- h.Secret
	_, ok, _ := ada.upload("a.wav", wav(t, 0.4, 1))
	sample := *ada.waitJob(ok.JobID).SampleID
	var e wire.Export
	ada.robot("export").call("POST", "/api/exports", wire.ExportRequest{Samples: []string{sample}}, &e)
	w.waitFor("the webhook", func() bool { mu.Lock(); defer mu.Unlock(); return len(heard) > 0 })
	w.waitFor("noted as delivered", func() bool {
		var tries struct{ Items []wire.WebhookTry }
		ada.call("GET", "/api/webhooks/"+h.ID+"/deliveries", nil, &tries)
		return len(tries.Items) == 1 && tries.Items[0].State == "delivered"
	})
	mu.Lock()
	defer mu.Unlock()
	if len(heard) != 1 || heard[0].Type != wire.EventExportReady || heard[0].Data.ExportID != e.ID || heard[0].Data.SampleID != "" {
		t.Errorf("%+v", heard)
	}
	if r, err := sp404.Verify(t.Context(), ada.unzip(e.ID), nil); err != nil || !r.OK() {
		t.Errorf("%v %+v", err, r)
	}
}

// However large a card is, building it holds one sound at a time: what is alive of memory while
// it is written stays far below what is written. The median counts: in single looks garbage that
// was made while the collector ran counts as alive, the more the busier the machine is.
func TestExportsHoldOneSoundAtATime(t *testing.T) {
	written := make(chan struct{})
	w := start(t, "", func(_ *config.Config, o *ops.Options) {
		o.Crash = func(step string) {
			if step == "written" {
				close(written)
			}
		}
	})
	ada := w.signIn("ada@example.org", plan.Pro)
	_, ok, _ := ada.upload("long.wav", wav(t, 4, 1))
	sample := *ada.waitJob(ok.JobID).SampleID
	alive := func() int64 { // at least: what is made while the collector looks counts as alive and is taken off
		look := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/heap/allocs:bytes"}}
		metrics.Read(look)
		made := look[1].Value.Uint64()
		runtime.GC()
		metrics.Read(look)
		return int64(look[0].Value.Uint64() - (look[1].Value.Uint64() - made))
	}
	before := alive()
	var e wire.Export
	ada.call("POST", "/api/exports", wire.ExportRequest{Samples: slices.Repeat([]string{sample}, kit.PadCount), Name: "All pads"}, &e)
	var looks []int64
	w.waitFor("the card's files", func() bool {
		looks = append(looks, alive()-before)
		select {
		case <-written:
			return true
		default:
			return false
		}
	})
	e = ada.waitExport(e.ID)
	grown := slices.Max(looks)
	if e.Status != wire.ExportCompleted || e.Files < kit.PadCount || e.Size < 50<<20 {
		t.Fatalf("%d files, %d bytes: %+v %s", e.Files, e.Size, e.Status, deref(e.Error))
	}
	t.Logf("a card of %.1f MB: %.1f MB more alive", float64(e.Size)/(1<<20), float64(grown)/(1<<20))
	if grown > e.Size/4 {
		t.Errorf("%d bytes more alive while %d were written", grown, e.Size)
	}
}
