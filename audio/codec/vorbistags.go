package codec

import (
	"encoding/binary"
	"strings"
)

// vorbisFields maps the names of Vorbis comments, and of ID3's user-defined texts.
var vorbisFields = map[string]string{
	"TITLE": "title", "ARTIST": "artist", "ALBUM": "album", "GENRE": "genre", "DATE": "date", "YEAR": "date",
	"COMMENT": "comment", "DESCRIPTION": "comment",
	"BPM": "bpm", "TEMPO": "bpm", "TBPM": "bpm", "FBPM": "bpm",
	"KEY": "key", "INITIALKEY": "key", "INITIAL_KEY": "key", "INITIAL KEY": "key", "TKEY": "key",
}

// readVorbisComment reads a Vorbis comment header without its framing: vendor, then a count of
// NAME=value, each with a 32-bit little-endian length (xiph.org, "Ogg Vorbis I format
// specification: comment field and header specification").
func readVorbisComment(b []byte, t *Tags) {
	next := func() ([]byte, bool) {
		if len(b) < 4 {
			return nil, false
		}
		n := int64(binary.LittleEndian.Uint32(b))
		if n > int64(len(b)-4) {
			return nil, false
		}
		s := b[4 : 4+n]
		b = b[4+n:]
		return s, true
	}
	if _, ok := next(); !ok || len(b) < 4 {
		return
	}
	count := binary.LittleEndian.Uint32(b)
	for b = b[4:]; count > 0; count-- {
		c, ok := next()
		if !ok {
			return
		}
		// Pictures come as comments too; only the name and a text's worth matter.
		name, value, ok := strings.Cut(string(c[:min(len(c), maxText+64)]), "=")
		if ok {
			t.text(vorbisFields[strings.ToUpper(name)], value)
		}
	}
}
