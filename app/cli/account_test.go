package cli

import (
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sampleagent/audio/analysis"
	"sampleagent/audio/codec/codectest"
	"sampleagent/library/catalog"
	"sampleagent/sync/wire"
)

// library opens a machine's library, while none of its processes runs.
func (d *desk) library() *catalog.DB {
	d.t.Helper()
	db, err := catalog.Open(d.t.Context(), filepath.Join(d.home, "sample-agent", "library.db"))
	if err != nil {
		d.t.Fatal(err)
	}
	return db
}

// only runs f on the one sample of a machine's library.
func (d *desk) only(f func(db *catalog.DB, s catalog.Sample)) {
	d.t.Helper()
	id := sampleID(d.t, d, "")
	db := d.library()
	defer db.Close()
	s, err := db.SampleByID(d.t.Context(), id)
	if err != nil {
		d.t.Fatal(err)
	}
	f(db, s)
}

// refuses runs a command that has to fail with these words.
func (d *desk) refuses(words string, args ...string) {
	d.t.Helper()
	if out, err := d.try(args...); err == nil || !strings.Contains(err.Error(), words) {
		d.t.Errorf("%s: %v %s, want %q", strings.Join(args, " "), err, out, words)
	}
}

// A sound whose tempo this machine's (older) ear did not hear is queued while the server is away,
// sent when it is back, and comes home with a tempo from the cloud; the key that a person typed
// stays.
func TestWhatTheCloudHeardComesHome(t *testing.T) {
	s := newServer(t)
	ctx := t.Context()
	file := filepath.Join(t.TempDir(), secretName+".wav")
	codectest.WAV(t, file, clicks(8, 120))
	studio := newDesk(t, s, "studio")
	studio.do("import", "--quiet", file)
	studio.signIn("producer@example.org")
	var heard float64
	studio.only(func(db *catalog.DB, s catalog.Sample) {
		if heard = s.BPM; heard == 0 || s.BPMSource != analysis.FromSound {
			t.Fatalf("%g BPM by %s", s.BPM, s.BPMSource)
		}
		r, err := db.Original(ctx, s.Row)
		if err != nil {
			t.Fatal(err)
		}
		r.BPM, r.BPMConfidence, r.BPMSource, r.Engine = nil, nil, nil, "an older ear"
		if err := db.Store(ctx, []catalog.Analysis{{Row: s.Row, Size: s.Size, ModTime: s.ModTime, Report: r}}); err != nil {
			t.Fatal(err)
		}
		if err := db.SetField(ctx, []catalog.Row{s.Row}, catalog.FieldKey, "D minor"); err != nil {
			t.Fatal(err)
		}
	})
	s.kill()
	studio.refuses("waits to be sent", "cloud", "queue", file)
	s.start()
	for end := time.Now().Add(3 * time.Minute); ; time.Sleep(500 * time.Millisecond) {
		out := studio.do("cloud", "jobs", "--json")
		if strings.Contains(out, `"state":"completed"`) {
			break
		}
		if time.Now().After(end) || strings.Contains(out, `"state":"failed"`) {
			t.Fatal(out)
		}
	}
	studio.only(func(db *catalog.DB, s catalog.Sample) {
		if s.BPM != heard || s.BPMSource != analysis.FromCloud || s.Key != "D minor" || s.KeySource != analysis.FromHand {
			t.Errorf("%g BPM by %s, %s by %s; want %g by the cloud, and the key by hand", s.BPM, s.BPMSource, s.Key, s.KeySource, heard)
		}
		said, ok, err := db.Cloud(ctx, s.Row)
		if err != nil || !ok || said.Description == "" || len(said.Words) == 0 {
			t.Errorf("the cloud said %v, %v, %v", said, ok, err)
		}
	})
}

// A full quota is told with its end, and waits; a larger plan sends at once what waited.
func TestAFullQuotaWaitsUntilItsEnd(t *testing.T) {
	s := newServer(t)
	dir := t.TempDir()
	studio := newDesk(t, s, "studio")
	const sounds = 11 // a free day has 10
	for i := range sounds {
		codectest.WAV(t, filepath.Join(dir, string(rune('a'+i))+".wav"), clicks(0.5, 100+float64(i)))
	}
	studio.do("import", "--quiet", dir)
	studio.signIn("producer@example.org")
	var all []string
	for _, o := range objects(t, result{out: studio.do("search", "--json", "")}) {
		all = append(all, o["id"].(string))
	}
	studio.do(append([]string{"cloud", "queue"}, all...)...)
	waiting := func() (jobs []catalog.Job) {
		db := studio.library()
		defer db.Close()
		unfinished, err := db.UnfinishedJobs(t.Context(), "cloud")
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range unfinished {
			if j.Result == "" {
				jobs = append(jobs, j)
			}
		}
		return jobs
	}
	jobs := waiting()
	midnight := time.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	if len(jobs) != 1 {
		t.Fatalf("%d of %d wait", len(jobs), sounds)
	}
	if wait := jobs[0].NotBefore.UTC().Sub(midnight); (wait != 0 && wait != 24*time.Hour) || !strings.Contains(jobs[0].Error, "10") {
		t.Errorf("it waits until %v (%s), want the next UTC day, %v", jobs[0].NotBefore.UTC(), jobs[0].Error, midnight)
	}
	studio.do("cloud", "jobs")
	if len(waiting()) != 1 {
		t.Fatal("it was sent although the day is full")
	}
	s.tier("pro")
	studio.do("cloud", "status")
	studio.do("cloud", "jobs")
	if jobs := waiting(); len(jobs) != 0 {
		t.Errorf("as pro it waits still: %s", jobs[0].Error)
	}
}

// What stops with a smaller plan and with a deleted account is said; the library is whole and can
// be edited, sounds kept in the cloud can be fetched as long as they are there, and a new account
// starts from what is here.
func TestDowngradedAndDeletedTheLibraryIsWhole(t *testing.T) {
	s := newServer(t)
	file := filepath.Join(t.TempDir(), secretName+".wav")
	codectest.WAV(t, file, clicks(2, 120))
	studio, laptop := newDesk(t, s, "studio"), newDesk(t, s, "laptop")
	studio.do("import", "--quiet", file)
	studio.signIn("producer@example.org")
	s.tier("pro")
	studio.do("kit", "new", "Night")
	studio.do("kit", "set", "Night", "A1", file)
	studio.do("cloud", "sync")
	studio.do("cloud", "keep", file)
	laptop.signIn("producer@example.org")
	laptop.do("cloud", "sync")

	s.tier("free")
	studio.refuses("What is on this machine stays as it is", "cloud", "sync")
	laptop.do("cloud", "fetch", sampleID(t, laptop, "grandmother"))
	laptop.do("kit", "set", "Night", "A2", sampleID(t, laptop, "grandmother"))

	s.page(s.http.PostForm(s.url+"/account/delete", url.Values{"email": {"producer@example.org"}}))
	for _, d := range []*desk{studio, laptop} {
		d.refuses("sign", "cloud", "status")
		d.refuses("sign", "cloud", "sync")
		if out := d.do("kit", "show", "--json", "Night"); !strings.Contains(out, `"A1"`) {
			t.Errorf("the kit after the account was deleted: %s", out)
		}
		d.do("kit", "set", "Night", "A3", sampleID(t, d, "grandmother"))
		d.do("cloud", "signout")
	}
	studio.signIn("producer@example.org")
	s.tier("pro")
	studio.do("cloud", "sync")
	laptop.signIn("producer@example.org")
	laptop.do("cloud", "sync")
	if out := laptop.do("kit", "show", "--json", "Night"); !strings.Contains(out, `"A2"`) || !strings.Contains(out, `"A3"`) {
		t.Errorf("the kit in the new account: %s", out)
	}
}

// A program and a server of different versions of sync say so, and nothing is changed on either
// side; once the older one is updated, what was edited meanwhile goes out.
func TestAnotherVersionOfSyncIsTold(t *testing.T) {
	s := newServer(t)
	var version atomic.Value
	version.Store("")
	between := networkTo(t, s)
	between.onRequest(func(r *http.Request) {
		if v := version.Load().(string); v != "" && r.Header.Get(wire.HeaderSyncProtocol) != "" {
			r.Header.Set(wire.HeaderSyncProtocol, v)
		}
	})
	file := filepath.Join(t.TempDir(), secretName+".wav")
	codectest.WAV(t, file, clicks(2, 120))
	studio, laptop := newDesk(t, s, "studio"), newDesk(t, s, "laptop")
	studio.server = between.url
	studio.do("import", "--quiet", file)
	studio.signIn("producer@example.org")
	s.tier("pro")
	studio.do("kit", "new", "Night")
	studio.do("cloud", "sync")
	laptop.signIn("producer@example.org")
	laptop.do("cloud", "sync")
	for pad, v := range map[string]string{"A1": "0", "A2": "2"} {
		version.Store(v)
		studio.do("kit", "set", "Night", pad, file)
		studio.refuses("Update the older of the two; nothing was changed", "cloud", "sync")
		laptop.do("cloud", "sync")
		if out := laptop.do("kit", "show", "--json", "Night"); strings.Contains(out, `"A`) {
			t.Fatalf("a refused change arrived: %s", out)
		}
	}
	version.Store("")
	studio.do("cloud", "sync")
	laptop.do("cloud", "sync")
	if out := laptop.do("kit", "show", "--json", "Night"); !strings.Contains(out, `"A1"`) || !strings.Contains(out, `"A2"`) {
		t.Errorf("after the update: %s", out)
	}
}

// One machine, two servers: each sign-in stays, what goes out goes to the account in use, and a
// library that is in sync with one account sends nothing to another until a person says so.
func TestSeveralAccountsAndServers(t *testing.T) {
	one, two := newServer(t), newServer(t)
	ctx := t.Context()
	a := openDesk(t, one, one.url, false, nil)
	cloud := a.Cloud()
	if _, err := cloud.Sync(ctx, nil); err != nil {
		t.Fatal(err)
	}
	first := cloud.State().Account
	err := cloud.SignIn(ctx, two.url, func(link string) error {
		go two.letIn(link, "band@example.org")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	second := cloud.State()
	if second.Account.Server != two.url || second.Account.Email != "band@example.org" || second.Syncs || !slices.Contains(second.Others, first) {
		t.Fatalf("after the second sign-in: %+v", second)
	}
	if on, err := cloud.Syncs(ctx); err != nil || on {
		t.Errorf("the library is in sync with the second account: %v %v", on, err)
	}
	if err := cloud.Switch(ctx, first); err != nil {
		t.Fatal(err)
	}
	if err := cloud.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	if s := cloud.State(); s.Account != first || !s.Syncs || s.Details == nil || !slices.Contains(s.Others, second.Account) {
		t.Fatalf("back at the first: %+v", s)
	}
	if err := cloud.SignOut(ctx); err != nil {
		t.Fatal(err)
	}
	if err := cloud.Switch(ctx, second.Account); err != nil {
		t.Fatal(err)
	}
	if err := cloud.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	if s := cloud.State(); s.Account != second.Account || slices.Contains(s.Others, first) {
		t.Errorf("after the first was signed out: %+v", s)
	}
}
