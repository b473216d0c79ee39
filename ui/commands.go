package ui

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sampleagent/app/settings"
	"sampleagent/app/words"
	"sampleagent/library/catalog"
	"sampleagent/ui/browser"
	"sampleagent/ui/shortcut"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// handlers says what each command of the table does. A test finds commands without one.
func (w *window) handlers() map[shortcut.ID]func() {
	all := map[shortcut.ID]func(){}
	for _, group := range []map[shortcut.ID]func(){w.fileHandlers(), w.editHandlers(), w.listenHandlers(), w.kitHandlers(), w.viewHandlers(), w.cloudHandlers()} {
		maps.Copy(all, group)
	}
	return all
}

func (w *window) fileHandlers() map[shortcut.ID]func() {
	return map[shortcut.ID]func(){
		shortcut.AddFolder: w.addFolder, shortcut.AddFiles: w.addFiles, shortcut.BringOver: w.bringOver,
		shortcut.WriteCard: w.writeCard, shortcut.ReadCard: w.readCard,
		shortcut.Exports: w.showExports,
		shortcut.Tasks:   w.showTasks, shortcut.Preferences: w.showPreferences, shortcut.Quit: w.close,
	}
}

// editHandlers change samples and collections.
func (w *window) editHandlers() map[shortcut.ID]func() {
	c := w.core
	rate := func(n int) func() {
		return func() {
			w.editChosen(func(ctx context.Context, rows []catalog.Row) error { return c.SetRating(ctx, rows, n) })
		}
	}
	return map[shortcut.ID]func(){
		shortcut.Undo: func() { w.history(c.Undo, "Undone", "There is nothing to undo") },
		shortcut.Redo: func() { w.history(c.Redo, "Done again", "There is nothing to redo") },
		shortcut.SelectAll: func() {
			w.list.FocusList()
			w.list.List.SelectAll()
		},
		shortcut.Favourite: w.toggleFavourite,
		shortcut.EditTags:  w.details.FocusTag, shortcut.EditTempo: w.details.FocusTempo, shortcut.EditKey: w.details.FocusKey,
		shortcut.HalfTempo: func() { w.editChosen(c.HalveTempo) }, shortcut.DoubleTempo: func() { w.editChosen(c.DoubleTempo) },
		shortcut.Reading1: w.reading(0), shortcut.Reading2: w.reading(1), shortcut.Reading3: w.reading(2), shortcut.Reading4: w.reading(3),
		shortcut.TapTempo: w.wave.Tap, shortcut.EditSound: w.wave.ToggleEditor,
		shortcut.Reanalyse: func() {
			w.editChosen(func(ctx context.Context, rows []catalog.Row) error {
				_, err := c.Reanalyse(ctx, rows)
				return err
			})
		},
		shortcut.Rename: w.rename, shortcut.Remove: w.remove,
		shortcut.ShowFile: w.showFile, shortcut.CopyPath: w.copyPaths, shortcut.Pin: w.pin,
		shortcut.NewList: w.newCollection,
		shortcut.MoveUp:  func() { w.shift(-1) }, shortcut.MoveDown: func() { w.shift(1) },
		shortcut.Rate0: rate(0), shortcut.Rate1: rate(1), shortcut.Rate2: rate(2), shortcut.Rate3: rate(3), shortcut.Rate4: rate(4), shortcut.Rate5: rate(5),
	}
}

// listenHandlers find sounds and play them.
func (w *window) listenHandlers() map[shortcut.ID]func() {
	c := w.core
	return map[shortcut.ID]func(){
		shortcut.Find:      w.list.FocusSearch,
		shortcut.ClearFind: func() { w.list.SetScope(browser.Scope{}); w.list.SetQuery(""); w.side.Mark("all") },
		shortcut.SaveFind:  w.saveSearch,
		shortcut.Similar: func() {
			if s := w.list.Current(); s != nil {
				w.list.SetScope(browser.Scope{})
				w.list.SetQuery("like:" + s.ID)
			}
		},
		shortcut.PlayPause: w.playPause, shortcut.Stop: c.Stop,
		shortcut.Loop: func() { c.SetLoop(!c.Transport().Loop); w.showTransport() },
		shortcut.AutoPlay: func() {
			on := !c.Settings().Playback.AutoPlay
			w.updateSettings(func(s *settings.Settings) { s.Playback.AutoPlay = on })
		},
		shortcut.ToggleSync: func() {
			on := !c.Settings().Playback.FollowTempo
			w.updateSettings(func(s *settings.Settings) { s.Playback.FollowTempo = on })
		},
	}
}

func (w *window) kitHandlers() map[shortcut.ID]func() {
	return map[shortcut.ID]func(){
		shortcut.NewKit:   func() { w.showTab("kit"); w.pads.AskNew() },
		shortcut.PutOnPad: func() { w.kits.Place(w.kits.Pad(), w.chosen) },
		shortcut.FillBank: w.fillBank,
		shortcut.NextBank: func() { w.kits.SetBank(w.kits.Bank() + 1) }, shortcut.PrevBank: func() { w.kits.SetBank(w.kits.Bank() - 1) },
		shortcut.EditPad: w.editPad, shortcut.Patterns: w.showPatterns, shortcut.StopPads: w.core.StopPads,
		shortcut.ClearPad: func() { w.kits.Clear(w.kits.Pad()) },
	}
}

// viewHandlers move the focus, zoom, and open what explains the program.
func (w *window) viewHandlers() map[shortcut.ID]func() {
	zoom := func(by float64) func() {
		return func() { w.wave.Waveform.Zoom(by, w.wave.Waveform.Middle()) }
	}
	return map[shortcut.ID]func(){
		shortcut.FocusPlaces:  func() { w.win.Canvas().Focus(w.side.Focusable()) },
		shortcut.FocusList:    w.list.FocusList,
		shortcut.FocusDetails: w.details.FocusTempo,
		shortcut.FocusPads:    func() { w.showTab("kit"); w.win.Canvas().Focus(w.pads.Grid) },
		shortcut.ZoomIn:       zoom(0.5), shortcut.ZoomOut: zoom(2), shortcut.ZoomAll: w.wave.Waveform.ZoomAll,
		shortcut.ToggleLight: func() {
			next := string(theme.Light)
			if theme.IsLight() {
				next = string(theme.Dark)
			}
			w.updateSettings(func(s *settings.Settings) { s.Window.Theme = next })
		},
		shortcut.FullScreen: func() { w.win.SetFullScreen(!w.win.FullScreen()) },
		shortcut.Help:       w.showHelp, shortcut.Doctor: w.showDoctor, shortcut.About: w.showAbout,
	}
}

func (w *window) cloudHandlers() map[shortcut.ID]func() {
	return map[shortcut.ID]func(){
		shortcut.Cloud: func() { w.showCloud(w.cloud.Tab()) }, shortcut.CloudQueue: w.analyseInCloud,
		shortcut.CloudKeep:  func() { w.keepInCloud(true) },
		shortcut.CloudDrop:  func() { w.keepInCloud(false) },
		shortcut.CloudFetch: w.fetchFromCloud, shortcut.CloudKit: w.keepKit,
	}
}

// toggleFavourite makes all that is chosen what the one under the cursor is not.
func (w *window) toggleFavourite() {
	if s := w.list.Current(); s != nil {
		on := !s.Favourite
		w.editChosen(func(ctx context.Context, rows []catalog.Row) error { return w.core.SetFavourite(ctx, rows, on) })
	}
}

func (w *window) rename() {
	if s := w.list.Current(); s != nil {
		row := s.Row
		w.ask("Rename", "The name in the library; the file keeps its own", s.Name, func(name string) {
			w.edit(func(ctx context.Context) error { return w.core.Rename(ctx, row, name) })
		})
	}
}

// remove takes what is chosen out of the collection that is shown, or else out of the library.
func (w *window) remove() {
	if n := len(w.chosen); n > 0 && !w.takeOut(w.chosen) {
		rows := w.chosen
		w.confirm("Remove "+words.Count(n, "sample", "samples")+" from the library?", "The files stay where they are.", func() {
			w.edit(func(ctx context.Context) error { return w.core.Remove(ctx, rows) })
		})
	}
}

// analyse hears all samples of a query (again).
func (w *window) analyse(query string) {
	w.edit(func(ctx context.Context) error {
		rows, err := w.core.Search(ctx, query, browser.Sort{By: "added"})
		if err == nil {
			_, err = w.core.Reanalyse(ctx, rows)
		}
		return err
	})
}

// pin keeps the chosen samples at hand in the sidebar; all of them being there already, it takes
// them out.
func (w *window) pin() {
	rows, ok := w.anyChosen()
	if !ok {
		return
	}
	w.pump.run(func(ctx context.Context) func() {
		found, err := w.core.Samples(ctx, rows)
		if err != nil {
			return func() { w.fail(err) }
		}
		said := words.Count(len(found), "sample", "samples")
		err = w.core.UpdateSettings(func(s *settings.Settings) {
			left := slices.DeleteFunc(slices.Clone(s.Window.Pinned), func(id string) bool {
				return slices.ContainsFunc(found, func(f catalog.Sample) bool { return f.ID == id })
			})
			if len(left)+len(found) == len(s.Window.Pinned) {
				s.Window.Pinned, said = left, "Unpinned: "+said
				return
			}
			for _, f := range found {
				left = append(left, f.ID)
			}
			s.Window.Pinned, said = left, "Pinned: "+said
		})
		return func() {
			if err != nil {
				w.fail(err)
				return
			}
			w.readPlaces()
			w.toast.show(said, theme.Text)
		}
	})
}

// reading takes another reading of the tempo than the one that stands.
func (w *window) reading(i int) func() {
	return func() {
		if all := w.look.Candidates(); i < len(all) {
			w.look.TakeReading(all[i])
			w.toast.show("Tempo set to "+browser.Tempo(all[i].BPM), theme.Text)
			return
		}
		w.toast.show("There is no such reading of this tempo", theme.Text)
	}
}

// run carries a command out. While a text is typed, undo, redo and select all are the text's.
func (w *window) run(id shortcut.ID) {
	if field, ok := w.typing(); ok {
		switch id {
		case shortcut.Undo:
			field.TypedShortcut(&fyne.ShortcutUndo{})
			return
		case shortcut.Redo:
			field.TypedShortcut(&fyne.ShortcutRedo{})
			return
		case shortcut.SelectAll:
			field.TypedShortcut(&fyne.ShortcutSelectAll{})
			return
		}
	}
	if own.DialogOpen(w.win.Canvas()) {
		return // keys and menus are not for what lies behind a dialog
	}
	if f := w.commands[id]; f != nil {
		f()
	}
}

// anyChosen is the chosen samples; without one it asks for one.
func (w *window) anyChosen() (rows []catalog.Row, ok bool) {
	if len(w.chosen) == 0 {
		w.toast.show("Select a sample first", theme.Text)
	}
	return w.chosen, len(w.chosen) > 0
}

// editChosen runs a change of all chosen samples.
func (w *window) editChosen(change func(ctx context.Context, rows []catalog.Row) error) {
	if rows, ok := w.anyChosen(); ok {
		w.edit(func(ctx context.Context) error { return change(ctx, rows) })
	}
}

func (w *window) history(step func(context.Context) (string, error), done, nothing string) {
	w.pump.run(func(ctx context.Context) func() {
		name, err := step(ctx)
		return func() {
			switch {
			case err != nil:
				w.fail(err)
			case name == "":
				w.toast.show(nothing, theme.TextDim)
			default:
				w.toast.show(done+": "+lowerFirst(name), theme.Text)
			}
		}
	})
}

// ---- menu and keys

// menu makes the menu bar from the table. Fyne gives a menu's keys precedence over the focused
// widget, which is what commands with a modifier need.
func (w *window) menu() *fyne.MainMenu {
	var groups []string
	items := map[string][]*fyne.MenuItem{}
	for _, c := range shortcut.Table(w.os) {
		if !c.Menu {
			continue
		}
		if items[c.Group] == nil {
			groups = append(groups, c.Group)
		}
		item := fyne.NewMenuItem(c.Title, func() { w.run(c.ID) })
		if c.Key != "" && c.Where == shortcut.Always && c.Mod != 0 {
			item.Shortcut = sameAsFyne(&desktop.CustomShortcut{KeyName: c.Key, Modifier: c.Mod})
		}
		item.IsQuit = c.ID == shortcut.Quit
		w.menuItems[c.ID] = item
		items[c.Group] = append(items[c.Group], item)
	}
	main := fyne.NewMainMenu()
	for _, g := range groups {
		main.Items = append(main.Items, fyne.NewMenu(g, items[g]...))
	}
	return main
}

// sameAsFyne uses Fyne's own shortcuts where the driver would make one of these keys.
func sameAsFyne(s *desktop.CustomShortcut) fyne.Shortcut {
	if s.Modifier == fyne.KeyModifierShortcutDefault {
		switch s.KeyName {
		case fyne.KeyZ:
			return &fyne.ShortcutUndo{}
		case fyne.KeyY:
			return &fyne.ShortcutRedo{}
		case fyne.KeyA:
			return &fyne.ShortcutSelectAll{}
		}
	}
	return s
}

// addShortcuts gives keys to commands that do not stand in the menu, and to those without a
// modifier when nothing has the focus.
func (w *window) addShortcuts() {
	c := w.win.Canvas()
	for _, cmd := range shortcut.Table(w.os) {
		if !cmd.Menu && cmd.Where == shortcut.Always && cmd.Mod != 0 {
			c.AddShortcut(&desktop.CustomShortcut{KeyName: cmd.Key, Modifier: cmd.Mod}, func(fyne.Shortcut) { w.run(cmd.ID) })
		}
	}
	c.SetOnTypedKey(func(e *fyne.KeyEvent) {
		if own.DialogOpen(c) {
			if e.Name == fyne.KeyEscape {
				own.Escape(c)
			}
			return
		}
		if e.Name == fyne.KeyEscape && !w.screens.home.Visible() {
			w.showHome()
			return
		}
		if !w.plainKey(e) && (e.Name == fyne.KeyDown || e.Name == fyne.KeyUp) {
			chosen := w.list.List.Selection().Cursor() >= 0
			w.list.FocusList()
			if chosen {
				w.list.List.TypedKey(e)
			}
		}
	})
}

// plainKey carries out the command of a key without modifier in the list, or where nothing has
// the focus.
func (w *window) plainKey(e *fyne.KeyEvent) bool {
	for _, cmd := range shortcut.Table(w.os) {
		if cmd.Key != e.Name || cmd.Mod != 0 {
			continue
		}
		if cmd.Where == shortcut.Always || cmd.Where == shortcut.InList {
			w.run(cmd.ID)
			return true
		}
	}
	return false
}

// padKey is plainKey while the pads have the focus: Enter plays there.
func (w *window) padKey(e *fyne.KeyEvent) bool {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeyDelete, fyne.KeyBackspace:
		return false
	}
	return w.plainKey(e)
}

// ---- what can be done with rows

func (w *window) rowMenu(rows []catalog.Row, at fyne.Position) {
	n := len(rows)
	if n == 0 {
		return
	}
	item := func(title string, id shortcut.ID) *fyne.MenuItem {
		return fyne.NewMenuItem(title, func() { w.run(id) })
	}
	add := fyne.NewMenuItem("Add to collection", nil)
	add.ChildMenu = fyne.NewMenu("", w.collectionItems(rows)...)
	put := fyne.NewMenuItem("Put on pad "+w.kits.Slot().String(), func() { w.kits.Place(w.kits.Pad(), rows) })
	if n > 1 {
		put.Label = fmt.Sprintf("Put %d on pads from %s", n, w.kits.Slot())
	}
	remove := item("Remove from the library", shortcut.Remove)
	if scope := w.search.Scope(); scope.Collection != "" {
		remove.Label = "Take out of " + scope.Title
	}
	menu := fyne.NewMenu("",
		item("Play", shortcut.PlayPause), put, item("Sounds like this", shortcut.Similar),
		fyne.NewMenuItemSeparator(),
		item("Favourite", shortcut.Favourite), item("Pin or unpin", shortcut.Pin), item("Add tags", shortcut.EditTags), add,
		fyne.NewMenuItemSeparator(),
		item("Half the tempo", shortcut.HalfTempo), item("Twice the tempo", shortcut.DoubleTempo), item("Set tempo", shortcut.EditTempo), item("Set key", shortcut.EditKey),
		fyne.NewMenuItemSeparator(),
		item("Analyse in the cloud…", shortcut.CloudQueue), item("Keep in the cloud", shortcut.CloudKeep), item("Make available here", shortcut.CloudFetch),
		fyne.NewMenuItemSeparator(),
		item("Trim, reverse, fade, chop…", shortcut.EditSound), item("Rename…", shortcut.Rename), item("Show the file in its folder", shortcut.ShowFile),
		item("Copy where the file lies", shortcut.CopyPath), item("Analyse again", shortcut.Reanalyse), remove,
	)
	widget.ShowPopUpMenuAtPosition(menu, w.win.Canvas(), at)
}

// showTab shows a panel of the right side.
func (w *window) showTab(tab string) { w.dock.show(tab) }

// ---- searches that are kept

// remember puts a query at the head of the past ones.
func remember(s *settings.Settings, text string) {
	past := []string{text}
	for _, q := range s.Search.Past {
		if !strings.EqualFold(q, text) {
			past = append(past, q)
		}
	}
	s.Search.Past = past[:min(len(past), max(0, s.Search.Recent))]
}

// pastSearches offers the searches that ended with Enter, the newest first.
func (w *window) pastSearches(below fyne.CanvasObject) {
	var items []*fyne.MenuItem
	for _, q := range w.core.Settings().Search.Past {
		items = append(items, fyne.NewMenuItem(q, func() { w.list.SetQuery(q) }))
	}
	if len(items) == 0 {
		items = append(items, fyne.NewMenuItem("Searches that end with Enter are remembered here", nil))
		items[0].Disabled = true
	}
	d := fyne.CurrentApp().Driver()
	menu := widget.NewPopUpMenu(fyne.NewMenu("", items...), w.win.Canvas())
	at := d.AbsolutePositionForObject(below).AddXY(0, below.Size().Height+4)
	at.X = min(at.X, w.win.Canvas().Size().Width-menu.MinSize().Width-8)
	menu.ShowAtPosition(at)
}
