package shortcut

import (
	"fmt"
	"testing"

	"fyne.io/fyne/v2"
)

// taken are combinations that the systems keep for themselves.
var taken = map[string]map[string]bool{
	"darwin":  {"⌘H": true, "⌘M": true, "⌘Tab": true, "⌘Space": true, "⌥⌘Esc": true, "⇧⌘3": true, "⇧⌘4": true, "⇧⌘5": true, "⇧⌘Q": true},
	"windows": {"Alt+F4": true, "Alt+Tab": true, "Ctrl+Esc": true, "Ctrl+Shift+Esc": true},
	"linux":   {"Alt+F4": true, "Alt+Tab": true, "Alt+F2": true},
}

func TestNoKeyDoesTwoThings(t *testing.T) {
	for _, system := range Systems {
		seen := map[string]Command{}
		for _, c := range Table(system) {
			if c.Key == "" {
				continue
			}
			keys := c.Keys(system)
			if taken[system][keys] {
				t.Errorf("%s: %s is the system's own, not for %s", system, keys, c.ID)
			}
			for where, other := range map[Where]Command{Always: seen[at(keys, Always)], c.Where: seen[at(keys, c.Where)]} {
				if other.ID != "" {
					t.Errorf("%s: %s is both %s and %s (place %d)", system, keys, other.ID, c.ID, where)
				}
			}
			seen[at(keys, c.Where)] = c
		}
	}
}

func at(keys string, w Where) string { return fmt.Sprint(keys, w) }

func TestPlainLettersStayFree(t *testing.T) {
	// Letters are type-ahead in the list and play pads: a command needs a modifier or a named key.
	for _, system := range Systems {
		for _, c := range Table(system) {
			if c.Mod&^fyne.KeyModifierShift == 0 && len(c.Key) == 1 {
				t.Errorf("%s: %s is on the plain key %s", system, c.ID, c.Key)
			}
			if c.Where == Always && c.Mod == 0 && c.Key != "" && c.Key[0] != 'F' {
				t.Errorf("%s: %s is on %s, which a text field needs", system, c.ID, c.Key)
			}
		}
	}
}

func TestEverySystemHasEveryCommand(t *testing.T) {
	want := len(Table("linux"))
	for _, system := range Systems {
		ids := map[ID]bool{}
		for _, c := range Table(system) {
			if ids[c.ID] {
				t.Errorf("%s: %s stands twice", system, c.ID)
			}
			ids[c.ID] = true
			if c.Title == "" || c.Group == "" {
				t.Errorf("%s: %s has no title or group", system, c.ID)
			}
		}
		if len(ids) != want {
			t.Errorf("%s has %d commands, linux %d", system, len(ids), want)
		}
	}
}

func TestKeysAreNamedAsOnTheSystem(t *testing.T) {
	for _, c := range []struct {
		system string
		id     ID
		want   string
	}{
		{"linux", Undo, "Ctrl+Z"}, {"darwin", Undo, "⌘Z"}, {"linux", Redo, "Ctrl+Y"}, {"darwin", Redo, "⇧⌘Z"},
		{"windows", FullScreen, "F11"}, {"darwin", PlayPause, "Space"}, {"linux", PutOnPad, "Enter"},
	} {
		cmd, ok := ByID(c.system, c.id)
		if got := cmd.Keys(c.system); !ok || got != c.want {
			t.Errorf("%s on %s: %q, want %q", c.id, c.system, got, c.want)
		}
	}
}
