package ui

import (
	"context"
	"errors"
	"runtime"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"sampleagent/app"
	"sampleagent/app/event"
	"sampleagent/app/settings"
	"sampleagent/app/task"
	"sampleagent/audio/waveform"
	"sampleagent/library/catalog"
	"sampleagent/ui/browser"
	"sampleagent/ui/card"
	"sampleagent/ui/cloud"
	"sampleagent/ui/inspector"
	"sampleagent/ui/kit"
	"sampleagent/ui/shortcut"
	"sampleagent/ui/theme"
	"sampleagent/ui/transport"
	own "sampleagent/ui/widget"
)

// window is the program's one main window: the screens, wired to the core and to each other.
type window struct {
	core Core
	app  fyne.App
	win  fyne.Window
	pump *pump
	os   string // GOOS, whose keys are shown

	search  *browser.Model
	list    *browser.View
	side    *browser.Sidebar
	look    *inspector.Model
	wave    *inspector.Wave
	details *inspector.Details
	kits    *kit.Model
	pads    *kit.View
	bar     *transport.View
	card    *card.Model // nil while no card is written
	screens *screens
	reader  *card.Reader // nil while no card is read
	over    *own.Overlay
	toast   *toast

	left, middle, right *own.Split
	dock                *dock
	undo, redo          *own.IconButton
	cloud               *cloud.Model
	cloudButton         *own.IconButton
	cloudOpen           bool              // the account's screen is shown
	plans               *cloud.PlanModel  // nil while the plans are not shown
	cloudEnds           []event.CloudDone // not told yet
	commands            map[shortcut.ID]func()
	menuItems           map[shortcut.ID]*fyne.MenuItem

	chosen      []catalog.Row
	lookPeaks   *waveform.Peaks
	cursor      *fyne.Animation // runs while something plays
	ticked      time.Time       // when the cursor was moved last
	lastCount   catalog.Counts
	keptKit     string           // the open kit, as the settings have it
	tasks       *taskList        // nil while it is not shown
	told        map[task.ID]bool // tasks whose end was told
	placesOf    places
	placing     bool // places are being read
	placeAgain  bool // and are to be read once more
	detach      func()
	closing     bool
	lastDir     string // where a file or folder was chosen last
	reloading   bool   // the list will be read again soon
	rowsChanged bool   // and rows came or went
}

// newWindow builds the window and starts the pump; show makes it visible.
func newWindow(core Core, a fyne.App, do func(func())) *window {
	w := &window{core: core, app: a, pump: newPump(do), os: runtime.GOOS, menuItems: map[shortcut.ID]*fyne.MenuItem{}}
	s := core.Settings()
	a.Settings().SetTheme(theme.New(theme.Mode(s.Window.Theme)))
	w.win = a.NewWindow("Sample Agent")
	w.win.SetIcon(theme.Icon("app", theme.Accent))
	w.win.SetMaster()
	w.build(s)
	w.commands = w.handlers()
	w.win.SetMainMenu(w.menu())
	w.addShortcuts()
	w.win.SetOnDropped(func(at fyne.Position, uris []fyne.URI) {
		var paths []string
		for _, u := range uris {
			paths = append(paths, u.Path())
		}
		w.dropped(at, paths)
	})
	w.win.SetCloseIntercept(w.close)
	w.win.Resize(fyne.NewSize(float32(s.Window.Width), float32(s.Window.Height)))
	w.win.SetFullScreen(s.Window.FullScreen)
	w.pump.start(core.Subscribe().C(), w.handle)
	w.start(s)
	return w
}

func (w *window) build(s settings.Settings) {
	w.over = own.NewOverlay()
	w.toast = newToast()
	w.buildBrowser()
	w.buildInspector()
	w.kits = kit.NewModel(w.core, w.pump.run)
	w.pads = kit.NewView(w.kits, kit.Actions{
		WriteCard: w.writeCard, Ask: w.ask, Confirm: w.confirm, Show: w.showSample, Key: w.padKey,
		Fill: w.fillBank, Edit: w.editPad, Patterns: w.showPatterns,
	})
	w.kits.OnFailure = w.fail
	w.buildTransport()
	w.buildCloud()
	w.screens = newScreens(w, w.panels(s))
	content := own.Below(own.SplitGap, 1, w.topBar(), w.screens.root, w.bar.Root())
	root := container.NewStack(own.NewGround(theme.Window, 0), own.Inset(content, 6, 6), w.toast.layer, w.over.Container)
	w.win.SetContent(root)
	w.detach = w.over.Attach(w.win.Canvas())
}

// buildBrowser makes the list and the sidebar.
func (w *window) buildBrowser() {
	w.search = browser.NewModel(w.core, w.pump.run)
	w.list = browser.NewView(w.search, browser.Actions{
		Audition: func(row catalog.Row) {
			if w.core.Settings().Playback.AutoPlay {
				w.core.Audition(row, app.Audition{})
			}
		},
		Silence:  func() { w.core.Stop() },
		Selected: w.selected,
		Activate: func(rows []catalog.Row) { w.kits.Place(w.kits.Pad(), rows) },
		Favourite: func(rows []catalog.Row, on bool) {
			w.edit(func(ctx context.Context) error { return w.core.SetFavourite(ctx, rows, on) })
		},
		Menu:     w.rowMenu,
		Dragging: w.dragging,
		Dropped:  w.letGo,
		Key:      w.plainKey,
		Remembered: func(text string) {
			w.updateSettings(func(s *settings.Settings) { remember(s, text) })
		},
		AddFolder: w.addFolder,
		TryDemo:   w.tryDemo,
		Failure:   w.fail,
		CompatibleWith: func() string {
			if s := w.list.Current(); s != nil {
				return s.Key
			}
			return ""
		},
	})
	w.side = browser.NewSidebar(w.goTo, w.pump.run)
}

// buildInspector makes the waveform and the values of what is selected.
func (w *window) buildInspector() {
	w.look = inspector.NewModel(w.core, w.peaksOf, w.pump.run)
	w.wave = inspector.NewWave(w.look, w.seek, w.playPart, inspector.Editing{Preview: w.core.PreviewReshape, Make: w.reshape})
	w.wave.OnTap = w.core.Tap
	w.details = inspector.NewDetails(w.look, w.askSource, func(field fyne.Focusable) {
		w.showTab("details")
		w.win.Canvas().Focus(field)
	})
	w.wave.OnTempo = w.details.FocusTempo
	w.look.OnChanged = func() {
		w.wave.Refresh()
		if w.dock.showsDetails() { // else when they come into sight
			w.details.Refresh()
		}
	}
	w.look.OnFailure = w.fail
}

// buildTransport makes the bar at the window's foot.
func (w *window) buildTransport() {
	w.bar = transport.NewView(transport.Core{
		TogglePlay: w.playPause, Stop: w.core.Stop,
		SetLoop:     func(on bool) { w.core.SetLoop(on); w.showTransport() },
		SetAutoPlay: func(on bool) { w.updateSettings(func(s *settings.Settings) { s.Playback.AutoPlay = on }) },
		SetFollow:   func(on bool) { w.updateSettings(func(s *settings.Settings) { s.Playback.FollowTempo = on }) },
		SetTempo:    func(bpm float64) { w.updateSettings(func(s *settings.Settings) { s.Playback.SessionTempo = bpm }) },
		SetKey: func(key string) {
			w.updateSettings(func(s *settings.Settings) {
				s.Playback.FollowKey = key != ""
				if key != "" {
					s.Playback.SessionKey = key
				}
			})
		},
		SetVolume: func(v float64) { w.core.SetVolume(v); w.showTransport() },
		PauseTask: w.core.PauseTask, ResumeTask: w.core.ResumeTask, CancelTask: w.core.CancelTask,
		ShowTasks: w.showTasks,
	})
}

// panels lays sidebar, list, waveform and dock out with splitters between them, whose places the
// settings keep.
func (w *window) panels(s settings.Settings) fyne.CanvasObject {
	extent := func(name string, def float32) float32 {
		if v, ok := s.Window.Splits[name]; ok && v > 0 {
			return float32(v) * splitUnit
		}
		return def
	}
	moved := func(name string) func(float32) {
		return func(e float32) {
			w.updateSettings(func(s *settings.Settings) {
				if s.Window.Splits == nil {
					s.Window.Splits = map[string]float64{}
				}
				s.Window.Splits[name] = float64(e) / splitUnit
			})
		}
	}
	w.dock = newDock(w.pads.Root(), w.details.Root(), s.Window.Tab, func(tab string) {
		w.updateSettings(func(s *settings.Settings) { s.Window.Tab = tab })
	})
	w.dock.onDetails = w.details.Refresh
	w.middle = own.NewSplit(true, w.list.Root(), w.wave.Root(), 1, extent("wave", 218), 130)
	w.middle.OnMoved = moved("wave")
	w.right = own.NewSplit(false, w.middle, w.dock.root, 1, extent("dock", 408), 340)
	w.right.OnMoved = moved("dock")
	w.left = own.NewSplit(false, w.side.Root(), w.right, 0, extent("side", 196), 150)
	w.left.OnMoved = moved("side")
	wideDock := extent("dock-wide", 800)
	return container.New(&responsive{change: func(wide bool) {
		w.dock.setWide(wide)
		if wide {
			w.right.OnMoved = moved("dock-wide")
			w.right.SetExtent(extent("dock-wide", wideDock))
		} else {
			w.right.OnMoved = moved("dock")
			w.right.SetExtent(extent("dock", 408))
		}
	}}, w.left)
}

// splitUnit makes a share of 0 to 1 of a splitter's pixels, which is what the settings keep.
const splitUnit = 4000

func (w *window) topBar() fyne.CanvasObject {
	add := own.NewTextButton("import", "Add", "Add a folder of samples   "+w.keys(shortcut.AddFolder), w.addFolder)
	w.undo = own.NewIconButton("undo", "Undo   "+w.keys(shortcut.Undo), func() { w.run(shortcut.Undo) })
	w.redo = own.NewIconButton("redo", "Redo   "+w.keys(shortcut.Redo), func() { w.run(shortcut.Redo) })
	prefs := own.NewIconButton("settings", "Preferences   "+w.keys(shortcut.Preferences), func() { w.run(shortcut.Preferences) })
	help := own.NewIconButton("help", "Keys and search words   "+w.keys(shortcut.Help), func() { w.run(shortcut.Help) })
	save := own.NewIconButton("star", "Save this search   "+w.keys(shortcut.SaveFind), func() { w.run(shortcut.SaveFind) })
	var past *own.IconButton
	past = own.NewIconButton("clock", "Past searches", func() { w.pastSearches(past) })
	return own.Beside(6, 1, add, w.list.Search, past, save, w.undo, w.redo, w.cloudButton, help, prefs)
}

func (w *window) keys(id shortcut.ID) string {
	c, _ := shortcut.ByID(w.os, id)
	return c.Keys(w.os)
}

// start fills the screens with what was there last time.
func (w *window) start(s settings.Settings) {
	query := s.Window.Query
	w.list.Search.Text = query
	w.list.Search.CursorColumn = len([]rune(query))
	w.search.Start(query, browser.Scope{}, browser.Sort{By: s.Search.Sort, Down: s.Search.Descending})
	w.list.SetQuery(query)
	w.kits.Start(s.Window.Kit, s.Window.Bank)
	w.kits.OnChange(w.rememberKit)
	w.readPlaces()
	w.showTransport()
	w.showHistory()
	w.showWork()
	for _, n := range w.core.Notices() {
		w.toast.show(n, theme.Warn)
	}
}

// close remembers the window and ends in order: screens, pump, then Fyne.
func (w *window) close() {
	if w.closing {
		return
	}
	w.closing = true
	size := w.win.Canvas().Size()
	k, _ := w.kits.Kit()
	err := w.core.UpdateSettings(func(s *settings.Settings) {
		if !w.win.FullScreen() {
			s.Window.Width, s.Window.Height = float64(size.Width), float64(size.Height)
		}
		s.Window.FullScreen = w.win.FullScreen()
		s.Window.Kit, s.Window.Bank = k.ID, w.kits.Bank()
		s.Window.Query = w.search.Text()
		s.Search.Sort, s.Search.Descending = w.search.KeptSort().By, w.search.KeptSort().Down
	})
	if err != nil {
		fyne.LogError("settings were not kept", err)
	}
	w.stopCursor()
	w.core.Stop()
	w.pump.stop()
	w.detach()
	w.win.SetCloseIntercept(nil)
	w.win.Close()
}

// ---- events

func (w *window) handle(e event.Event) {
	switch e := e.(type) {
	case event.LibraryChanged:
		w.libraryChanged(e)
	case event.CollectionsChanged:
		w.readPlaces()
		if w.search.Scope().Query != "" {
			w.search.Reload() // what is in a collection, or its order, changed
		}
	case event.TaskChanged:
		w.taskChanged(e.Status)
	case event.TransportChanged:
		w.showTransport()
	case event.KitChanged:
		w.kits.KitChanged(e.ID)
	case event.KitsChanged:
		w.kits.Reload()
	case event.HistoryChanged:
		w.showHistory()
	case event.SettingsChanged:
		w.settingsChanged()
	case event.CloudChanged:
		w.cloudChanged()
	case event.CloudDone:
		w.cloudDone(e)
	case event.Message:
		colour := theme.Text
		if e.Level == event.Warning {
			colour = theme.Warn
		}
		if e.Level == event.Problem {
			colour = theme.Bad
		}
		w.toast.show(e.Text, colour)
	case event.Lagged:
		w.search.Reload()
		w.kits.Reload()
		w.readPlaces()
	}
}

// libraryChanged shows what changed. An import changes the library many times a second: values
// of rows are read again at once, lists and counts a few times a second.
func (w *window) libraryChanged(e event.LibraryChanged) {
	c := e.Change
	if len(c.Updated) > 0 {
		w.search.Changed(c.Updated)
		w.rowsChanged = w.rowsChanged || w.search.Query() != "" // a value may decide what is found
		w.look.Refresh(c.Updated)
		w.kits.SamplesChanged()
	}
	if c.Many || len(c.Added)+len(c.Removed) > 0 {
		w.rowsChanged = true
		w.lookAgain()
	}
	if w.reloading {
		return
	}
	w.reloading = true
	w.pump.run(func(ctx context.Context) func() {
		select {
		case <-time.After(reloadPause):
		case <-ctx.Done():
			return nil
		}
		return func() {
			w.reloading = false
			if w.rowsChanged {
				w.rowsChanged = false
				w.search.Reload()
			}
			w.readPlaces()
		}
	})
}

// lookAgain shows the looked-at sample anew, or nothing once it has left the library.
func (w *window) lookAgain() {
	s := w.look.Sample()
	if s == nil {
		return
	}
	row := s.Row
	w.pump.run(func(ctx context.Context) func() {
		_, err := w.core.Sample(ctx, row)
		return func() {
			if s := w.look.Sample(); s == nil || s.Row != row {
				return
			}
			if !errors.Is(err, catalog.ErrNotFound) {
				w.look.Refresh(nil)
				return
			}
			if w.core.Transport().Row == row {
				w.core.Stop()
			}
			w.list.SelectNone()
		}
	})
}

// reloadPause is the least time between two readings of the list while the library changes.
const reloadPause = 250 * time.Millisecond

func (w *window) settingsChanged() {
	s := w.core.Settings()
	if t, ok := w.app.Settings().Theme().(*theme.Theme); !ok || string(t.Mode()) != s.Window.Theme {
		w.app.Settings().SetTheme(theme.New(theme.Mode(s.Window.Theme)))
		w.win.Content().Refresh()
	}
	w.showTransport()
}

func (w *window) showHistory() {
	undo, redo := w.core.History()
	name := func(what, of string) string {
		if of == "" {
			return what
		}
		return what + " " + of
	}
	w.undo.SetOff(undo == "")
	w.redo.SetOff(redo == "")
	w.undo.Hint = name("Undo", lowerFirst(undo)) + "   " + w.keys(shortcut.Undo)
	w.redo.Hint = name("Redo", lowerFirst(redo)) + "   " + w.keys(shortcut.Redo)
}

func lowerFirst(s string) string {
	if s == "" {
		return ""
	}
	return string([]rune(s)[:1][0]|0x20) + string([]rune(s)[1:])
}

// ---- selection

func (w *window) selected(rows []catalog.Row) {
	w.chosen = rows
	first := w.list.Current()
	if len(rows) > 0 && (first == nil || !contains(rows, first.Row)) {
		first = nil
	}
	if first != nil {
		ordered := append([]catalog.Row{first.Row}, without(rows, first.Row)...)
		w.look.Show(ordered, first)
		return
	}
	w.look.Show(rows, nil)
}

func contains(rows []catalog.Row, r catalog.Row) bool {
	for _, x := range rows {
		if x == r {
			return true
		}
	}
	return false
}

func without(rows []catalog.Row, r catalog.Row) []catalog.Row {
	out := make([]catalog.Row, 0, len(rows))
	for _, x := range rows {
		if x != r {
			out = append(out, x)
		}
	}
	return out
}

// peaksOf reads prepared peaks away from the UI goroutine; drawing then only looks them up.
func (w *window) peaksOf(ctx context.Context, row catalog.Row) (inspector.Peaks, error) {
	p, err := w.core.Peaks(ctx, row)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return nil, errors.New("no waveform yet")
	}
	d := &drawing{peaks: p}
	w.pump.post(func() {
		w.lookPeaks = p
		w.lookCloser(row, d)
	})
	return d.columns, nil
}

// lookCloser gives a drawing the sound itself once it is decoded; the peaks do not wait for it.
func (w *window) lookCloser(row catalog.Row, d *drawing) {
	shown := func() bool { return len(w.chosen) > 0 && w.chosen[0] == row }
	if !shown() {
		return // the selection has moved on
	}
	w.pump.run(func(ctx context.Context) func() {
		sound, err := w.core.Sound(ctx, row)
		if err != nil {
			return nil // its peaks are known: a file that is gone now is drawn all the same
		}
		return func() {
			d.sound = sound
			if shown() {
				w.wave.Refresh()
			}
		}
	})
}

// showSample selects a sample in the list, and finds it if it is not listed.
func (w *window) showSample(id string) {
	w.pump.run(func(ctx context.Context) func() {
		s, err := w.core.SampleByID(ctx, id)
		if err != nil {
			return func() { w.fail(err) }
		}
		return func() {
			line := w.search.Line(s.Row)
			if line < 0 {
				w.list.SetScope(browser.Scope{})
				w.list.SetQuery("id:" + id)
				w.selectWhenFound(s)
				return
			}
			w.list.List.Select(line)
			w.selected([]catalog.Row{s.Row})
		}
	})
}

func (w *window) selectWhenFound(s catalog.Sample) {
	w.chosen = []catalog.Row{s.Row}
	w.look.Show(w.chosen, &s)
}

// ---- small tools

// edit runs a change in the background and tells what failed; the event of the change redraws.
func (w *window) edit(change func(ctx context.Context) error) {
	w.pump.run(func(ctx context.Context) func() {
		if err := change(ctx); err != nil {
			return func() { w.fail(err) }
		}
		return nil
	})
}

func (w *window) fail(err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	w.toast.show(err.Error(), theme.Bad)
}

func (w *window) focused() fyne.Focusable { return w.win.Canvas().Focused() }

// typing says whether a text field has the focus: it then keeps the keys it knows.
func (w *window) typing() (fyne.Shortcutable, bool) {
	switch f := w.focused().(type) {
	case *own.PadGrid: // it copies and pastes pads, and leaves the rest to the commands
		return nil, false
	case *widget.Entry:
		return f, true
	case *own.Entry:
		return f, true
	case *browser.SearchField:
		return f, true
	case fyne.Shortcutable:
		return f, true
	}
	return nil, false
}
