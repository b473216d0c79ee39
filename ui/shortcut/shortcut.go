// Package shortcut is the one table of what the window can do: every command with its name, its
// group and its keys on each system. Menus, the help window and the key handlers read it, and
// a test finds keys that are used twice.
//
// The package knows no command's meaning.
package shortcut

import (
	"strings"

	"fyne.io/fyne/v2"
)

// ID names a command.
type ID string

// The commands.
const (
	AddFolder    ID = "add-folder"
	AddFiles     ID = "add-files"
	BringOver    ID = "bring-over"
	NewKit       ID = "new-kit"
	WriteCard    ID = "write-card"
	ReadCard     ID = "read-card"
	Exports      ID = "exports"
	Preferences  ID = "preferences"
	Quit         ID = "quit"
	Undo         ID = "undo"
	Redo         ID = "redo"
	SelectAll    ID = "select-all"
	Favourite    ID = "favourite"
	EditTags     ID = "tags"
	EditTempo    ID = "tempo"
	EditKey      ID = "key"
	HalfTempo    ID = "half-tempo"
	DoubleTempo  ID = "double-tempo"
	TapTempo     ID = "tap-tempo"
	Reanalyse    ID = "analyse-again"
	Reading1     ID = "tempo-reading-1"
	Reading2     ID = "tempo-reading-2"
	Reading3     ID = "tempo-reading-3"
	Reading4     ID = "tempo-reading-4"
	EditSound    ID = "edit-sound"
	Rename       ID = "rename"
	ShowFile     ID = "show-file"
	CopyPath     ID = "copy-path"
	Remove       ID = "remove"
	NewList      ID = "new-collection"
	MoveUp       ID = "move-up"
	MoveDown     ID = "move-down"
	Rate0        ID = "rate-0"
	Rate1        ID = "rate-1"
	Rate2        ID = "rate-2"
	Rate3        ID = "rate-3"
	Rate4        ID = "rate-4"
	Rate5        ID = "rate-5"
	Find         ID = "find"
	ClearFind    ID = "clear-find"
	SaveFind     ID = "save-search"
	Similar      ID = "similar"
	PlayPause    ID = "play"
	Stop         ID = "stop"
	Loop         ID = "loop"
	Pin          ID = "pin"
	AutoPlay     ID = "auto-play"
	ToggleSync   ID = "sync"
	FocusPlaces  ID = "focus-places"
	FocusList    ID = "focus-list"
	FocusDetails ID = "focus-details"
	FocusPads    ID = "focus-pads"
	ZoomIn       ID = "zoom-in"
	ZoomOut      ID = "zoom-out"
	ZoomAll      ID = "zoom-all"
	ToggleLight  ID = "light"
	FullScreen   ID = "full-screen"
	PutOnPad     ID = "put-on-pad"
	FillBank     ID = "fill-bank"
	NextBank     ID = "next-bank"
	PrevBank     ID = "previous-bank"
	ClearPad     ID = "clear-pad"
	EditPad      ID = "edit-pad"
	StopPads     ID = "stop-pads"
	Patterns     ID = "patterns"
	Tasks        ID = "tasks"
	Cloud        ID = "cloud"
	CloudQueue   ID = "cloud-analyse"
	CloudKeep    ID = "cloud-keep"
	CloudDrop    ID = "cloud-drop"
	CloudFetch   ID = "cloud-fetch"
	CloudKit     ID = "cloud-kit"
	Help         ID = "help"
	Doctor       ID = "doctor"
	About        ID = "about"
)

// Where says when a key reaches a command.
type Where int

// The places.
const (
	Always Where = iota // with a modifier, or a function key: wherever the focus is
	InList              // a plain key while the list, the pads or nothing has the focus
	InPads              // a plain key while the pads have it
)

// Command is a line of the table.
type Command struct {
	ID    ID
	Title string
	Group string
	Key   fyne.KeyName // "" for none
	Mod   fyne.KeyModifier
	Where Where
	Menu  bool // it stands in the menu bar under its group
}

// Systems are the values of GOOS that have a table of their own.
var Systems = []string{"linux", "windows", "darwin"}

// Table lists the commands with their keys on a system (a GOOS).
func Table(system string) []Command {
	std := fyne.KeyModifierControl
	redo := Command{Redo, "Redo", "Edit", fyne.KeyY, fyne.KeyModifierControl, Always, true}
	fullKey, fullMod := fyne.KeyF11, fyne.KeyModifier(0)
	remove := fyne.KeyDelete
	if system == "darwin" {
		std = fyne.KeyModifierSuper
		redo.Key, redo.Mod = fyne.KeyZ, std|fyne.KeyModifierShift
		fullKey, fullMod = fyne.KeyF, std|fyne.KeyModifierControl
		remove = fyne.KeyBackspace
	}
	shift, alt := std|fyne.KeyModifierShift, fyne.KeyModifierAlt
	return []Command{
		{AddFolder, "Add folder…", "File", fyne.KeyO, std, Always, true},
		{AddFiles, "Add a file…", "File", fyne.KeyO, shift, Always, true},
		{BringOver, "Bring over an earlier library…", "File", "", 0, Always, true},
		{WriteCard, "Write card…", "File", fyne.KeyE, std, Always, true},
		{ReadCard, "Read card…", "File", fyne.KeyR, std, Always, true},
		{Exports, "Cards written…", "File", "", 0, Always, true},
		{Tasks, "What is being done…", "File", fyne.KeyJ, std, Always, true},
		{Preferences, "Preferences…", "File", fyne.KeyComma, std, Always, true},
		{Quit, "Quit", "File", fyne.KeyQ, std, Always, true},

		{Undo, "Undo", "Edit", fyne.KeyZ, std, Always, true},
		redo,
		{SelectAll, "Select all", "Edit", fyne.KeyA, std, Always, true},
		{Favourite, "Favourite", "Edit", fyne.KeyD, std, Always, true},
		{EditTags, "Add tags", "Edit", fyne.KeyT, shift, Always, true},
		{EditTempo, "Set tempo", "Edit", fyne.KeyB, shift, Always, true},
		{EditKey, "Set key", "Edit", fyne.KeyK, shift, Always, true},
		{HalfTempo, "Half the tempo", "Edit", fyne.KeyH, shift, Always, true},
		{DoubleTempo, "Twice the tempo", "Edit", fyne.KeyD, shift, Always, true},
		{TapTempo, "Tap the tempo", "Edit", fyne.KeyT, std, Always, true},
		{Reanalyse, "Analyse again", "Edit", fyne.KeyF5, 0, Always, true},
		{Reading1, "First other reading of the tempo", "Edit", fyne.KeyF6, 0, Always, false},
		{Reading2, "Second other reading", "Edit", fyne.KeyF7, 0, Always, false},
		{Reading3, "Third other reading", "Edit", fyne.KeyF8, 0, Always, false},
		{Reading4, "Fourth other reading", "Edit", fyne.KeyF9, 0, Always, false},
		{EditSound, "Trim, reverse, fade, chop…", "Edit", fyne.KeyE, shift, Always, true},
		{Rename, "Rename…", "Edit", fyne.KeyF2, 0, Always, true},
		{ShowFile, "Show the file in its folder", "Edit", fyne.KeyO, alt, Always, true},
		{CopyPath, "Copy where the file lies", "Edit", fyne.KeyC, alt, Always, true},
		{NewList, "New collection…", "Edit", fyne.KeyN, shift, Always, true},
		{MoveUp, "Move up in the collection", "Edit", fyne.KeyUp, alt, Always, false},
		{MoveDown, "Move down in the collection", "Edit", fyne.KeyDown, alt, Always, false},
		{Remove, "Remove from the library", "Edit", remove, 0, InList, true},
		{Rate0, "No rating", "Rate", fyne.Key0, alt, Always, false},
		{Rate1, "One star", "Rate", fyne.Key1, alt, Always, false},
		{Rate2, "Two stars", "Rate", fyne.Key2, alt, Always, false},
		{Rate3, "Three stars", "Rate", fyne.Key3, alt, Always, false},
		{Rate4, "Four stars", "Rate", fyne.Key4, alt, Always, false},
		{Rate5, "Five stars", "Rate", fyne.Key5, alt, Always, false},

		{Find, "Find", "Find", fyne.KeyF, std, Always, true},
		{ClearFind, "Clear the search", "Find", fyne.KeyF, shift, Always, true},
		{Similar, "Sounds like this", "Find", fyne.KeyM, shift, Always, true},
		{SaveFind, "Save this search…", "Find", fyne.KeyS, std, Always, true},

		{PlayPause, "Play or pause", "Play", fyne.KeySpace, 0, InList, true},
		{Stop, "Stop", "Play", fyne.KeyEscape, 0, InList, true},
		{Loop, "Loop", "Play", fyne.KeyL, std, Always, true},
		{Pin, "Pin or unpin", "Play", fyne.KeyP, alt, Always, true},
		{AutoPlay, "Play what is selected", "Play", fyne.KeyP, std, Always, true},
		{ToggleSync, "Follow the session's tempo", "Play", fyne.KeyP, shift, Always, true},

		{NewKit, "New kit…", "Kit", fyne.KeyN, std, Always, true},
		{PutOnPad, "Put on the selected pad", "Kit", fyne.KeyReturn, 0, InList, true},
		{FillBank, "Fill this bank…", "Kit", fyne.KeyB, std, Always, true},
		{EditPad, "Edit the selected pad…", "Kit", fyne.KeyU, std, Always, true},
		{Patterns, "Patterns…", "Kit", fyne.KeyK, std, Always, true},
		{StopPads, "Stop all pads", "Kit", fyne.KeyPeriod, std, Always, true},
		{PrevBank, "Previous bank", "Kit", fyne.KeyLeftBracket, std, Always, true},
		{NextBank, "Next bank", "Kit", fyne.KeyRightBracket, std, Always, true},
		{ClearPad, "Empty the selected pad", "Kit", fyne.KeyDelete, 0, InPads, false},

		{Cloud, "Account and cloud…", "Cloud", fyne.KeyC, shift, Always, true},
		{CloudQueue, "Analyse in the cloud…", "Cloud", fyne.KeyU, shift, Always, true},
		{CloudKeep, "Keep in the cloud", "Cloud", "", 0, Always, true},
		{CloudDrop, "Remove the audio from the cloud", "Cloud", "", 0, Always, true},
		{CloudFetch, "Make available here", "Cloud", "", 0, Always, true},
		{CloudKit, "Keep this kit's sounds in the cloud, or no longer", "Cloud", "", 0, Always, true},

		{FocusPlaces, "Go to the sidebar", "View", fyne.Key1, std, Always, true},
		{FocusList, "Go to the list", "View", fyne.Key2, std, Always, true},
		{FocusDetails, "Go to the details", "View", fyne.Key3, std, Always, true},
		{FocusPads, "Go to the pads", "View", fyne.Key4, std, Always, true},
		{ZoomIn, "Zoom into the waveform", "View", fyne.KeyEqual, std, Always, true},
		{ZoomOut, "Zoom out of the waveform", "View", fyne.KeyMinus, std, Always, true},
		{ZoomAll, "Whole waveform", "View", fyne.Key0, std, Always, true},
		{ToggleLight, "Light or dark", "View", fyne.KeyL, shift, Always, true},
		{FullScreen, "Full screen", "View", fullKey, fullMod, Always, true},

		{Help, "Keys and search words", "Help", fyne.KeyF1, 0, Always, true},
		{Doctor, "Check this machine", "Help", "", 0, Always, true},
		{About, "About Sample Agent", "Help", "", 0, Always, true},
	}
}

// ByID is the command of the ID on a system.
func ByID(system string, id ID) (Command, bool) {
	for _, c := range Table(system) {
		if c.ID == id {
			return c, true
		}
	}
	return Command{}, false
}

// Keys prints a command's keys as they are called on the system; "" for none.
func (c Command) Keys(system string) string {
	if c.Key == "" {
		return ""
	}
	var parts []string
	names := []struct {
		mod          fyne.KeyModifier
		plain, apple string
	}{
		{fyne.KeyModifierControl, "Ctrl", "⌃"}, {fyne.KeyModifierAlt, "Alt", "⌥"},
		{fyne.KeyModifierShift, "Shift", "⇧"}, {fyne.KeyModifierSuper, "Super", "⌘"},
	}
	for _, n := range names {
		if c.Mod&n.mod == 0 {
			continue
		}
		if system == "darwin" {
			parts = append(parts, n.apple)
		} else {
			parts = append(parts, n.plain)
		}
	}
	parts = append(parts, keyName(c.Key))
	if system == "darwin" {
		return strings.Join(parts, "")
	}
	return strings.Join(parts, "+")
}

func keyName(k fyne.KeyName) string {
	switch k {
	case fyne.KeyReturn:
		return "Enter"
	case fyne.KeyEscape:
		return "Esc"
	case fyne.KeyBackspace:
		return "Backspace"
	case fyne.KeyDelete:
		return "Delete"
	case fyne.KeySpace:
		return "Space"
	case fyne.KeyEqual:
		return "+"
	}
	return string(k)
}

// Extra are keys that belong to a part of the screen and are no commands of their own; the help
// window lists them.
var Extra = []struct{ Where, Keys, Does string }{
	{"List", "Up, Down", "select and play; held down, only the last one plays"},
	{"List", "Page Up, Page Down, Home, End", "move by a page, to the first, to the last"},
	{"List", "Shift or Ctrl with a click", "select several"},
	{"List", "Letters", "jump to a name that begins so"},
	{"List", "/", "go to the search field"},
	{"List, sidebar, pads", "Menu key or Shift+F10", "what a right click opens"},
	{"Search field", "Down or Enter", "go to the list"},
	{"Search field", "Esc", "clear, then go to the list"},
	{"Pads", "1 2 3 4 · Q W E R · A S D F · Z X C V", "play pads 1 to 16"},
	{"Pads", "Arrows", "select a pad"},
	{"Pads", "Drag", "swap two pads; with Ctrl or Alt copy"},
	{"Pads", "Ctrl or Shift with a click", "choose several pads and edit them together"},
	{"Pads", "Ctrl+C, Ctrl+X, Ctrl+V", "copy, cut and paste pads with their settings"},
	{"Pad editor", "Up, Down", "choose start, end, loop point or a mark"},
	{"Pad editor", "Left, Right", "move it, snapping; with Shift by one frame"},
	{"Pad editor", "M, Delete", "add a mark, remove one"},
	{"Pad editor", "+ - 0, Page Up, Page Down", "zoom, show all, scroll"},
	{"Settings of a pad", "Digits, Enter", "type the value of a slider"},
	{"Waveform", "Click, drag, wheel", "seek, play a part again and again, zoom"},
	{"Settings of a pad", "Double click, Left, Right", "default, one step"},
}
