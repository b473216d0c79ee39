package ui

import (
	"fmt"
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"sampleagent/app"
	"sampleagent/app/settings"
	"sampleagent/app/task"
	"sampleagent/ui/browser"
	"sampleagent/ui/card"
	"sampleagent/ui/shortcut"
	"sampleagent/ui/theme"
	"sampleagent/ui/transport"
	own "sampleagent/ui/widget"
)

// taskChanged shows what a task is at, and says how it ended.
func (w *window) taskChanged(t task.Status) {
	if w.card != nil {
		w.card.Task(t)
	}
	if w.reader != nil {
		w.reader.Task(t)
	}
	w.showWork()
	if w.tasks != nil {
		w.tasks.refresh(w.core.Tasks())
	}
	if !t.State.Final() || w.told[t.ID] {
		return
	}
	if w.told == nil {
		w.told = map[task.ID]bool{}
	}
	w.told[t.ID] = true
	w.readPlaces() // what is left waiting is called otherwise now
	colour := theme.Text
	text := transport.Ended(t)
	if read, ok := t.Result.(*app.CardRead); ok && len(read.Kits) > 0 {
		text += " " + w.openRead(read.Kits)
	}
	switch {
	case t.State == task.Failed:
		colour = theme.Bad
	case t.State == task.Cancelled && t.FailureCount > 0:
		text += fmt.Sprintf(" %d could not be read: %s shows why.", t.FailureCount, w.keys(shortcut.Tasks))
	case t.FailureCount > 0:
		colour = theme.Warn
		text += fmt.Sprintf(" %s shows why.", w.keys(shortcut.Tasks))
	}
	if w.card == nil || w.card.Step() == card.Choosing {
		w.toast.show(text, colour)
	}
}

// openRead opens the first of the kits that came from a card, and says so.
func (w *window) openRead(kits []app.KitInfo) string {
	said := fmt.Sprintf("%s is open.", kits[0].Name)
	if len(kits) > 1 {
		said += fmt.Sprintf(" The list of kits has the other %d.", len(kits)-1)
	}
	w.kits.Open(kits[0].ID)
	w.showTab("kit")
	if w.reader != nil {
		w.reader.Say(said)
	}
	return said
}

// showWork shows the task that is busy in the bar; a running one before a waiting one.
func (w *window) showWork() {
	var busy *task.Status
	for _, t := range w.core.Tasks() {
		if t.State.Final() {
			continue
		}
		if busy == nil || busy.State == task.Waiting && t.State != task.Waiting {
			busy = &t
		}
	}
	w.bar.Work(busy)
}

// taskList is the dialog of everything that is or was done, with the failures and their reasons.
type taskList struct {
	w    *window
	box  *fyne.Container
	none *own.Label
}

func (w *window) showTasks() {
	if w.tasks != nil {
		return
	}
	l := &taskList{w: w, box: own.Below(14, -1), none: own.NewLabel("Nothing is being done. Imports and cards show their progress here.")}
	l.none.Colour = theme.TextDim
	var hide func()
	closing := func() {
		hide()
		w.tasks = nil
	}
	done := own.NewTextButton("", "Close", "", closing)
	done.Strong = true
	content := own.Inset(own.Below(12, 1, own.NewTitle("What is being done"), container.NewVScroll(own.Below(8, -1, l.none, own.InsetEach(l.box, 0, 0, 10, 0))), own.Beside(8, 0, own.NewGround(theme.Panel, 0), done)), 14, 12)
	hide = own.ShowDialog(w.win.Canvas(), content, fyne.NewSize(680, 520), done, closing)
	w.tasks = l
	l.refresh(w.core.Tasks())
}

// mostShown is how many failures of a task are listed; the list of failed samples has the rest.
const mostShown = 40

func (l *taskList) refresh(all []task.Status) {
	l.box.Objects = nil
	visible(l.none, len(all) == 0)
	for _, t := range all {
		line := own.NewLabel(transport.WorkLine(t))
		if t.State == task.Failed {
			line.Colour = theme.Bad
		}
		bar := own.NewBar(theme.Accent, 5)
		bar.SetValue(max(0, t.Share()))
		id := t.ID
		head := own.Beside(4, 0, line)
		button := func(icon, hint string, f func(task.ID)) {
			b := own.NewIconButton(icon, hint, func() { f(id); l.refresh(l.w.core.Tasks()) })
			b.Side = 26
			head.Add(b)
		}
		switch t.State {
		case task.Running, task.Waiting:
			button("pause", "Pause", l.w.core.PauseTask)
			button("close", "Cancel; what is done is kept", l.w.core.CancelTask)
		case task.Paused:
			button("play", "Go on", l.w.core.ResumeTask)
			button("close", "Cancel; what is done is kept", l.w.core.CancelTask)
		default:
			button("close", "Take off the list", l.w.core.DismissTask)
		}
		item := own.Below(5, -1, head)
		if !t.State.Final() {
			item.Add(bar)
			if t.Current != "" {
				now := own.NewCaption(t.Current)
				now.MinWidth, now.Middle, now.Colour = 0, true, theme.TextFaint
				item.Add(now)
			}
		}
		for i, f := range t.Failures {
			if i == mostShown {
				item.Add(own.NewCaption(fmt.Sprintf("and %d more: the sidebar's “Could not be read” lists them all", t.FailureCount-mostShown)))
				break
			}
			name := own.NewLabel(filepath.Base(f.Item))
			name.TextSize, name.Colour, name.MinWidth = theme.TextSmall, theme.Bad, 190
			why := own.NewLabel(browser.Reason(f.Reason))
			why.TextSize, why.Colour = theme.TextSmall, theme.TextDim
			item.Add(own.Beside(8, 1, name, why))
		}
		l.box.Add(item)
	}
	l.box.Refresh()
}

// writeCard opens the dialog that writes the open kit.
func (w *window) writeCard() {
	k, open := w.kits.Kit()
	if !open || len(k.Filled()) == 0 {
		w.toast.show("Put samples on pads first: drag them, or press Enter in the list", theme.Text)
		return
	}
	s := w.core.Settings().Card
	w.openCard(k.Name, card.Options{KitID: k.ID, Dir: s.Dir, Format: s.Format})
}

// openCard opens the dialog for a kit with choices made before.
func (w *window) openCard(name string, o card.Options) {
	if w.card != nil {
		return
	}
	m := card.NewModel(w.core, w.pump.run, o)
	w.card = m
	var hide func()
	v := card.NewView(m, name, card.Actions{
		ChooseFolder: func(done func(string)) { w.chooseFolder("Choose folder", m.Options().Dir, done) },
		ChooseFile:   func(done func(string)) { w.chooseFile("Template of the device's project", []string{".bin"}, done) },
		Cancel:       func() { w.core.CancelTask(m.Running()) },
		Read:         w.readCard,
		Close: func() {
			w.card = nil
			hide()
			o := m.Options()
			w.updateSettings(func(s *settings.Settings) { s.Card.Dir, s.Card.Format = o.Dir, o.Format })
		},
	})
	hide = card.Dialog(v, w.win.Canvas())
}

// readCard opens the dialog that takes what is on a card into the library.
func (w *window) readCard() {
	if w.reader != nil || w.card != nil {
		return
	}
	r := card.NewReader(w.core, w.pump.run, w.core.Settings().Card.Dir)
	w.reader = r
	var hide func()
	v := card.NewReadView(r, card.Actions{
		ChooseFolder: func(done func(string)) { w.chooseFolder("Choose", r.Dir(), done) },
		Cancel:       func() { w.core.CancelTask(r.Running()) },
		Close: func() {
			w.reader = nil
			hide()
		},
	})
	hide = card.Dialog(v, w.win.Canvas())
}
