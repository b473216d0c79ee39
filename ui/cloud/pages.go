package cloud

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"sampleagent/app/words"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// jobs is the page of sounds on their way through the cloud.
func (v *View) jobs() *page {
	m := v.model
	box := own.Below(6, -1)
	none := text("Nothing is on its way. Select sounds in the list and choose “Analyse in the cloud”; they go up when the server can be reached, and what it hears becomes part of your library.")
	empty := paragraph(none)
	hint := own.NewLabel("")
	hint.Colour, hint.TextSize = theme.Accent, theme.TextSmall
	var items []*jobItem
	return &page{root: own.Below(8, 2, hint, empty, container.NewVScroll(own.InsetEach(box, 0, 0, 12, 0))), refresh: func() {
		all := m.Jobs()
		for len(items) < len(all) {
			items = append(items, newJobItem(m))
			box.Add(items[len(items)-1].root)
		}
		for i, item := range items {
			show(item.root, i < len(all))
			if i < len(all) {
				item.set(lineOf(all[i], m.now()))
			}
		}
		show(empty, m.NoJobs())
		hint.SetText(Hint(m.State(), all))
		show(hint, hint.Text != "")
	}}
}

// jobItem is one job; it shows another when the list moves.
type jobItem struct {
	now          JobLine
	name, step   *own.Label
	detail       *own.Label
	bar          *own.Bar
	retry, close *own.IconButton
	root         fyne.CanvasObject
}

func newJobItem(m *Model) *jobItem {
	j := &jobItem{name: own.NewLabel(""), step: own.NewLabel(""), detail: own.NewLabel(""), bar: own.NewBar(theme.Accent, 4)}
	j.detail.Colour, j.detail.TextSize = theme.TextDim, theme.TextSmall
	j.step.Align = fyne.TextAlignTrailing
	j.retry = own.NewIconButton("loop", "Send it again", func() { m.Retry(j.now.ID) })
	j.close = own.NewIconButton("close", "Give it up", func() { m.Cancel(j.now.ID) })
	j.retry.Side, j.close.Side = 26, 26
	line := own.Beside(6, 0, own.Below(2, -1, own.Beside(8, 0, j.name, own.FixedWidth(220, j.step)), j.detail, j.bar), j.retry, j.close)
	j.root = own.Stack(own.NewGround(theme.Panel, theme.Radius), own.Inset(line, 12, 7))
	return j
}

func (j *jobItem) set(l JobLine) {
	j.now = l
	j.name.SetText(l.Name)
	j.step.Set(l.Step, l.Tone)
	j.detail.SetText(l.Detail)
	show(j.detail, l.Detail != "")
	show(j.bar, l.Share >= 0)
	j.bar.SetValue(max(0, l.Share))
	show(j.retry, l.CanRetry)
	show(j.close, l.CanCancel)
}

// sync is the page of keeping machines in sync.
func (v *View) sync() *page {
	m := v.model
	title := own.NewTitle("")
	about := text("")
	toggle := own.NewTextButton("", "", "", nil)
	toggle.OnTapped = func() {
		if !m.State().Syncs {
			m.SetSync(true)
			return
		}
		v.actions.Confirm("Stop syncing this library?", "The library stays as it is, and so do your other machines.", func() { m.SetSync(false) })
	}
	lines := newKeyed(6)
	conflicts, bin := newKeyed(8), newKeyed(8)
	content := own.Below(16, -1, own.Beside(12, 0, title, toggle), paragraph(about), lines.box, conflicts.box, bin.box)
	return &page{root: container.NewVScroll(own.InsetEach(content, 0, 8, 14, 8)), refresh: func() {
		s := m.State()
		switch {
		case s.Syncs && s.Details != nil && !s.CanSync():
			title.Set("Sync has stopped", theme.Warn)
			about.SetText("The " + s.Details.Tier + " plan does not include it. Everything on this machine stays whole; edits are remembered and sent if you choose a plan that does.")
		case s.Syncs:
			title.Set("This library is synced", theme.Good)
			about.SetText("Tags, ratings, notes, what you typed, collections and kits are the same on all your machines within seconds. Audio goes up only where you chose “Keep in the cloud”.")
		case s.CanSync():
			title.Set("This library stays on this machine", theme.Text)
			about.SetText("Sync it and the names, tags, ratings, notes, measured values, what the cloud said, collections and kits of this library go to the server and to your other machines. Your audio files do not, unless you choose “Keep in the cloud” for them.")
		default:
			title.Set("This library stays on this machine", theme.Text)
			about.SetText("Sync is part of the Pro plan.")
		}
		toggle.SetText("Sync this library")
		toggle.Strong = !s.Syncs
		if s.Syncs {
			toggle.SetText("Stop")
		}
		show(toggle, s.Syncs || s.CanSync())
		pending := m.Pending()
		lines.show(fmt.Sprint(s.Keeping, s.Syncs, s.LastSync, s.Moved, s.Busy, pending, ago(s.LastSync, m.now())), func() []fyne.CanvasObject {
			if !s.Syncs {
				return nil
			}
			last := "not yet"
			if !s.LastSync.IsZero() {
				last = clock(s.LastSync, m.now()) + " (" + ago(s.LastSync, m.now()) + ")"
			}
			if s.Busy {
				last += ", and running"
			}
			out := []fyne.CanvasObject{fact("Last time", last, theme.Text), fact("Last moved", fmt.Sprintf("%s sent, %d received", words.Count(s.Moved.Sent, "change", "changes"), s.Moved.Received), theme.Text)}
			if pending > 0 {
				out = append(out, fact("Waiting", words.Count(pending, "edited thing goes up next", "edited things go up next"), theme.Warn))
			} else {
				out = append(out, fact("Waiting", "nothing", theme.TextDim))
			}
			if l, ok := keepingLine(s.Keeping, m.now()); ok {
				out = append(out, fact("Audio", l.Text, l.Colour))
			}
			return out
		})
		v.conflictLines(conflicts)
		v.binLines(bin)
	}}
}

func fact(name, value string, tone fyne.ThemeColorName) fyne.CanvasObject {
	n := own.NewLabel(name)
	n.Colour = theme.TextDim
	t := own.NewLabel(value)
	t.Colour = tone
	return own.Beside(8, 1, own.FixedWidth(120, n), t)
}

func (v *View) conflictLines(k *keyed) {
	m := v.model
	all := m.Conflicts()
	k.show(fmt.Sprint(all), func() []fyne.CanvasObject {
		if len(all) == 0 {
			return nil
		}
		lines := []fyne.CanvasObject{section("Changed on two machines at once: the later one counts, the other was kept")}
		for _, c := range all {
			name := own.NewLabel(c.Name + " · " + fieldWord(c.Field))
			what := own.NewLabel(fmt.Sprintf("%s (%s)   or   %s (%s)", c.Shown, clock(c.ShownAt, m.now()), c.Other, clock(c.OtherAt, m.now())))
			what.Colour, what.TextSize = theme.TextDim, theme.TextSmall
			lines = append(lines, own.Beside(8, 0, own.Below(1, -1, name, what),
				own.NewTextButton("", "Keep", "Forget the other value", func() { m.Resolve(c, false) }),
				own.NewTextButton("", "Use the other", "", func() { m.Resolve(c, true) })))
		}
		return lines
	})
}

func (v *View) binLines(k *keyed) {
	m := v.model
	all := m.Bin()
	k.show(fmt.Sprint(all), func() []fyne.CanvasObject {
		if len(all) == 0 {
			return nil
		}
		lines := []fyne.CanvasObject{section("Bin")}
		for _, d := range all {
			name := own.NewLabel(d.Name)
			when := own.NewLabel(d.Kind + " · deleted " + clock(d.At, m.now()))
			when.Colour, when.TextSize = theme.TextDim, theme.TextSmall
			lines = append(lines, own.Beside(8, 0, own.Below(1, -1, name, when), own.NewTextButton("undo", "Bring back", "On every machine", func() { m.Restore(d) })))
		}
		return lines
	})
}

// leaves says what can leave this machine, and by which choice.
var leaves = []struct{ What, When string }{
	{"An audio file and its name", "when you choose “Analyse in the cloud” for it"},
	{"Names, tags, ratings, notes, what you typed, measured values, what the cloud said, collections, kits", "when you choose “Sync this library”"},
	{"Audio files", "when you choose “Keep in the cloud” for a sound, a collection or a kit"},
	{"This machine's name", "when you sign in, for the list of sessions"},
	{"Anything else", "never. There is no telemetry, and logs hold no file names"},
}

// privacy is the page of what leaves the machine and what the server keeps.
func (v *View) privacy() *page {
	m := v.model
	out := own.Below(6, -1, section("What leaves this machine"))
	for _, l := range leaves {
		when := own.NewLabel(l.When)
		when.Colour, when.TextSize = theme.TextDim, theme.TextSmall
		out.Add(own.Below(0, -1, paragraph(text(l.What)), when))
	}
	held := newKeyed(6)
	drop := own.NewTextButton("", "Delete what is synced…", "", func() {
		v.actions.Confirm("Delete it from the cloud?", "What the server holds to sync your machines is deleted. Every machine keeps its library.", m.DropSync)
	})
	export := own.NewTextButton("", "Download everything", "A zip, in your browser", func() { m.Browse(m.Page("/api/account/export")) })
	web := own.NewTextButton("", "Delete the account…", "On the account page, in your browser", func() { m.Browse(m.Page("/account")) })
	sounds := newKeyed(4)
	right := own.Below(12, -1, section("What the server keeps of you"), card(held.box), own.Flow(8, drop, export, web), sounds.box)
	columns := container.NewGridWithColumns(2, container.NewVScroll(own.InsetEach(out, 0, 8, 14, 0)), container.NewVScroll(own.InsetEach(right, 14, 8, 12, 8)))
	return &page{root: columns, refresh: func() {
		h := m.Held()
		s := m.State()
		key := "asking"
		if h != nil {
			key = fmt.Sprint(*h)
		}
		held.show(key, func() []fyne.CanvasObject {
			if h == nil {
				l := own.NewLabel("Asking the server…")
				l.Colour = theme.TextDim
				return []fyne.CanvasObject{l}
			}
			lines := []fyne.CanvasObject{fact("Your address", s.Account.Email, theme.Text)}
			if d := s.Details; d != nil {
				lines = append(lines, fact("Since", d.CreatedAt.Local().Format("2 January 2006"), theme.Text), fact("Analysed", fmt.Sprintf("%s, %s", words.Count(d.Usage.Samples, "sound", "sounds"), words.Size(d.Usage.StorageBytes)), theme.Text))
			}
			return append(lines,
				fact("Synced", fmt.Sprintf("%s, %s, %s (%d fields)", words.Count(h.Samples, "sound", "sounds"), words.Count(h.Collections, "collection", "collections"), words.Count(h.Kits, "kit", "kits"), h.Fields), theme.Text),
				fact("Kept audio", fmt.Sprintf("%s, %s", words.Count(h.Audio, "file", "files"), words.Size(h.AudioBytes)), theme.Text))
		})
		drop.SetOff(h == nil || h.Fields+h.Audio == 0)
		sounds.show(key, func() []fyne.CanvasObject {
			if h == nil || len(h.Sounds) == 0 {
				return nil
			}
			lines := []fyne.CanvasObject{section("Analysed in the cloud")}
			for _, x := range h.Sounds {
				name := own.NewLabel(x.Filename)
				size := own.NewCaption(words.Size(x.Size))
				if !x.HasAudio {
					size.SetText("audio deleted")
				}
				del := own.NewIconButton("close", "Delete it from the cloud; your file and what was heard stay here", func() { m.DeleteSound(x.ID) })
				del.Side = 24
				lines = append(lines, own.Beside(8, 0, name, size, del))
			}
			return lines
		})
	}}
}
