package cloud

import (
	"fmt"
	"net/url"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// Actions are what the screen asks of the window.
type Actions struct {
	Confirm   func(title, text string, yes func())
	Copy      func(text string) // to the clipboard
	SetServer func(address string)
	Plans     func() // shows the plans; nil where there is no such dialog
	Close     func()
}

// View draws a Model.
type View struct {
	model   *Model
	actions Actions

	status  *own.Label
	message *own.Label
	tabs    []*own.Chip
	body    *fyne.Container
	pages   map[string]*page
	shown   string
	close   *own.IconButton
	root    fyne.CanvasObject
}

// page is one of the things the body can show.
type page struct {
	root    fyne.CanvasObject
	refresh func()
}

// NewView builds the screen; server is the address that is set.
func NewView(m *Model, server string, a Actions) *View {
	v := &View{model: m, actions: a, pages: map[string]*page{}}
	v.status = own.NewLabel("")
	v.status.Align = fyne.TextAlignTrailing
	v.message = own.NewLabel("")
	head := own.Beside(6, len(Tabs)+1, own.NewTitle("Cloud"))
	for _, t := range Tabs {
		chip := own.NewChip(t.Title, func() { m.Open(t.Tab) })
		v.tabs = append(v.tabs, chip)
		head.Add(chip)
	}
	head.Add(v.status)
	v.body = container.NewStack()
	v.pages["welcome"] = v.welcome(server)
	v.pages["waiting"] = v.waiting()
	v.pages[string(Account)] = v.account()
	v.pages[string(Jobs)] = v.jobs()
	v.pages[string(Sync)] = v.sync()
	v.pages[string(Privacy)] = v.privacy()
	v.close = own.NewTextButton("", "Close", "", a.Close)
	v.root = own.Below(12, 1, head, v.body, own.Beside(8, 0, v.message, v.close))
	m.OnChanged = v.Refresh
	v.Refresh()
	return v
}

// Root is the content of the dialog.
func (v *View) Root() fyne.CanvasObject { return v.root }

// Focus is what takes the keyboard first.
func (v *View) Focus() fyne.Focusable { return v.close }

// Refresh draws the model as it is now.
func (v *View) Refresh() {
	m := v.model
	name := string(m.Tab())
	_, signing := m.SigningIn()
	switch {
	case signing:
		name = "waiting"
	case !m.SignedIn():
		name = "welcome"
	}
	for i, t := range Tabs {
		show(v.tabs[i], m.SignedIn() && !signing)
		v.tabs[i].SetOn(t.Tab == m.Tab())
	}
	line := Status(m.State(), m.Jobs(), m.now())
	v.status.Set(line.Text, line.Colour)
	v.message.Set(m.Err(), theme.Bad)
	p := v.pages[name]
	p.refresh()
	if v.shown != name {
		v.shown = name
		v.body.Objects = []fyne.CanvasObject{p.root}
		v.body.Refresh()
	}
}

func show(o fyne.CanvasObject, on bool) {
	switch {
	case on && !o.Visible():
		o.Show()
	case !on && o.Visible():
		o.Hide()
	}
}

// keyed is a list that is built anew only when what it shows has changed, so that the focus and
// the pointer keep their place while events come in.
type keyed struct {
	box *fyne.Container
	key string
}

func newKeyed(gap float32) *keyed { return &keyed{box: own.Below(gap, -1), key: "\x00"} }

func (k *keyed) show(key string, lines func() []fyne.CanvasObject) {
	if k.key == key {
		return
	}
	k.key = key
	k.box.Objects = lines()
	k.box.Refresh()
}

// text is what a paragraph says; it wraps.
func text(s string) *widget.Label {
	l := widget.NewLabel(s)
	l.Wrapping = fyne.TextWrapWord
	l.SizeName = "helperText"
	return l
}

// paragraph is a text in line with what stands above and below it: Fyne's label has a margin of
// its own.
func paragraph(l *widget.Label) fyne.CanvasObject {
	margin := -fynetheme.InnerPadding()
	return own.Inset(l, margin, margin)
}

// say changes a text and its colour.
func say(l *widget.Label, s string, i widget.Importance) {
	if l.Text != s || l.Importance != i {
		l.Importance = i
		l.SetText(s)
	}
}

func section(title string) *own.Label {
	l := own.NewCaption(strings.ToUpper(title))
	l.Style.Bold, l.TextSize, l.Colour = true, theme.TextTiny, theme.TextFaint
	return l
}

func gap() fyne.CanvasObject { return own.NewGround(theme.Panel, 0) }

// card is a raised box around a group.
func card(content fyne.CanvasObject) fyne.CanvasObject {
	return own.Stack(own.NewGround(theme.Panel, theme.Radius), own.Inset(content, 14, 12))
}

// ---- signed out

// gifts are what an account adds.
var gifts = []struct{ Icon, Title, Text string }{
	{"listen", "AI listening", "Mood, texture, era and words for every sound you send; you find sounds by them here."},
	{"loop", "Sync", "Tags, kits, collections and the sounds you choose, on all of them within seconds. Pro."},
	{"play", "A web player", "What you sent plays in any browser, also on the phone."},
}

func (v *View) welcome(server string) *page {
	m := v.model
	address := own.NewEntry()
	address.SetPlaceHolder("https://…")
	address.SetText(server)
	signIn := own.NewTextButton("", "Sign in…", "Opens your browser", nil)
	signIn.Strong = true
	submit := func() {
		v.actions.SetServer(strings.TrimSpace(address.Text))
		m.SignIn(address.Text)
	}
	signIn.OnTapped = submit
	address.OnSubmitted = func(string) { submit() }
	list := own.Below(14, -1)
	for _, g := range gifts {
		icon := widget.NewIcon(theme.Icon(g.Icon, theme.Accent))
		name := own.NewLabel(g.Title)
		name.Style.Bold = true
		about := own.NewLabel(g.Text)
		about.Colour = theme.TextDim
		list.Add(own.Beside(14, 1, own.FixedWidth(24, icon), own.Below(2, -1, name, about)))
	}
	others := newKeyed(6)
	lead := own.NewLabel("Everything on this machine works without an account, and nothing leaves it.")
	lead.TextSize = theme.TextTitle
	privacy := own.NewLabel("No password is typed here: your browser signs you in. Signing in alone sends nothing of your library.")
	privacy.Colour, privacy.TextSize = theme.TextDim, theme.TextSmall
	content := own.Below(22, -1, own.InsetEach(lead, 0, 12, 0, 0), card(list),
		own.Below(8, -1, section("Server"), own.Beside(8, 0, address, signIn), privacy), others.box)
	return &page{root: own.Inset(content, 60, 0), refresh: func() {
		v.otherAccounts(others)
	}}
}

// otherAccounts lists accounts that are signed in and not in use.
func (v *View) otherAccounts(k *keyed) {
	all := v.model.State().Others
	k.show(fmt.Sprint(all), func() []fyne.CanvasObject {
		if len(all) == 0 {
			return nil
		}
		lines := []fyne.CanvasObject{section("Also signed in on this machine")}
		for _, a := range all {
			name := own.NewLabel(a.Email)
			where := own.NewLabel(host(a.Server))
			where.Colour, where.TextSize = theme.TextDim, theme.TextSmall
			lines = append(lines, own.Beside(10, 1, own.FixedWidth(260, name), where, own.NewTextButton("", "Switch to it", "", func() { v.model.Switch(a) })))
		}
		return lines
	})
}

func host(server string) string {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" {
		return server
	}
	return u.Host
}

// ---- waiting for the browser

func (v *View) waiting() *page {
	m := v.model
	copyLink := own.NewTextButton("", "Copy the link", "For another browser on this machine", func() {
		if link, _ := m.SigningIn(); link != "" {
			v.actions.Copy(link)
			m.note("The link is in the clipboard")
		}
	})
	again := own.NewTextButton("", "Open the browser again", "", m.OpenAgain)
	cancel := own.NewTextButton("", "Cancel", "", m.CancelSignIn)
	title := own.NewTitle("Go on in your browser")
	title.Align = fyne.TextAlignCenter
	what := own.NewLabel("")
	what.Colour, what.Align, what.MinWidth = theme.TextDim, fyne.TextAlignCenter, 520
	busy := widget.NewActivity()
	content := own.Below(16, -1, title, what, container.NewCenter(busy), container.NewCenter(own.Beside(8, -1, again, copyLink, cancel)))
	return &page{root: container.NewCenter(content), refresh: func() {
		link, signing := m.SigningIn()
		text := "Asking the server…"
		if link != "" {
			text = "Sample Agent goes on by itself once you have let it in at " + host(link)
		}
		what.SetText(text)
		copyLink.SetOff(link == "")
		again.SetOff(link == "")
		if signing {
			busy.Start()
		} else {
			busy.Stop()
		}
	}}
}
