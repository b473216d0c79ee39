package ui

import (
	"context"
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"sampleagent/app"
	"sampleagent/library/catalog"
	"sampleagent/ui/preferences"
	"sampleagent/ui/shortcut"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// modal shows content in the middle of the window; Esc and the result of the call close it.
func (w *window) modal(content fyne.CanvasObject, width, height float32, focus fyne.Focusable) (hide func()) {
	return own.ShowDialog(w.win.Canvas(), own.Inset(content, 14, 12), fyne.NewSize(width, height), focus, nil)
}

// ask asks for one line of text.
func (w *window) ask(title, label, preset string, done func(string)) {
	var hide func()
	entry := own.NewEntry()
	entry.SetText(preset)
	submit := func(text string) {
		if text = strings.TrimSpace(text); text == "" && preset == "" && !strings.Contains(label, "empty") {
			return
		}
		hide()
		done(text)
	}
	entry.OnSubmitted = submit
	ok := own.NewTextButton("", "OK", "", func() { submit(entry.Text) })
	ok.Strong = true
	cancel := own.NewTextButton("", "Cancel", "", func() { hide() })
	caption := widget.NewLabel(label)
	caption.Wrapping = fyne.TextWrapWord
	caption.SizeName = "helperText"
	content := own.Below(8, -1, own.NewTitle(title), caption, entry, own.Beside(8, 0, own.NewGround(theme.Panel, 0), cancel, ok))
	hide = w.modal(content, 440, 0, entry)
	entry.TypedShortcut(&fyne.ShortcutSelectAll{})
}

// confirm asks before something that is better thought over.
func (w *window) confirm(title, text string, yes func()) {
	var hide func()
	label := own.NewLabel(text)
	label.Colour, label.MinWidth = theme.TextDim, -1
	ok := own.NewTextButton("", "Yes", "", func() { hide(); yes() })
	ok.Strong = true
	cancel := own.NewTextButton("", "Cancel", "", func() { hide() })
	content := own.Below(14, -1, own.NewTitle(title), label, own.Beside(8, 0, own.NewGround(theme.Panel, 0), cancel, ok))
	hide = w.modal(content, 420, 0, ok)
}

// askSource edits where a sample comes from.
func (w *window) askSource(s catalog.Source, done func(catalog.Source)) {
	var hide func()
	fields := []struct {
		title string
		value *string
	}{
		{"Artist", &s.Artist}, {"Album", &s.Album}, {"Title", &s.Title}, {"Released", &s.ReleaseDate}, {"Address", &s.URL},
		{"Licence", &s.Licence}, {"Licence text", &s.LicenceURL}, {"Attribution", &s.Attribution},
	}
	rows := own.Below(6, -1)
	var entries []*own.Entry
	for _, f := range fields {
		e := own.NewEntry()
		e.SetText(*f.value)
		entries = append(entries, e)
		rows.Add(own.Beside(8, 1, own.FixedWidth(90, own.NewCaption(f.title)), e))
	}
	ok := own.NewTextButton("", "Save", "", func() {
		for i, f := range fields {
			*f.value = strings.TrimSpace(entries[i].Text)
		}
		hide()
		done(s)
	})
	ok.Strong = true
	cancel := own.NewTextButton("", "Cancel", "", func() { hide() })
	content := own.Below(12, -1, own.NewTitle("Source and licence"), rows, own.Beside(8, 0, own.NewGround(theme.Panel, 0), cancel, ok))
	hide = w.modal(content, 520, 0, entries[0])
}

// showHelp lists every command with its keys, and the words of the search language.
func (w *window) showHelp() {
	var hide func()
	left := own.Below(3, -1)
	group := ""
	for _, c := range shortcut.Table(w.os) {
		if c.Group != group {
			group = c.Group
			head := own.NewLabel(group)
			head.Style.Bold = true
			left.Add(own.InsetEach(head, 0, 8, 0, 2))
		}
		left.Add(keyLine(c.Title, c.Keys(w.os)))
	}
	right := own.Below(3, -1)
	where := ""
	for _, e := range shortcut.Extra {
		if e.Where != where {
			where = e.Where
			head := own.NewLabel(where)
			head.Style.Bold = true
			right.Add(own.InsetEach(head, 0, 8, 0, 2))
		}
		right.Add(keyLine(e.Does, e.Keys))
	}
	head := own.NewLabel("Search words")
	head.Style.Bold = true
	right.Add(own.InsetEach(head, 0, 14, 0, 2))
	for _, word := range preferences.SearchWords {
		right.Add(keyLine(word.Means, word.Word))
	}
	done := own.NewTextButton("", "Close", "", func() { hide() })
	done.Strong = true
	columns := container.NewGridWithColumns(2,
		container.NewVScroll(own.InsetEach(left, 0, 0, 14, 0)), container.NewVScroll(own.InsetEach(right, 8, 0, 14, 0)))
	content := own.Below(10, 1, own.NewTitle("Keys and search words"), columns, own.Beside(8, 0, own.NewGround(theme.Panel, 0), done))
	hide = w.modal(content, 980, 640, done)
}

func keyLine(title, keys string) fyne.CanvasObject {
	t := own.NewLabel(title)
	t.Colour, t.TextSize = theme.TextDim, theme.TextSmall
	k := own.NewCaption(keys)
	k.Colour = theme.Text
	return own.Beside(10, 0, t, k)
}

// showDoctor checks the machine and says what to do about what does not work.
func (w *window) showDoctor() {
	var hide func()
	list := own.Below(12, -1)
	looking := own.NewLabel("Looking…")
	looking.Colour = theme.TextDim
	list.Add(looking)
	done := own.NewTextButton("", "Close", "", func() { hide() })
	done.Strong = true
	content := own.Below(12, 1, own.NewTitle("This machine"), container.NewVScroll(own.InsetEach(list, 0, 0, 10, 0)), own.Beside(8, 0, own.NewGround(theme.Panel, 0), done))
	hide = w.modal(content, 620, 440, done)
	w.pump.run(func(ctx context.Context) func() {
		checks := w.core.Doctor(ctx)
		return func() {
			list.Objects = nil
			for _, c := range checks {
				list.Add(checkLine(c))
			}
			list.Refresh()
		}
	})
}

func checkLine(c app.Check) fyne.CanvasObject {
	icon, colour := "check", theme.Good
	if !c.OK {
		icon, colour = "warning", theme.Warn
	}
	img := widget.NewIcon(theme.Icon(icon, colour))
	name := own.NewLabel(c.Name)
	name.Style.Bold, name.MinWidth = true, 110
	state := own.NewLabel(c.State)
	state.Colour = theme.TextDim
	item := own.Below(2, -1, own.Beside(8, 2, own.FixedWidth(18, img), name, state))
	if !c.OK && c.Advice != "" {
		advice := widget.NewLabel(c.Advice)
		advice.Wrapping = fyne.TextWrapWord
		item.Add(own.InsetEach(advice, 26, 0, 0, 0))
	}
	return item
}

func (w *window) showAbout() {
	var hide func()
	b := app.BuildInfo()
	icon := widget.NewIcon(theme.Icon("app", theme.Accent))
	line := func(text string, colour fyne.ThemeColorName) fyne.CanvasObject {
		l := own.NewLabel(text)
		l.Align, l.Colour, l.MinWidth = fyne.TextAlignCenter, colour, -1
		return l
	}
	name := own.NewTitle("Sample Agent")
	name.Align, name.TextSize = fyne.TextAlignCenter, theme.TextHuge
	done := own.NewTextButton("", "Close", "", func() { hide() })
	done.Strong = true
	content := own.Below(8, -1,
		container.NewCenter(container.NewGridWrap(fyne.NewSquareSize(52), icon)), name,
		line("For producers with a Roland SP-404MK2", theme.TextDim),
		line(fmt.Sprintf("Version %s · %s · %s", b.Version, b.Commit, b.Go), theme.TextFaint),
		line("MIT licence. Not made or endorsed by Roland.", theme.TextFaint),
		own.NewGround(theme.Panel, 0), container.NewCenter(done))
	hide = w.modal(content, 400, 0, done)
}

// showPreferences opens every preference.
func (w *window) showPreferences() {
	var hide func()
	v := preferences.New(w.core.Settings(), w.updateSettings, preferences.Actions{
		ChooseFolder: func(done func(string)) { w.chooseFolder("Choose folder", w.lastDir, done) },
		Close:        func() { hide() },
	})
	hide = w.modal(v.Root(), 640, 560, v.Focus())
}
