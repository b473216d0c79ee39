// Package settings holds the preferences of a person, typed, in a TOML file in the system's
// config folder, and knows the program's folders.
//
// What the file does not say has its default; keys of other versions of the program are kept; a
// file that cannot be read is set aside, never deleted. The package must never know what a
// preference does.
package settings

import (
	"fmt"
	"math"
	"slices"

	"sampleagent/sync/session"
)

// Settings is every preference. The zero value is not useful: start from Default.
type Settings struct {
	Library  Library  `toml:"library"`
	Playback Playback `toml:"playback"`
	Search   Search   `toml:"search"`
	Card     Card     `toml:"card"`
	Cloud    Cloud    `toml:"cloud"`
	Window   Window   `toml:"window"`
}

// Library says where samples live and how they come in.
type Library struct {
	File           string `toml:"file"`            // the database; "" = library.db in the data folder
	CopyImports    bool   `toml:"copy_imports"`    // copy imported files into ManagedFolder
	ManagedFolder  string `toml:"managed_folder"`  // "" = samples in the data folder
	FolderTags     bool   `toml:"folder_tags"`     // names of folders become tags of what lies in them
	SkipDuplicates bool   `toml:"skip_duplicates"` // a file whose bytes are in the library is not added
	Jobs           int    `toml:"jobs"`            // files analysed at once; 0 = one per core
}

// Playback says how sounds are heard.
type Playback struct {
	AutoPlay     bool    `toml:"auto_play"`     // moving the selection plays it
	Loop         bool    `toml:"loop"`          // what plays starts again at its end
	LoopLoops    bool    `toml:"loop_loops"`    // sounds of kind "loop" do so in any case
	Volume       float64 `toml:"volume"`        // 0 to 1
	FollowTempo  bool    `toml:"follow_tempo"`  // loops are stretched to SessionTempo
	SessionTempo float64 `toml:"session_tempo"` // BPM, 40 to 200
	FollowKey    bool    `toml:"follow_key"`    // tonal sounds are shifted to SessionKey
	SessionKey   string  `toml:"session_key"`   // "A minor"; "" = none
}

// Search says what a search starts with.
type Search struct {
	Sort       string   `toml:"sort"`       // a name of search.Sort
	Descending bool     `toml:"descending"` //
	Recent     int      `toml:"recent"`     // how many past queries are kept, 0 to 100
	Past       []string `toml:"past"`       // newest first
}

// Card says how cards are written.
type Card struct {
	Format string `toml:"format"` // "wav" or "aiff"
	Dir    string `toml:"dir"`    // the folder last written to
}

// Cloud says where the account is.
type Cloud struct {
	Server  string            `toml:"server"`           // base URL; "" = none. SAMPLE_AGENT_SERVER wins over it
	Account session.Account   `toml:"account"`          // who is signed in; the token is in the keyring, never here
	Others  []session.Account `toml:"others,omitempty"` // signed in too, and not in use
	Paused  bool              `toml:"paused"`           // a person stopped the cloud's work on this machine
	Machine string            `toml:"machine"`          // this installation's random name; "" until it is needed
}

// Window is how the window looked when it was last closed. Sizes are in the toolkit's units.
type Window struct {
	Width      float64            `toml:"width"`
	Height     float64            `toml:"height"`
	FullScreen bool               `toml:"full_screen"`
	Splits     map[string]float64 `toml:"splits"`           // name of a splitter -> 0 to 1
	Theme      string             `toml:"theme"`            // "system", "light", "dark"
	Tab        string             `toml:"tab"`              // the panel last shown
	Kit        string             `toml:"kit"`              // ID of the kit last shown
	Bank       int                `toml:"bank"`             // 0 to 9
	Query      string             `toml:"query"`            // what was searched when it was closed
	Pinned     []string           `toml:"pinned,omitempty"` // IDs of samples kept at hand
}

// The ranges of values, also for the preferences screen.
const (
	MinTempo, MaxTempo = 40.0, 200.0 // as on the device
	MaxJobs            = 64
)

// Themes and CardFormats list the words that are understood.
var (
	Themes      = []string{"system", "light", "dark"}
	CardFormats = []string{"wav", "aiff"}
)

// Default is what a new person starts with.
func Default() Settings {
	return Settings{
		Playback: Playback{AutoPlay: true, LoopLoops: true, Volume: 0.8, SessionTempo: 90},
		Search:   Search{Recent: 20},
		Card:     Card{Format: "wav"},
		Window:   Window{Width: 1280, Height: 800, Splits: map[string]float64{}, Theme: "system"},
	}
}

// clone copies what a plain assignment would share.
func (s Settings) clone() Settings {
	s.Search.Past = slices.Clone(s.Search.Past)
	s.Window.Pinned = slices.Clone(s.Window.Pinned)
	s.Cloud.Others = slices.Clone(s.Cloud.Others)
	splits := make(map[string]float64, len(s.Window.Splits))
	for k, v := range s.Window.Splits {
		splits[k] = v
	}
	s.Window.Splits = splits
	return s
}

// Check finds the first value out of its range. A nil error means that all may be used as is.
func (s *Settings) Check() error {
	if wrong := s.mend(false); len(wrong) > 0 {
		return fmt.Errorf("settings: %s", wrong[0])
	}
	return nil
}

// mend lists values out of their range; with repair it puts the default in their place.
func (s *Settings) mend(repair bool) (wrong []string) {
	d := Default()
	fix := func(key string, ok bool, set func(), got any, want string) {
		if ok {
			return
		}
		wrong = append(wrong, fmt.Sprintf("%s is %v; it may be %s", key, got, want))
		if repair {
			set()
		}
	}
	within := func(v, lo, hi float64) bool { return !math.IsNaN(v) && v >= lo && v <= hi }
	p, w := &s.Playback, &s.Window
	fix("library.jobs", s.Library.Jobs >= 0 && s.Library.Jobs <= MaxJobs, func() { s.Library.Jobs = 0 }, s.Library.Jobs, fmt.Sprintf("0 to %d", MaxJobs))
	fix("playback.volume", within(p.Volume, 0, 1), func() { p.Volume = d.Playback.Volume }, p.Volume, "0 to 1")
	fix("playback.session_tempo", within(p.SessionTempo, MinTempo, MaxTempo), func() { p.SessionTempo = d.Playback.SessionTempo }, p.SessionTempo, fmt.Sprintf("%g to %g", MinTempo, MaxTempo))
	fix("search.recent", s.Search.Recent >= 0 && s.Search.Recent <= 100, func() { s.Search.Recent = d.Search.Recent }, s.Search.Recent, "0 to 100")
	fix("card.format", slices.Contains(CardFormats, s.Card.Format), func() { s.Card.Format = d.Card.Format }, fmt.Sprintf("%q", s.Card.Format), `"wav" or "aiff"`)
	fix("window.theme", slices.Contains(Themes, w.Theme), func() { w.Theme = d.Window.Theme }, fmt.Sprintf("%q", w.Theme), `"system", "light" or "dark"`)
	fix("window.width", within(w.Width, 200, 20000), func() { w.Width = d.Window.Width }, w.Width, "200 to 20000")
	fix("window.height", within(w.Height, 200, 20000), func() { w.Height = d.Window.Height }, w.Height, "200 to 20000")
	fix("window.bank", w.Bank >= 0 && w.Bank <= 9, func() { w.Bank = 0 }, w.Bank, "0 to 9")
	for name, v := range w.Splits {
		fix("window.splits."+name, within(v, 0, 1), func() { delete(w.Splits, name) }, v, "0 to 1")
	}
	return wrong
}
