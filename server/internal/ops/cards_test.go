package ops_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"sampleagent/library/kit"
	"sampleagent/library/sp404"
	"sampleagent/server/internal/object"
	"sampleagent/server/internal/plan"
	"sampleagent/sync/client"
	"sampleagent/sync/wire"
)

// robot is a program with a key of one scope or more; its key outlives the day's clock tricks.
func (u *user) robot(scopes ...string) *user {
	u.w.t.Helper()
	var k wire.Key
	u.call("POST", "/api/keys", wire.KeyRequest{Name: "robot", Scopes: scopes}, &k)
	return &user{w: u.w, id: u.id, token: k.Secret}
}

func (u *user) waitExport(id string) wire.Export {
	u.w.t.Helper()
	var e wire.Export
	u.w.waitFor("export "+id, func() bool {
		u.call("GET", "/api/exports/"+id, nil, &e)
		return e.Status.Final()
	})
	return e
}

// unzip fetches an export by its signed link and unpacks it.
func (u *user) unzip(id string) string {
	u.w.t.Helper()
	var l wire.Link
	u.call("GET", "/api/exports/"+id+"/download", nil, &l)
	resp, err := http.Get(l.URL) // the link needs no sign-in
	if err != nil || resp.StatusCode != 200 {
		u.w.t.Fatal(err, resp)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		u.w.t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		u.w.t.Fatal(err)
	}
	dir := u.w.t.TempDir()
	for _, f := range z.File {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if strings.HasSuffix(f.Name, "/") {
			if err := os.MkdirAll(path, 0o700); err != nil {
				u.w.t.Fatal(err)
			}
			continue
		}
		r, err := f.Open()
		if err != nil {
			u.w.t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			u.w.t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			u.w.t.Fatal(err)
		}
	}
	return dir
}

var manifestStamp = regexp.MustCompile(`-[0-9a-f]{8}\.json$`)

// same compares two cards file by file. A manifest says when it was written and from where, so
// of it only its presence counts; Verify reads what it lists.
func same(t *testing.T, one, two string) {
	t.Helper()
	read := func(dir string) map[string][]byte {
		all := map[string][]byte{}
		if err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, _ := filepath.Rel(dir, path)
			all[rel], err = os.ReadFile(path)
			if strings.HasSuffix(rel, ".json") {
				// A project's manifest has the time of writing in its name too.
				delete(all, rel)
				all[manifestStamp.ReplaceAllString(rel, ".json")] = nil
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return all
	}
	a, b := read(one), read(two)
	for name, content := range a {
		if other, ok := b[name]; !ok || !bytes.Equal(other, content) {
			t.Errorf("%s: %d bytes from the server, %d from the desktop (there: %v)", name, len(content), len(other), ok)
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			t.Errorf("%s is missing in the export", name)
		}
	}
}

// A synced kit, exported in every form and format, is byte for byte the card that the desktop's
// library writes from the same kit, and passes the desktop's own verification.
func TestACloudKitIsTheDesktopsCard(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ada := w.signIn("ada@example.org", plan.Pro)
		local := map[string]sp404.Sample{} // what the desktop has, by id
		shared := map[string]string{}      // id -> hash of the bytes
		dir := t.TempDir()
		k := kit.Kit{ID: "kit-1", Name: "Basement Tape"}
		for i := range 3 {
			name := fmt.Sprintf("sound %d", i)
			content := wav(t, 0.4, 10+i)
			path := filepath.Join(dir, name+".wav")
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			_, ok, p := ada.upload(name+".wav", content)
			if j := ada.waitJob(ok.JobID); j.Status != wire.Completed {
				t.Fatalf("%+v %+v", j, p)
			}
			sum := sha256.Sum256(content)
			id := fmt.Sprintf("local-%d", i)
			shared[id] = hex.EncodeToString(sum[:])
			local[id] = sp404.Sample{ID: id, Name: name, Path: path}
			if err := k.SetPad(kit.Slot(i*17), kit.Pad{SampleID: id}); err != nil {
				t.Fatal(err)
			}
		}
		settings, err := kit.Settings{}.WithText("volume=104", "loop=on")
		if err != nil {
			t.Fatal(err)
		}
		if err := k.SetPad(0, kit.Pad{SampleID: "local-0", Name: "Kick", Settings: settings}); err != nil {
			t.Fatal(err)
		}
		// A pad whose sound never went up is listed as left out.
		missing := strings.Repeat("ab", 32)
		stored, err := json.Marshal(k)
		if err != nil {
			t.Fatal(err)
		}
		parts, unnamed, err := kit.TakeApart(stored, func(id string) (string, error) { return shared[id], nil })
		if err != nil || len(unnamed) != 0 {
			t.Fatal(err, unnamed)
		}
		parts["pad/B16"] = json.RawMessage(`{"pad":"B16","sample":"` + missing + `"}`)
		var push wire.SyncPush
		for field, value := range parts {
			d := wire.Dot{Clock: wire.Clock(w.Now().UnixMilli()) << 16, Actor: "studio"}
			push.Cells = append(push.Cells, wire.Cell{Object: "kit/kit-1", Field: field}.Write(d, value))
		}
		if resp := ada.call("POST", wire.PathSyncPush, push, nil, wire.HeaderSyncProtocol, fmt.Sprint(wire.SyncProtocol)); resp.StatusCode != 200 {
			t.Fatalf("push: %d", resp.StatusCode)
		}
		// The tempo that the server heard is what the desktop would know too.
		rows, err := w.DB.SamplesByContent(t.Context(), ada.id, []string{shared["local-0"], shared["local-1"], shared["local-2"]})
		if err != nil || len(rows) != 3 {
			t.Fatal(err, len(rows))
		}
		for id, sum := range shared {
			s := local[id]
			s.BPM = rows[sum].BPM
			local[id] = s
		}
		robot := ada.robot("export")
		var kits struct{ Items []wire.ExportKit }
		robot.call("GET", "/api/exports/kits", nil, &kits)
		if len(kits.Items) != 1 || kits.Items[0] != (wire.ExportKit{ID: "kit-1", Name: "Basement Tape"}) {
			t.Errorf("%+v", kits)
		}
		for _, form := range []string{"import", "project", "both"} {
			format := map[string]string{"import": "aiff"}[form]
			var e wire.Export
			if resp := robot.call("POST", "/api/exports", wire.ExportRequest{Kit: "kit-1", Form: form, Format: format}, &e); resp.StatusCode != 202 || e.Name != "Basement Tape" {
				t.Fatalf("%s: %d %+v", form, resp.StatusCode, e)
			}
			e = robot.waitExport(e.ID)
			if e.Status != wire.ExportCompleted || e.ExpiresAt == nil || e.ExpiresAt.Sub(*e.CompletedAt) != 7*24*time.Hour {
				t.Fatalf("%s: %+v %s", form, e, deref(e.Error))
			}
			left := 0
			for _, f := range e.Report {
				if f.Error != "" && f.Pad == "B16" {
					left++
				}
			}
			if left != 1 {
				t.Errorf("%s: the sound that is not in the cloud is not told: %+v", form, e.Report)
			}
			got := robot.unzip(e.ID)
			report, err := sp404.Verify(t.Context(), got, nil)
			if err != nil || !report.OK() || report.Files == 0 {
				t.Errorf("%s: the desktop's verification: %v %+v", form, err, report)
			}
			want := t.TempDir()
			p, err := sp404.NewPlan(t.Context(), k, local, want, sp404.Options{Form: sp404.Form(form), Format: sp404.AudioFormat(format)})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Write(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			same(t, got, want)
		}
		var me wire.Account
		ada.call("GET", "/api/account", nil, &me)
		w.waitFor("a mail", func() bool {
			for _, m := range w.mails("ada@example.org") {
				if strings.Contains(m, "Your export is ready") {
					return true
				}
			}
			return false
		})
	})
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// The page: choose samples, see it built, every file of it, download, remove.
func TestExportPages(t *testing.T) {
	w := start(t, "")
	b := w.browser("ada@example.org", plan.Pro)
	ada := w.signIn("ada@example.org", plan.Pro)
	if _, page := b.get("/exports"); !strings.Contains(page, "nothing in the cloud") {
		t.Errorf("empty: %s", page)
	}
	_, ok, _ := ada.upload("a kick.wav", wav(t, 0.4, 1))
	sample := *ada.waitJob(ok.JobID).SampleID
	if status, page := b.post("/exports", "form", "import"); status != 422 || !strings.Contains(page, "either a kit or samples") {
		t.Errorf("nothing chosen: %d", status)
	}
	status, page := b.post("/exports", "sample", sample, "name", "Mine", "form", "both", "format", "aiff")
	if status != 200 || !strings.Contains(page, "Mine") {
		t.Fatalf("%d %s", status, page)
	}
	list, err := w.DB.Exports(t.Context(), ada.id, 10)
	if err != nil || len(list) != 1 {
		t.Fatal(err, list)
	}
	ada.waitExport(list[0].ID)
	_, page = b.get("/exports/" + list[0].ID)
	for _, s := range []string{"read back and compared", "A1", ".aiff", "PADCONF.BIN", "Download"} {
		if !strings.Contains(page, s) {
			t.Errorf("the page does not say %q: %s", s, page)
		}
	}
	if status, zip := b.get("/exports/" + list[0].ID + "/download"); status != 200 || !strings.HasPrefix(zip, "PK") {
		t.Errorf("download: %d", status)
	}
	if status, page = b.post("/exports/" + list[0].ID + "/delete"); status != 200 || !strings.Contains(page, "The export is removed") {
		t.Errorf("%d %s", status, page)
	}
	free := w.browser("bo@example.org", plan.Free)
	if status, page := free.get("/exports"); status != 403 || !strings.Contains(page, "See the plans") {
		t.Errorf("a free account: %d %s", status, page)
	}
}

// A sound that went up as FLAC is known to kits by the file that the desktop has.
func TestASoundIsKnownByItsSource(t *testing.T) {
	w := start(t, "")
	ada := w.signIn("ada@example.org", plan.Pro)
	sum, content := strings.Repeat("5a", 32), wav(t, 0.4, 1)
	done, err := client.New(w.url, fixedToken(ada.token), http.DefaultClient).Upload(t.Context(), client.Upload{Name: "kick.flac", Size: int64(len(content)), Key: "k1", SourceSHA256: sum,
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }}, nil)
	if err != nil {
		t.Fatal(err)
	}
	sample := *ada.waitJob(done.JobID).SampleID
	found, err := w.DB.SamplesByContent(t.Context(), ada.id, []string{sum, strings.Repeat("00", 32)})
	if err != nil || len(found) != 1 || found[sum].ID != sample {
		t.Errorf("%v %+v", err, found)
	}
}

// An export of samples: who may, what is wrong, expiry after seven days, built again, deleted.
func TestExportsLiveSevenDays(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ada := w.signIn("ada@example.org", plan.Pro)
		free := w.signIn("bo@example.org", plan.Free)
		_, ok, _ := ada.upload("a.wav", wav(t, 0.4, 1))
		sample := *ada.waitJob(ok.JobID).SampleID
		ask := wire.ExportRequest{Samples: []string{sample, sample}, Name: "Two of a kind"}
		var p wire.Problem
		if resp := free.call("POST", "/api/exports", ask, &p); resp.StatusCode != 403 || p.Code != wire.CodeTier || !p.Upgrade {
			t.Errorf("a free account: %d %+v", resp.StatusCode, p)
		}
		robot, reader := ada.robot("export"), ada.robot("read")
		if resp := reader.call("POST", "/api/exports", ask, &p); resp.StatusCode != 403 || p.Code != wire.CodeScope {
			t.Errorf("a key without the scope: %d", resp.StatusCode)
		}
		eve := w.signIn("eve@example.org", plan.Enterprise)
		if resp := eve.call("POST", "/api/exports", ask, &p); resp.StatusCode != 404 {
			t.Errorf("another's samples: %d", resp.StatusCode)
		}
		for _, wrong := range []wire.ExportRequest{{}, {Kit: "k", Samples: []string{sample}}, {Kit: "never"}} {
			if resp := robot.call("POST", "/api/exports", wrong, &p); resp.StatusCode != 422 && resp.StatusCode != 404 {
				t.Errorf("%+v: %d", wrong, resp.StatusCode)
			}
		}
		var e wire.Export
		robot.call("POST", "/api/exports", ask, &e)
		e = robot.waitExport(e.ID)
		if e.Status != wire.ExportCompleted || e.Download == nil {
			t.Fatalf("%+v %s", e, deref(e.Error))
		}
		got := robot.unzip(e.ID)
		if r, err := sp404.Verify(t.Context(), got, nil); err != nil || !r.OK() {
			t.Errorf("%v %+v", err, r)
		}
		if resp := eve.call("GET", "/api/exports/"+e.ID, nil, &p); resp.StatusCode != 404 {
			t.Errorf("another's export: %d", resp.StatusCode)
		}
		key := object.Export(ada.id, e.ID, "zip")
		info, err := w.Objects.Stat(t.Context(), key)
		if err != nil || info.Size != e.Size {
			t.Fatal(err, info, e.Size)
		}
		if _, err := w.Exports.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Objects.Stat(t.Context(), key); err != nil {
			t.Fatalf("removed before its time: %v", err)
		}
		w.later(7*24*time.Hour + time.Minute)
		if _, err := w.Exports.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Objects.Stat(t.Context(), key); err == nil {
			t.Error("kept longer than seven days")
		}
		if resp := robot.call("GET", "/api/exports/"+e.ID+"/download", nil, &p); resp.StatusCode != 410 || p.Code != wire.CodeGone {
			t.Errorf("after seven days: %d %s", resp.StatusCode, p.Code)
		}
		if resp := robot.call("POST", "/api/exports/"+e.ID+"/rebuild", nil, &e); resp.StatusCode != 202 {
			t.Fatalf("rebuild: %d", resp.StatusCode)
		}
		if e = robot.waitExport(e.ID); e.Status != wire.ExportCompleted {
			t.Fatalf("%+v", e)
		}
		same(t, robot.unzip(e.ID), got)
		if resp := robot.call("DELETE", "/api/exports/"+e.ID, nil, nil); resp.StatusCode != 204 {
			t.Errorf("delete: %d", resp.StatusCode)
		}
		if _, err := w.Objects.Stat(t.Context(), key); err == nil {
			t.Error("the zip of a deleted export is still there")
		}
	})
}

// A worker that dies at each step in turn: the export is built all the same, told once.
func TestExportsSurviveTheirWorkers(t *testing.T) {
	w := start(t, "")
	var mu sync.Mutex
	died := map[string]bool{}
	w.Exports.Crash = func(step string) {
		mu.Lock()
		defer mu.Unlock()
		if !died[step] {
			died[step] = true
			panic("killed at " + step)
		}
	}
	ada := w.signIn("ada@example.org", plan.Pro)
	_, ok, _ := ada.upload("a.wav", wav(t, 0.4, 1))
	sample := *ada.waitJob(ok.JobID).SampleID
	var e wire.Export
	ada.call("POST", "/api/exports", wire.ExportRequest{Samples: []string{sample}}, &e)
	if e = ada.waitExport(e.ID); e.Status != wire.ExportCompleted {
		t.Fatalf("%+v %s", e, deref(e.Error))
	}
	if len(died) != 3 {
		t.Errorf("died at %v", died)
	}
	events, err := w.DB.Events(context.Background(), ada.id, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	ready := 0
	for _, ev := range events {
		if ev.Kind == wire.EventExportReady {
			ready++
		}
	}
	if ready != 1 {
		t.Errorf("told %d times", ready)
	}
	if r, err := sp404.Verify(t.Context(), ada.unzip(e.ID), nil); err != nil || !r.OK() {
		t.Errorf("%v %+v", err, r)
	}
	left, err := os.ReadDir(filepath.Join(w.Config.Data, "cards"))
	if err != nil || len(left) != 0 {
		t.Errorf("folders left: %v %v", left, err)
	}
}
