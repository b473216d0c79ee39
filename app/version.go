package app

import (
	"runtime"
	"runtime/debug"

	"sampleagent/audio/analysis"
)

// Version and Commit are set by the linker (see the Makefile).
var (
	Version = "dev"
	Commit  = ""
)

// Build is what this program was made from.
type Build struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	Tags    string `json:"tags"`   // build tags, comma-separated
	Engine  string `json:"engine"` // version of the analysis
}

// BuildInfo reads what the linker and the compiler left in the program.
func BuildInfo() Build {
	b := Build{Version: Version, Commit: Commit, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, Engine: analysis.Engine}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "-tags":
			b.Tags = s.Value
		case s.Key == "vcs.revision" && b.Commit == "":
			b.Commit = s.Value[:min(12, len(s.Value))]
		}
	}
	return b
}
