package preferences

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"sampleagent/app/settings"
	own "sampleagent/ui/widget"
)

func TestAFieldIsKeptOnLeavingIt(t *testing.T) {
	test.NewTempApp(t)
	s := settings.Default()
	v := New(s, func(change func(*settings.Settings)) { change(&s) }, Actions{Close: func() {}})
	w := test.NewTempWindow(t, v.Root())
	w.Resize(fyne.NewSize(640, 900))
	server := find(t, v.Root(), "none: everything stays on this machine")
	w.Canvas().Focus(server)
	test.Type(server, "http://box:8404 ")
	if s.Cloud.Server != "" {
		t.Error("kept while it was being typed")
	}
	w.Canvas().Unfocus()
	if s.Cloud.Server != "http://box:8404" {
		t.Errorf("kept %q", s.Cloud.Server)
	}
}

// find is the field whose empty text says so.
func find(t *testing.T, o fyne.CanvasObject, empty string) *field {
	t.Helper()
	var found *field
	var walk func(o fyne.CanvasObject)
	walk = func(o fyne.CanvasObject) {
		switch o := o.(type) {
		case *field:
			if o.PlaceHolder == empty {
				found = o
			}
		case *fyne.Container:
			for _, c := range o.Objects {
				walk(c)
			}
		case fyne.Widget:
			for _, c := range test.WidgetRenderer(o).Objects() {
				walk(c)
			}
		}
	}
	walk(o)
	if found == nil {
		t.Fatalf("no field %q", empty)
	}
	return found
}

func TestEveryChoiceIsKept(t *testing.T) {
	test.NewTempApp(t)
	s := settings.Default()
	v := New(s, func(change func(*settings.Settings)) { change(&s) }, Actions{Close: func() {}})
	before := s
	checks, picks := 0, 0
	var walk func(o fyne.CanvasObject)
	walk = func(o fyne.CanvasObject) {
		switch o := o.(type) {
		case *own.Check:
			checks++
			o.SetChecked(!o.Checked)
		case *own.Select:
			picks++
			o.SetSelected("F# minor")
		case *fyne.Container:
			for _, c := range o.Objects {
				walk(c)
			}
		case fyne.Widget:
			for _, c := range test.WidgetRenderer(o).Objects() {
				walk(c)
			}
		}
	}
	walk(v.Root())
	if s.Playback.SessionKey != "F# minor" || picks != 1 {
		t.Errorf("session key %q of %d choices", s.Playback.SessionKey, picks)
	}
	changed := 0
	for _, pair := range [][2]bool{
		{before.Playback.AutoPlay, s.Playback.AutoPlay}, {before.Playback.Loop, s.Playback.Loop}, {before.Playback.LoopLoops, s.Playback.LoopLoops},
		{before.Playback.FollowTempo, s.Playback.FollowTempo}, {before.Playback.FollowKey, s.Playback.FollowKey}, {before.Library.CopyImports, s.Library.CopyImports},
		{before.Library.FolderTags, s.Library.FolderTags}, {before.Library.SkipDuplicates, s.Library.SkipDuplicates},
	} {
		if pair[0] != pair[1] {
			changed++
		}
	}
	if changed != checks || checks < 8 {
		t.Errorf("%d of %d switches changed a setting", changed, checks)
	}
}
