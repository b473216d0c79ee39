package cloud

import (
	"context"
	"errors"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	app "sampleagent/app/cloud"
	"sampleagent/library/catalog"
	"sampleagent/sync/replica"
	"sampleagent/sync/session"
	"sampleagent/sync/wire"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// troubled is an account that has something to say on every page.
type troubled struct{ account }

func (*troubled) Bin(context.Context) ([]app.Deleted, error) {
	return []app.Deleted{{Object: "kit/1", Kind: "kit", Name: "Night Drive", At: now.Add(-time.Hour)},
		{Object: "collection/2", Kind: "collection", Name: "Dusty drums for the second record, with a long name that does not end so soon", At: now.AddDate(0, 0, -3)}}, nil
}

func (*troubled) Conflicts(context.Context, int) ([]app.Conflict, error) {
	return []app.Conflict{
		{Object: "sample/1", Field: "note", Name: "Attic Drums 90bpm", Shown: "for the bridge", ShownAt: now.Add(-time.Minute), Other: "for the second verse, where the band comes back in and everything is twice as loud", OtherAt: now.Add(-2 * time.Hour)},
		{Object: "kit/1", Field: "pad/A1", Name: "Night Drive", Shown: "Brick Kick", ShownAt: now.Add(-time.Hour), Other: "Cellar Kick", OtherAt: now.Add(-3 * time.Hour)},
	}, nil
}

func (*troubled) Held(context.Context) (app.Held, error) {
	return app.Held{SyncHeld: wire.SyncHeld{Samples: 37, Kits: 1, Fields: 412}}, nil
}

func (*troubled) Sessions(context.Context) ([]wire.Session, error) {
	return []wire.Session{{ID: "1", Kind: "desktop", Device: "studio", Current: true, LastUsedAt: now}, {ID: "2", Kind: "web", Device: "Firefox on Linux", LastUsedAt: now.Add(-time.Hour)}}, nil
}

// Every page says what stops and what was kept; CLOUD_PICTURES names a folder for pictures of them.
func TestPagesSayWhatStops(t *testing.T) {
	look := test.NewTempApp(t)
	mode := theme.Dark
	if os.Getenv("CLOUD_LIGHT") != "" {
		mode = theme.Light
	}
	look.Settings().SetTheme(theme.New(mode))
	who := session.Account{Server: "https://cloud.example.org", ID: "u1", Email: "producer@example.org"}
	pro := free()
	pro.Tier, pro.Limits.Sync = "pro", true
	for name, c := range map[string]struct {
		tab   Tab
		state app.State
		want  []string
	}{
		"conflicts": {Sync, app.State{Account: who, Kept: true, Online: true, Syncs: true, Details: pro, LastSync: now, Moved: replica.Result{Sent: 12, Received: 3}},
			[]string{"Night Drive · pad A1", "Brick Kick", "Cellar Kick", "deleted 13:00", "This library is synced"}},
		"stopped": {Sync, app.State{Account: who, Kept: true, Online: true, Syncs: true, Details: free()},
			[]string{"Sync has stopped", "Everything on this machine stays whole"}},
		"session-only": {Account, app.State{Account: who, Online: true, Details: free()},
			[]string{"no keyring that answers", "until the program ends", "Firefox on Linux"}},
		"privacy": {Privacy, app.State{Account: who, Kept: true, Online: true, Details: pro},
			[]string{"Names, tags, ratings, notes, what you typed, measured values, what the cloud said, collections, kits", "WHAT THE SERVER KEEPS OF YOU"}},
		"signed-out": {Account, app.State{Account: who, Kept: true, SignedOut: true, Problem: "The server has ended this sign-in. Everything on this machine stays as it is; sign in again to go on."},
			[]string{"Everything on this machine stays as it is", "Sign in again…"}},
	} {
		t.Run(name, func(t *testing.T) {
			core := &troubled{account{state: c.state}}
			m := NewModel(core, func(work func(context.Context) func()) {
				if apply := work(t.Context()); apply != nil {
					apply()
				}
			}, func(string) error { return nil })
			m.now = func() time.Time { return now }
			v := NewView(m, who.Server, Actions{})
			m.Open(c.tab)
			w := test.NewTempWindow(t, own.Inset(v.Root(), 14, 14))
			w.Resize(fyne.NewSize(980, 640))
			var said []string
			for _, o := range test.LaidOutObjects(v.Root()) {
				if !o.Visible() {
					continue
				}
				switch o := o.(type) {
				case *own.Label:
					said = append(said, o.Text)
				case *widget.Label:
					said = append(said, o.Text)
				case *own.IconButton:
					said = append(said, o.Text)
				}
			}
			all := strings.Join(said, "\n")
			for _, want := range c.want {
				if !strings.Contains(all, want) {
					t.Errorf("%q is not said in\n%s", want, all)
				}
			}
			if dir := os.Getenv("CLOUD_PICTURES"); dir != "" {
				f, err := os.Create(filepath.Join(dir, name+".png"))
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(png.Encode(f, w.Canvas().Capture()), f.Close()); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// The button that sends takes the keyboard once there is something to send, so that Enter sends.
func TestEnterSendsWhatWasLookedAt(t *testing.T) {
	test.NewTempApp(t)
	core := &account{state: app.State{Details: free()}}
	var work []func(context.Context) func()
	run := func(w func(context.Context) func()) { work = append(work, w) }
	q := NewQueue(core, run, []catalog.Row{1, 2})
	sent := 0
	root, first := NewQueueView(q, NewModel(core, run, nil), func() { sent++ }, func() {})
	w := test.NewTempWindow(t, root)
	w.Resize(fyne.NewSize(620, 360))
	w.Canvas().Focus(first) // as a dialog does: refused, for there is nothing to send yet
	for len(work) > 0 {
		next := work[0]
		work = work[1:]
		if apply := next(t.Context()); apply != nil {
			apply()
		}
	}
	focused := w.Canvas().Focused()
	if focused == nil {
		t.Fatal("nothing has the keyboard")
	}
	focused.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if sent != 1 {
		t.Errorf("Enter sent %d times", sent)
	}
}
