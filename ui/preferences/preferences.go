// Package preferences is the window of settings: every preference of app/settings that a person
// chooses, each taking effect at once.
//
// It keeps nothing: a change goes to the function it was given, which validates and stores it.
package preferences

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"sampleagent/app/settings"
	"sampleagent/ui/browser"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// Actions are what the window does for the preferences.
type Actions struct {
	ChooseFolder func(done func(dir string))
	Close        func()
}

// SearchWords is a short guide to the search language, for the help window.
var SearchWords = []struct{ Word, Means string }{
	{"kick punchy", "both words, as they begin"}, {`"hi hat"`, "exactly these words"}, {"-vocal", "not this"}, {"kick | snare", "one of them"},
	{"bpm:88-92", "a range of tempos"}, {"bpm:~90", "also half and double time"}, {"key:Am", "a key"}, {"key:Am~", "and the keys that fit it"},
	{"kind:loop", "one-shot, loop or music"}, {"class:kick,snare", "what plays"}, {"len:<2", "seconds"}, {"tag:dusty", "a tag"},
	{`in:"My beats"`, "a collection"}, {"is:favourite", "also failed, missing, duplicate"}, {"rating:>=3", "stars"}, {"added:7d", "the last seven days"},
	{"centroid:>3k", "bright sounds"}, {"like:ID", "sounds like that sample"},
}

// View is the preferences.
type View struct {
	now    settings.Settings
	change func(func(*settings.Settings))
	root   fyne.CanvasObject
	focus  fyne.Focusable
}

// New shows settings; change applies one change to what is stored.
func New(s settings.Settings, change func(func(*settings.Settings)), a Actions) *View {
	v := &View{now: s, change: change}
	look := v.choice("Look", []string{"system", "dark", "light"}, []string{"As the system", "Dark", "Light"}, func(s *settings.Settings) *string { return &s.Window.Theme })
	auto := v.toggle("Play what is selected", "Moving the selection plays it", func(s *settings.Settings) *bool { return &s.Playback.AutoPlay })
	loop := v.toggle("Loop everything", "What plays starts again at its end", func(s *settings.Settings) *bool { return &s.Playback.Loop })
	loops := v.toggle("Loop loops", "Sounds of kind loop start again in any case", func(s *settings.Settings) *bool { return &s.Playback.LoopLoops })
	follow := v.toggle("Follow the session's tempo", "Loops are stretched to it while they are heard", func(s *settings.Settings) *bool { return &s.Playback.FollowTempo })
	tempo := v.number(int(settings.MinTempo), int(settings.MaxTempo), int(s.Playback.SessionTempo), "BPM", func(s *settings.Settings, n int) { s.Playback.SessionTempo = float64(n) })
	followKey := v.toggle("Follow the session's key", "Tonal sounds are shifted to it while they are heard", func(s *settings.Settings) *bool { return &s.Playback.FollowKey })
	key := v.pick("Session key", "none", browser.Keys, func(s *settings.Settings) *string { return &s.Playback.SessionKey })
	copies := v.toggle("Copy what is imported", "Into the folder below; otherwise files stay where they are", func(s *settings.Settings) *bool { return &s.Library.CopyImports })
	managed := v.folder("Folder for copies", "In the program's data folder", func(s *settings.Settings) *string { return &s.Library.ManagedFolder }, a.ChooseFolder)
	tags := v.toggle("Tags from folders", "The folders a file lies in become its tags", func(s *settings.Settings) *bool { return &s.Library.FolderTags })
	twins := v.toggle("Skip duplicates", "A file that is in the library already is not added again", func(s *settings.Settings) *bool { return &s.Library.SkipDuplicates })
	jobs := v.number(0, settings.MaxJobs, s.Library.Jobs, "", func(s *settings.Settings, n int) { s.Library.Jobs = n })
	jobs.Format = func(n int) string {
		if n == 0 {
			return "all cores"
		}
		return fmt.Sprint(n)
	}
	recent := v.number(0, 100, s.Search.Recent, "", func(s *settings.Settings, n int) { s.Search.Recent = n })
	format := v.choice("Files on the card", settings.CardFormats, []string{"WAV", "AIFF"}, func(s *settings.Settings) *string { return &s.Card.Format })
	cardDir := v.folder("Card", "Asked for", func(s *settings.Settings) *string { return &s.Card.Dir }, a.ChooseFolder)
	server := v.text("Companion server", "none: everything stays on this machine", func(s *settings.Settings) *string { return &s.Cloud.Server })

	done := own.NewTextButton("", "Close", "", a.Close)
	done.Strong = true
	v.focus = done
	content := own.Below(18, -1,
		section("Window", look),
		section("Listening", auto, loop, loops, follow, slider("Session tempo", tempo), followKey, key),
		section("Library", copies, managed, tags, twins, slider("Files analysed at once", jobs), slider("Searches remembered", recent)),
		section("Card", format, cardDir),
		section("Cloud", server),
	)
	v.root = own.Below(12, 1, own.NewTitle("Preferences"), container.NewVScroll(own.InsetEach(content, 0, 0, 14, 0)),
		own.Beside(8, 0, own.NewGround(theme.Panel, 0), done))
	return v
}

// Root is the content of the dialog.
func (v *View) Root() fyne.CanvasObject { return v.root }

// Focus is what takes the keyboard first.
func (v *View) Focus() fyne.Focusable { return v.focus }

// set changes the settings that are shown and those that are stored.
func (v *View) set(change func(*settings.Settings)) {
	change(&v.now)
	v.change(change)
}

func section(title string, lines ...fyne.CanvasObject) fyne.CanvasObject {
	head := own.NewCaption(strings.ToUpper(title))
	head.Style.Bold, head.TextSize, head.Colour = true, theme.TextTiny, theme.TextFaint
	return own.Below(7, -1, append([]fyne.CanvasObject{head}, lines...)...)
}

// labelWidth is the column of names.
const labelWidth = 170

func named(name string, o fyne.CanvasObject) fyne.CanvasObject {
	l := own.NewLabel(name)
	l.MinWidth = labelWidth
	return own.Beside(10, 1, l, o)
}

func (v *View) toggle(name, help string, get func(*settings.Settings) *bool) fyne.CanvasObject {
	check := own.NewCheck(help)
	check.SetChecked(*get(&v.now))
	check.OnChanged = func(on bool) { v.set(func(s *settings.Settings) { *get(s) = on }) }
	return named(name, check)
}

func (v *View) choice(name string, values, titles []string, get func(*settings.Settings) *string) fyne.CanvasObject {
	row := own.Beside(6, -1)
	var chips []*own.Chip
	light := func() {
		for i, c := range chips {
			c.SetOn(values[i] == *get(&v.now))
		}
	}
	for i, title := range titles {
		value := values[i]
		c := own.NewChip(title, func() {
			v.set(func(s *settings.Settings) { *get(s) = value })
			light()
		})
		chips = append(chips, c)
		row.Add(c)
	}
	light()
	return named(name, own.Beside(0, 1, row, own.NewGround(theme.Panel, 0)))
}

func (v *View) number(low, high, value int, unit string, put func(*settings.Settings, int)) *own.Slider {
	s := own.NewSlider("", low, high, low)
	s.NameWidth, s.TextWidth = 0, 64
	s.Format = func(n int) string { return strings.TrimSpace(fmt.Sprintf("%d %s", n, unit)) }
	s.SetValue(value)
	s.OnEnded = func(n int) { v.set(func(s *settings.Settings) { put(s, n) }) }
	return s
}

// slider puts a slider beside its name.
func slider(name string, s *own.Slider) fyne.CanvasObject { return named(name, s) }

// field is a line of text that is kept when Enter is pressed or the field is left.
type field struct {
	own.Entry
	keep func(text string)
	kept string
}

func newField(text, empty string, keep func(string)) *field {
	f := &field{keep: keep, kept: text}
	f.ExtendBaseWidget(f)
	f.SetPlaceHolder(empty)
	f.SetText(text)
	f.OnSubmitted = func(string) { f.done() }
	return f
}

// FocusLost implements fyne.Focusable.
func (f *field) FocusLost() {
	f.Entry.FocusLost()
	f.done()
}

func (f *field) done() {
	if text := strings.TrimSpace(f.Text); text != f.kept {
		f.kept = text
		f.keep(text)
	}
}

func (v *View) text(name, empty string, get func(*settings.Settings) *string) fyne.CanvasObject {
	return named(name, newField(*get(&v.now), empty, func(text string) { v.set(func(s *settings.Settings) { *get(s) = text }) }))
}

func (v *View) folder(name, empty string, get func(*settings.Settings) *string, choose func(func(string))) fyne.CanvasObject {
	f := newField(*get(&v.now), empty, func(text string) { v.set(func(s *settings.Settings) { *get(s) = text }) })
	b := own.NewTextButton("folder", "Choose…", "", func() {
		if choose != nil {
			choose(func(dir string) { f.SetText(dir); f.done() })
		}
	})
	l := own.NewLabel(name)
	l.MinWidth = labelWidth
	return own.Beside(10, 1, l, f, b)
}

// pick is a choice from a list, the first of which stands for nothing.
func (v *View) pick(name, none string, values []string, get func(*settings.Settings) *string) fyne.CanvasObject {
	s := own.NewSelect(append([]string{none}, values...))
	s.Selected = none
	if now := *get(&v.now); now != "" {
		s.Selected = now
	}
	s.OnChanged = func(text string) {
		if text == none {
			text = ""
		}
		v.set(func(s *settings.Settings) { *get(s) = text })
	}
	return named(name, s)
}
