package ui

import (
	"context"
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"sampleagent/app"
	"sampleagent/app/words"
	"sampleagent/ui/browser"
	"sampleagent/ui/card"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// exportLine says how a card came out, and whether that is good.
func exportLine(e app.Export) (text string, good bool) {
	left := 0
	for _, f := range e.Files {
		if f.Error != "" {
			left++
		}
	}
	text = fmt.Sprintf("%s · %s · %s", e.At.Local().Format("2 Jan 2006, 15:04"), words.Count(len(e.Files)-left, "file", "files"), words.Size(e.Bytes))
	if e.Error != "" {
		return text + " · failed: " + e.Error, false
	}
	text += " · written and verified"
	if left > 0 {
		text += fmt.Sprintf(", %d left out", left)
	}
	return text, left == 0
}

// showExports lists the cards that were written, what became of each file, and writes one again.
func (w *window) showExports() {
	var hide func()
	list := own.Below(10, -1)
	note := own.NewLabel("Looking…")
	note.Colour = theme.TextDim
	list.Add(note)
	done := own.NewTextButton("", "Close", "", func() { hide() })
	done.Strong = true
	content := own.Below(12, 1, own.NewTitle("Cards written"), container.NewVScroll(own.InsetEach(list, 0, 0, 14, 0)), own.Beside(8, 0, own.NewGround(theme.Panel, 0), done))
	hide = w.modal(content, 760, 520, done)
	w.pump.run(func(ctx context.Context) func() {
		all, err := w.core.Exports(ctx)
		return func() {
			if err != nil {
				hide()
				w.fail(err)
				return
			}
			note.SetText("No card was written yet. Put samples on pads, then File, Write card.")
			if len(all) > 0 {
				list.Objects = nil
			}
			for _, e := range all {
				list.Add(w.exportItem(e, list, func() { hide() }))
			}
			list.Refresh()
		}
	})
}

// exportItem is one card: its line, a button that unfolds its files, one that writes it again.
func (w *window) exportItem(e app.Export, list *fyne.Container, leave func()) fyne.CanvasObject {
	name := own.NewLabel(e.Kit)
	name.Style.Bold, name.MinWidth = true, 120
	where := own.NewLabel(e.Dir)
	where.Colour, where.MinWidth, where.Middle = theme.TextDim, 60, true
	text, good := exportLine(e)
	how := own.NewCaption(text)
	if !good {
		how.Colour = theme.Warn
	}
	files := own.Below(2, -1)
	files.Hide()
	show := own.NewTextButton("", "Files", "What became of each file", nil)
	show.OnTapped = func() {
		if len(files.Objects) == 0 {
			for _, f := range e.Files {
				files.Add(exportFile(f))
			}
		}
		files.Hidden = !files.Hidden
		show.SetOn(!files.Hidden)
		list.Refresh()
	}
	again := own.NewTextButton("", "Write again…", "Plan and write this kit to this folder once more", func() {
		leave()
		w.openCard(e.Kit, card.Options{KitID: e.KitID, Dir: e.Dir, Form: string(e.Form), Format: string(e.Format)})
	})
	show.Side, again.Side = 28, 28
	return own.Below(3, -1, own.Beside(8, 1, name, where, show, again), how, files)
}

func exportFile(f app.ExportFile) fyne.CanvasObject {
	small := func(text string, width float32, colour fyne.ThemeColorName) *own.Label {
		l := own.NewLabel(text)
		l.TextSize, l.MinWidth, l.Colour, l.Middle = theme.TextSmall, width, colour, true
		return l
	}
	note, colour := f.Converted, theme.TextFaint
	if f.Error != "" {
		note, colour = "left out: "+f.Error, theme.Bad
	}
	return own.Beside(8, 1, small(f.Pad, 30, theme.TextDim), small(browser.Plain(f.Target), 120, theme.Text), small(note, 240, colour))
}
