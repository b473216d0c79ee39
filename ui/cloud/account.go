package cloud

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// account is the page of who is signed in and what of the plan is used.
func (v *View) account() *page {
	m := v.model
	email := own.NewLabel("")
	email.TextSize, email.Style.Bold = theme.TextHuge, true
	where := own.NewLabel("")
	where.Colour = theme.TextDim
	tier := own.NewChip("", nil)
	notice := text("")
	terms := own.NewLabel("")
	terms.Colour, terms.TextSize = theme.TextDim, theme.TextSmall
	plans := own.NewTextButton("", "Plans…", "", func() {
		if v.actions.Plans != nil {
			v.actions.Plans()
			return
		}
		m.Browse(m.Page("/pricing"))
	})
	web := own.NewTextButton("", "Account page", "Opens in your browser", func() { m.Browse(m.Page("/account")) })
	pause := own.NewTextButton("pause", "Pause", "Nothing is sent or fetched until you go on", nil)
	pause.OnTapped = func() { m.SetPaused(!m.State().Paused) }
	signOut := own.NewTextButton("", "Sign out", "", nil)
	signOut.OnTapped = func() {
		v.actions.Confirm("Sign out of "+m.State().Account.Email+"?", "Everything on this machine stays. What waits to be sent stays in line.", m.SignOut)
	}
	again := own.NewTextButton("", "Sign in again…", "", func() { m.SignIn(m.State().Account.Server) })
	again.Strong = true
	add := own.NewTextButton("plus", "Another account…", "On this server or another one", func() { m.SignIn(m.State().Account.Server) })

	uses := newKeyed(12)
	sessions := newKeyed(6)
	others := newKeyed(6)
	head := own.Beside(12, 0, own.Below(2, -1, email, where), tier)
	noticeBox := paragraph(notice)
	used := card(uses.box)
	left := own.Below(16, -1, head, noticeBox, used, terms, own.Flow(8, again, plans, web, pause, signOut))
	right := own.Below(10, -1, section("Signed in"), sessions.box, others.box, own.Beside(8, -1, add))
	columns := container.NewGridWithColumns(2, own.InsetEach(left, 0, 8, 14, 0), container.NewVScroll(own.InsetEach(right, 14, 8, 12, 0)))
	return &page{root: columns, refresh: func() {
		s := m.State()
		email.SetText(s.Account.Email)
		where.SetText(host(s.Account.Server))
		switch {
		case s.SignedOut:
			say(notice, s.Problem, widget.DangerImportance)
		case s.Problem != "" && s.Online:
			say(notice, s.Problem, widget.WarningImportance)
		case !s.Kept:
			say(notice, "This system has no keyring that answers: you are signed in until the program ends.", widget.WarningImportance)
		case s.Details != nil && s.Details.ReadOnly:
			say(notice, "More is stored than the plan holds: nothing new is taken until you delete some or choose a larger plan.", widget.WarningImportance)
		default:
			say(notice, "", widget.MediumImportance)
		}
		show(noticeBox, notice.Text != "")
		show(tier, s.Details != nil)
		show(again, s.SignedOut)
		show(used, !s.SignedOut)
		pause.SetText("Pause")
		pause.SetIcon("pause")
		if s.Paused {
			pause.SetText("Go on")
			pause.SetIcon("play")
		}
		key := "nothing"
		if d := s.Details; d != nil {
			tier.SetText(d.Tier)
			tier.SetOn(d.Tier != "free")
			key = fmt.Sprint(Uses(d, m.now()))
			terms.SetText(Terms(d))
		}
		uses.show(key, func() []fyne.CanvasObject {
			if s.Details == nil {
				l := own.NewLabel("The server has not answered yet.")
				l.Colour = theme.TextDim
				return []fyne.CanvasObject{l}
			}
			var lines []fyne.CanvasObject
			for _, u := range Uses(s.Details, m.now()) {
				lines = append(lines, useLine(u))
			}
			return lines
		})
		v.sessionLines(sessions)
		v.otherAccounts(others)
	}}
}

func useLine(u Use) fyne.CanvasObject {
	name := own.NewLabel(u.Title)
	name.Style.Bold = true
	used := own.NewLabel(u.Text)
	reset := own.NewLabel(u.Reset)
	reset.Colour, reset.TextSize, reset.Align = theme.TextDim, theme.TextSmall, fyne.TextAlignTrailing
	lines := own.Below(5, -1, own.Beside(8, 2, own.FixedWidth(64, name), own.FixedWidth(150, used), reset))
	if u.Share >= 0 {
		colour := theme.Accent
		if u.Share >= 1 {
			colour = theme.Bad
		} else if u.Share > 0.8 {
			colour = theme.Warn
		}
		bar := own.NewBar(colour, 6)
		bar.SetValue(u.Share)
		lines.Add(bar)
	}
	return lines
}

func (v *View) sessionLines(k *keyed) {
	m := v.model
	all := m.Sessions()
	k.show(fmt.Sprint(all), func() []fyne.CanvasObject {
		if len(all) == 0 {
			l := own.NewLabel("Asking the server where else you are signed in…")
			l.Colour, l.TextSize = theme.TextFaint, theme.TextSmall
			return []fyne.CanvasObject{l}
		}
		var lines []fyne.CanvasObject
		for _, s := range all {
			title := s.Device
			if title == "" {
				title = map[string]string{"web": "A browser", "desktop": "A desktop"}[s.Kind]
			}
			name := own.NewLabel(title)
			about := "used " + ago(s.LastUsedAt, m.now())
			if s.Current {
				about = "this machine"
			}
			when := own.NewLabel(s.Kind + " · " + about)
			when.Colour, when.TextSize = theme.TextDim, theme.TextSmall
			end := own.NewIconButton("close", "Sign it out", func() { m.EndSession(s.ID) })
			end.Side = 26
			line := own.Beside(8, 0, own.Below(1, -1, name, when))
			if !s.Current {
				line.Add(end)
			}
			lines = append(lines, line)
		}
		return lines
	})
}
