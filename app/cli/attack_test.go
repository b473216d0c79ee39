package cli

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"sampleagent/app"
	"sampleagent/app/cloud"
	"sampleagent/app/settings"
	"sampleagent/audio/codec"
	"sampleagent/audio/codec/codectest"
	"sampleagent/audio/pcm"
	"sampleagent/library/catalog"
	"sampleagent/library/search"
	"sampleagent/sync/wire"
)

// onlySound brings one file into a library and gives its row.
func onlySound(t *testing.T, a *app.App, file string) catalog.Row {
	t.Helper()
	if _, err := a.ImportNow(t.Context(), []string{file}, app.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	rows, err := a.Search(t.Context(), "", search.Sort{})
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	return rows[0]
}

func kitNames(t *testing.T, a *app.App) (out []string) {
	t.Helper()
	all, err := a.Kits(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range all {
		out = append(out, k.Name)
	}
	return out
}

// A person goes to another account, and keeps the library in sync with that, while a page of the first
// one's changes is on its way and while a sound goes up: nothing of one account reaches the other, and
// back at the first all goes on.
func TestAnAccountSwitchedInTheMiddle(t *testing.T) {
	one, two := newServer(t), newServer(t)
	ctx := t.Context()
	between := networkTo(t, one)
	other := openDesk(t, one, one.url, false, nil)
	if _, err := other.NewKit(ctx, "Of the first account"); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Cloud().Sync(ctx, nil); err != nil {
		t.Fatal(err)
	}
	a := openDesk(t, one, between.url, false, nil)
	file := filepath.Join(t.TempDir(), secretName+".wav")
	codectest.WAV(t, file, clicks(2, 120))
	row := onlySound(t, a, file)
	here, first := a.Cloud(), a.Cloud().State().Account
	err := here.SignIn(ctx, two.url, func(link string) error {
		go two.letIn(link, "producer@example.org")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	two.tier("pro")
	second := here.State().Account
	to := func(account string) {
		t.Helper()
		want := first
		if account == "second" {
			want = second
		}
		if err := here.Switch(ctx, want); err != nil {
			t.Fatal(err)
		}
	}
	to("first")

	// A sync of the first account stands still in the middle of a page.
	arrived, release := between.held(wire.PathSyncPull)
	defer release()
	synced := make(chan error, 1)
	go func() { _, err := here.Sync(ctx, nil); synced <- err }()
	<-arrived
	to("second")
	if err := here.SetSync(ctx, true); err != nil {
		t.Fatal(err)
	}
	release()
	if err := <-synced; err == nil || !strings.Contains(err.Error(), "no longer synced with that account") {
		t.Errorf("the sync of the first account ended with %v", err)
	}
	if got := kitNames(t, a); len(got) != 0 {
		t.Errorf("in sync with the second account the library has %q", got)
	}
	if s := here.State(); s.Problem != "" || s.Account != second {
		t.Errorf("the second account is told of trouble: %+v", s)
	}
	if _, err := here.Sync(ctx, nil); err != nil {
		t.Fatal(err)
	}
	away := openDesk(t, two, two.url, false, nil)
	if _, err := away.Cloud().Sync(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if got := kitNames(t, away); len(got) != 0 {
		t.Errorf("the second account has %q", got)
	}

	// A sound that is queued for the first account goes up there or waits.
	to("first")
	if n, err := here.Queue(ctx, []catalog.Row{row}); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	to("second")
	if err := here.Work(ctx, nil); err != nil {
		t.Fatal(err)
	}
	jobs, err := here.Jobs(ctx, 10)
	if err != nil || len(jobs) != 1 || jobs[0].State.Final() || jobs[0].Other != "producer@example.org" || !strings.Contains(jobs[0].Error, between.url) {
		t.Errorf("at the second account: %+v, %v", jobs, err)
	}
	if left, err := here.Pending(ctx); err != nil || left != 0 {
		t.Errorf("the second account waits for %d jobs of the first, %v", left, err)
	}
	to("first")
	one.eventually("the sound is never analysed", func() bool {
		if err := here.Work(ctx, nil); err != nil {
			t.Fatal(err)
		}
		if jobs, err = here.Jobs(ctx, 10); err != nil || jobs[0].State == catalog.JobFailed {
			t.Fatal(jobs, err)
		}
		// Each time by way of the second account, which must not end the job.
		to("second")
		if err := here.Work(ctx, nil); err != nil {
			t.Fatal(err)
		}
		to("first")
		return jobs[0].State == catalog.JobCompleted
	})
	text, err := os.ReadFile(two.log.Name())
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte("route="+wire.PathUpload)) || bytes.Contains(text, []byte("route="+wire.PathJobs)) {
		t.Error("a sound of the first account went to the second's server, or was asked after there")
	}
	if _, err := here.Sync(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if got := kitNames(t, a); !slices.Equal(got, []string{"Of the first account"}) {
		t.Errorf("back at the first account the library has %q", got)
	}
}

// Two machines in sync queue the same sound, one of them twice: each sends it once, both hear the same,
// and in sync both show one and the same answer.
func TestTwoMachinesQueueTheSameSound(t *testing.T) {
	s := newServer(t)
	ctx := t.Context()
	file := filepath.Join(t.TempDir(), secretName+".wav")
	codectest.WAV(t, file, clicks(8, 120))
	var both []*app.App
	var files []string
	for range 2 {
		both = append(both, openDesk(t, s, s.url, false, func(db *catalog.DB) { files = append(files, db.Path()) }))
	}
	var rows []catalog.Row
	sync := func() {
		t.Helper()
		for range 2 {
			for _, a := range both {
				if _, err := a.Cloud().Sync(ctx, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for _, a := range both {
		rows = append(rows, onlySound(t, a, file))
	}
	sync()
	for i, a := range both {
		if n, err := a.Cloud().Queue(ctx, rows[i:i+1]); err != nil || n != 1 {
			t.Fatal(n, err)
		}
	}
	if n, err := both[0].Cloud().Queue(ctx, rows[:1]); n != 0 || err == nil || !strings.Contains(err.Error(), "on its way already") {
		t.Errorf("queued again: %d, %v", n, err)
	}
	if p, err := both[0].Cloud().Preview(ctx, rows[:1], nil); err != nil || p.Fits != 0 || len(p.Refused) != 1 {
		t.Errorf("looked at again: %+v, %v", p, err)
	}
	for _, a := range both {
		s.eventually("it is never analysed", func() bool {
			if err := a.Cloud().Work(ctx, nil); err != nil {
				t.Fatal(err)
			}
			jobs, err := a.Cloud().Jobs(ctx, 10)
			if err != nil || len(jobs) != 1 || jobs[0].State == catalog.JobFailed {
				t.Fatalf("%+v, %v", jobs, err)
			}
			return jobs[0].State == catalog.JobCompleted
		})
	}
	sync()
	var said []string
	for i, file := range files {
		db, err := catalog.Open(ctx, file)
		if err != nil {
			t.Fatal(err)
		}
		told, ok, err := db.Cloud(ctx, rows[i])
		if err := errors.Join(err, db.Close()); err != nil || !ok {
			t.Fatal(ok, err)
		}
		said = append(said, told.RemoteID+told.Description)
	}
	if said[0] != said[1] {
		t.Errorf("one machine shows %q, the other %q", said[0], said[1])
	}
	if conflicts, err := both[0].Cloud().Conflicts(ctx, 10); err != nil || len(conflicts) != 0 {
		t.Errorf("a person is asked to choose between %d fields, %v", len(conflicts), err)
	}
}

// noise is sound that a codec makes the smaller the lower its peak is.
func noise(seconds float64, peak float32) *pcm.Buffer {
	const rate = 48000
	r := rand.New(rand.NewPCG(5, 1))
	b := &pcm.Buffer{Rate: rate, Channels: 2, Samples: make([]float32, 2*int(seconds*rate))}
	for i := range b.Samples {
		b.Samples[i] = peak * (2*r.Float32() - 1)
	}
	return b
}

// The disk is full while a kept sound comes: that is said, it is no trouble of the server, and with
// room again the rest of it comes, not all of it.
func TestAFullDiskWhileAudioComes(t *testing.T) {
	s := newServer(t)
	ctx := t.Context()
	one := openDesk(t, s, s.url, false, nil)
	file := filepath.Join(t.TempDir(), "Noise.wav")
	codectest.WAV(t, file, noise(10, .05)) // 1.9 MB, packed 1.4
	row := onlySound(t, one, file)
	if err := one.Cloud().SetSync(ctx, true); err != nil {
		t.Fatal(err)
	}
	if err := one.Cloud().KeepSamples(ctx, []catalog.Row{row}, true); err != nil {
		t.Fatal(err)
	}
	for range 2 { // that it is there is told after it was sent
		if _, err := one.Cloud().Sync(ctx, nil); err != nil {
			t.Fatal(err)
		}
		if err := one.Cloud().SendKept(ctx); err != nil {
			t.Fatal(err)
		}
	}
	small := smallDisk(t, "1m")
	two := openDesk(t, s, s.url, false, nil)
	if err := two.UpdateSettings(func(k *settings.Settings) { k.Library.ManagedFolder = filepath.Join(small, "samples") }); err != nil {
		t.Fatal(err)
	}
	if _, err := two.Cloud().Sync(ctx, nil); err != nil {
		t.Fatal(err)
	}
	rows, err := two.Search(ctx, "", search.Sort{})
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	err = two.Cloud().Fetch(ctx, rows[0], nil)
	if state := two.Cloud().State(); err == nil || !strings.Contains(err.Error(), "no space left") || strings.Contains(err.Error(), "server") || !state.Online || state.Problem != "" {
		t.Fatalf("on a full disk: %v, state %+v", err, state)
	}
	came := int64(0)                            // the smallest count that was told: what was there before
	for _, size := range []string{"3m", "8m"} { // the file and what it was packed as do not fit the first
		if out, err := exec.Command("mount", "-o", "remount,size="+size, small).CombinedOutput(); err != nil {
			t.Skipf("%v: %s", err, out)
		}
		err = two.Cloud().Fetch(ctx, rows[0], func(got, _ int64) {
			if came == 0 {
				came = got
			}
		})
		if size == "3m" && (err == nil || !strings.Contains(err.Error(), "no space left")) {
			t.Fatalf("with room for the packed file alone: %v", err)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	if came < 512<<10 {
		t.Errorf("with room again it came from %d on", came)
	}
	got, err := two.Samples(ctx, rows)
	if err != nil {
		t.Fatal(err)
	}
	was, wasErr := os.ReadFile(file)
	now, nowErr := os.ReadFile(got[0].Path)
	if wasErr != nil || nowErr != nil || !bytes.Equal(was, now) {
		t.Errorf("another file came: %v %v", wasErr, nowErr)
	}
	left, err := filepath.Glob(filepath.Join(small, "samples", ".*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %q %v", left, err)
	}
}

// A file changes on the disk while it goes up, or had changed before: the server gets no sound under
// another one's name, the job says what to do, and sent again after an import it is taken.
func TestAFileThatChangesOnItsWayUp(t *testing.T) {
	s := newServer(t)
	ctx := t.Context()
	between := networkTo(t, s)
	a := openDesk(t, s, between.url, false, nil)
	file := filepath.Join(t.TempDir(), "Noise.wav")
	write := func(seconds float64) {
		t.Helper()
		var out bytes.Buffer
		// Floating point goes up as it lies on the disk, and is more than the network holds on its way.
		if err := codec.EncodeWAV(&out, noise(seconds, .9), codec.WAVOptions{PCMOptions: codec.PCMOptions{Bits: 32, Float: true}}); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(60)
	row := onlySound(t, a, file)
	job := func() (j cloud.Job) {
		t.Helper()
		if n, err := a.Cloud().Queue(ctx, []catalog.Row{row}); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		if err := a.Cloud().Work(ctx, nil); err != nil {
			t.Fatal(err)
		}
		all, err := a.Cloud().Jobs(ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		return all[0]
	}
	refused := func(when string) {
		t.Helper()
		j := job()
		if state := a.Cloud().State(); j.State != catalog.JobFailed || j.Remote != nil || !strings.Contains(j.Error, "has changed since it was analysed") || !state.Online || state.Problem != "" {
			t.Errorf("%s: %+v, state %+v", when, j, state)
		}
	}
	for when, change := range map[string]func() error{
		"overwritten": func() error {
			f, err := os.OpenFile(file, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteAt(make([]byte, 64<<10), 18<<20)
			return err
		},
		"cut": func() error { return os.Truncate(file, 15<<20) },
	} {
		var once sync.Once
		between.onRequest(func(r *http.Request) {
			if r.URL.Path == wire.PathUpload {
				once.Do(func() {
					if err := change(); err != nil { // before a byte of it is taken; the network holds some megabytes
						t.Error(err)
					}
				})
			}
		})
		refused(when + " on its way")
		between.onRequest(func(*http.Request) {})
		refused(when + " before")
		write(60)
	}
	if _, err := a.ImportNow(ctx, []string{file}, app.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	if j := job(); j.State == catalog.JobFailed || j.Remote == nil {
		t.Errorf("as it was: %+v", j)
	}
}
