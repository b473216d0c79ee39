package ui

import (
	"context"
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"github.com/cli/browser"

	appcloud "sampleagent/app/cloud"
	"sampleagent/app/event"
	"sampleagent/app/settings"
	"sampleagent/app/words"
	"sampleagent/library/catalog"
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
	if w.plans != nil {
		w.plans.Refresh()
	}
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
	if w.cloudOpen {
		w.cloud.Open(tab)
		return
	}
	var hide func()
	closing := func() {
		hide()
		w.cloudOpen = false
		w.cloud.OnChanged = nil
	}
	v := cloud.NewView(w.cloud, w.core.Server(), cloud.Actions{
		Confirm: w.confirm,
		Copy:    func(text string) { w.app.Clipboard().SetContent(text) },
		SetServer: func(address string) {
			w.updateSettings(func(s *settings.Settings) { s.Cloud.Server = address })
		},
		Plans: w.showPlans,
		Close: closing,
	})
	w.cloudOpen = true
	hide = own.ShowDialog(w.win.Canvas(), own.Inset(v.Root(), 14, 12), fyne.NewSize(980, 640), v.Focus(), closing)
	w.cloud.Open(tab)
}

// showPlans opens the dialog of plans.
func (w *window) showPlans() {
	w.plans = cloud.NewPlanModel(w.core.Cloud(), w.pump.run, browser.OpenURL)
	var hide func()
	closing := func() {
		hide()
		w.plans = nil
	}
	root, focus := cloud.NewPlanView(w.plans, closing)
	hide = own.ShowDialog(w.win.Canvas(), own.Inset(root, 14, 12), fyne.NewSize(900, 560), focus, closing)
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
			w.toast.show(fmt.Sprintf("%s on the way to the cloud   %s", words.Count(n, "sound is", "sounds are"), w.keys(shortcut.Cloud)), theme.Text)
		})
	}, func() { q.Close(); hide() })
	hide = w.modal(root, 620, 360, focus)
}

// keepInCloud keeps the chosen samples' audio for the person's other machines, or deletes it
// from the cloud.
func (w *window) keepInCloud(on bool) {
	rows := w.chosen
	if len(rows) == 0 {
		w.toast.show("Select samples first", theme.Text)
		return
	}
	w.pump.run(func(ctx context.Context) func() {
		err := w.core.Cloud().KeepSamples(ctx, rows, on)
		return func() {
			switch {
			case err != nil:
				w.fail(err)
			case on:
				w.toast.show(words.Count(len(rows), "sound goes", "sounds go")+" to the cloud, for your other machines", theme.Text)
			default:
				w.toast.show("Deleted from the cloud; files on your machines stay", theme.Text)
			}
		}
	})
}

// keepKit keeps the sounds of the open kit's pads in the cloud, or takes that back.
func (w *window) keepKit() {
	k, open := w.kits.Kit()
	if !open {
		w.toast.show("Open a kit first", theme.Text)
		return
	}
	w.toggleKept(k.Name, appcloud.KitObject(k.ID))
}

func (w *window) toggleKept(name, object string) {
	w.pump.run(func(ctx context.Context) func() {
		on, err := w.core.Cloud().ToggleKept(ctx, object)
		return func() {
			switch {
			case err != nil:
				w.fail(err)
			case on:
				w.toast.show(name+": its sounds are kept in the cloud from now on", theme.Text)
			default:
				w.toast.show(name+": new sounds no longer go to the cloud; what is there stays until it is taken out", theme.Text)
			}
		}
	})
}

// fetchFromCloud brings the chosen samples' files to this machine.
func (w *window) fetchFromCloud() {
	w.editChosen(func(ctx context.Context, rows []catalog.Row) error {
		_, err := w.core.FetchFromCloud(ctx, rows)
		return err
	})
}
