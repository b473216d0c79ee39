package ui

import (
	"context"
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
	"github.com/cli/browser"

	"sampleagent/app/event"
	"sampleagent/app/settings"
	"sampleagent/ui/cloud"
	"sampleagent/ui/shortcut"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// buildCloud makes the account's model and its button in the top bar.
func (w *window) buildCloud() {
	w.cloud = cloud.NewModel(w.core.Cloud(), w.pump.run, browser.OpenURL)
	w.cloud.OnNote = func(text string) { w.toast.show(text, theme.Text) }
	w.cloudButton = own.NewIconButton("cloud", "", func() { w.run(shortcut.Cloud) })
	w.showCloudButton()
}

// cloudChanged shows the account as it is now.
func (w *window) cloudChanged() {
	w.cloud.Refresh()
	w.showCloudButton()
}

func (w *window) showCloudButton() {
	s := w.cloud.State()
	line := cloud.Status(s, w.cloud.Jobs(), w.cloud.Now())
	w.cloudButton.Hint = "Cloud: " + line.Text + "   " + w.keys(shortcut.Cloud)
	w.cloudButton.SetOn(s.Account.ID != "" && s.Online)
	icon := "cloud"
	if line.Colour == theme.Bad || line.Colour == theme.Warn {
		icon = "cloud-waits"
	}
	w.cloudButton.SetIcon(icon)
}

// cloudDone tells the end of an analysis to somebody who looks elsewhere. Ends that follow each
// other closely are one notification.
func (w *window) cloudDone(e event.CloudDone) {
	w.cloudEnds = append(w.cloudEnds, e)
	if len(w.cloudEnds) > 1 {
		return
	}
	w.pump.run(func(ctx context.Context) func() {
		select {
		case <-time.After(gatherEnds):
		case <-ctx.Done():
			return nil
		}
		return func() {
			title, text := cloud.Ended(w.cloudEnds)
			w.cloudEnds = nil
			w.toast.show(title+": "+text, theme.Good)
			w.app.SendNotification(fyne.NewNotification(title, text))
		}
	})
}

// gatherEnds is how long the end of an analysis waits for others to be told with it.
const gatherEnds = 2 * time.Second

// showCloud opens the account's screen at a page.
func (w *window) showCloud(tab cloud.Tab) {
	if w.cloudPop != nil {
		w.cloud.Open(tab)
		return
	}
	c := w.win.Canvas()
	before := c.Focused()
	v := cloud.NewView(w.cloud, w.core.Server(), cloud.Actions{
		Confirm: w.confirm,
		Copy:    func(text string) { w.app.Clipboard().SetContent(text) },
		SetServer: func(address string) {
			w.updateSettings(func(s *settings.Settings) { s.Cloud.Server = address })
		},
		Close: func() {
			w.cloudPop.Hide()
			w.cloudPop = nil
			w.cloud.OnChanged = nil
			if before != nil {
				c.Focus(before)
			}
		},
	})
	w.cloudPop = widget.NewModalPopUp(own.Inset(v.Root(), 14, 12), c)
	size := c.Size()
	w.cloudPop.Resize(fyne.NewSize(min(980, size.Width-60), min(640, size.Height-60)))
	w.cloudPop.Show()
	c.Focus(v.Focus())
	w.cloud.Open(tab)
}

// analyseInCloud tells what would become of the chosen samples in the cloud, and sends them.
func (w *window) analyseInCloud() {
	rows := w.chosen
	if len(rows) == 0 {
		w.toast.show("Select samples first", theme.Text)
		return
	}
	if !w.cloud.SignedIn() {
		w.toast.show("Sign in first: the cloud listens for an account", theme.Text)
		w.showCloud(cloud.Account)
		return
	}
	q := cloud.NewQueue(w.core.Cloud(), w.pump.run, rows)
	var hide func()
	root, focus := cloud.NewQueueView(q, w.cloud, func() {
		hide()
		q.Send(func(n int, err error) {
			if n == 0 {
				w.fail(err)
				return
			}
			w.toast.show(fmt.Sprintf("%s on the way to the cloud   %s", plural(n, "sound is", "sounds are"), w.keys(shortcut.Cloud)), theme.Text)
		})
	}, func() { q.Close(); hide() })
	hide = w.modal(root, 620, 360, focus)
}
