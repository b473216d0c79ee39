package codec

import (
	"io/fs"
	"path/filepath"
	"strings"
)

// Skip says whether a file is left out before anything of it is read, and why: what begins with
// a dot (macOS leaves "._kick.wav" beside every kick.wav on a card, with a sample's extension and
// no sound in it), what is empty, what is no regular file. fi may be nil when only the name
// counts. It does not judge by extension: the format is decided by content.
func Skip(path string, fi fs.FileInfo) (reason string, skip bool) {
	name := filepath.Base(path)
	switch {
	case strings.HasPrefix(name, "._"):
		return "macOS resource file", true
	case strings.HasPrefix(name, "."):
		return "hidden file", true
	case fi == nil:
		return "", false
	case fi.IsDir() || fi.Mode()&fs.ModeType&^fs.ModeSymlink != 0:
		return "not a file", true
	case fi.Size() == 0:
		return "empty file", true
	}
	return "", false
}
