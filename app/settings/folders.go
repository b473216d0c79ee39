package settings

import (
	"path/filepath"

	"github.com/adrg/xdg"
)

// folder is the program's name inside the system's folders.
const folder = "sample-agent"

// Folders are the places of this system for this program. None of them needs to exist yet.
type Folders struct {
	Config string // settings
	Data   string // the library, managed samples, the demo sounds
	Cache  string // what can be made again
	State  string // crash reports
}

// SystemFolders follows the XDG variables on Linux and the customs of the other systems.
func SystemFolders() Folders {
	return Folders{
		Config: filepath.Join(xdg.ConfigHome, folder),
		Data:   filepath.Join(xdg.DataHome, folder),
		Cache:  filepath.Join(xdg.CacheHome, folder),
		State:  filepath.Join(xdg.StateHome, folder),
	}
}

// File is the settings file.
func (f Folders) File() string { return filepath.Join(f.Config, "settings.toml") }

// Library is the database when neither a flag nor a setting names one.
func (f Folders) Library() string { return filepath.Join(f.Data, "library.db") }

// Samples is the managed folder when no setting names one.
func (f Folders) Samples() string { return filepath.Join(f.Data, "samples") }

// Demo is where the bundled sounds are unpacked.
func (f Folders) Demo() string { return filepath.Join(f.Data, "demo") }
