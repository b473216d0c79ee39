package codec

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// id3Fields maps the text frames of ID3v2.3/2.4 and of v2.2.
var id3Fields = map[string]string{
	"TIT2": "title", "TPE1": "artist", "TALB": "album", "TCON": "genre", "TBPM": "bpm", "TKEY": "key",
	"TDRC": "date", "TYER": "date", "COMM": "comment",
	"TT2": "title", "TP1": "artist", "TAL": "album", "TCO": "genre", "TBP": "bpm", "TKE": "key",
	"TYE": "date", "COM": "comment",
}

// readID3 reads an ID3v2 tag (2.2, 2.3, 2.4) at the beginning of b; what is broken is passed
// over. Format: id3.org, "ID3 tag version 2.4.0 - Main Structure" and its forerunners.
func readID3(b []byte, t *Tags) {
	n := id3Length(b)
	if n == 0 {
		return
	}
	version, flags := b[3], b[5]
	if version < 2 || version > 4 {
		return
	}
	b = b[10:min(n, int64(len(b)))]
	if flags&0x80 != 0 && version < 4 {
		b = unsynchronised(b)
	}
	if flags&0x40 != 0 && version > 2 && len(b) >= 4 { // extended header
		size := int64(binary.BigEndian.Uint32(b)) + 4
		if version == 4 {
			size = synchsafe(b)
		}
		b = b[min(max(size, 0), int64(len(b))):]
	}
	header := 10
	if version == 2 {
		header = 6
	}
	for len(b) > header && b[0] != 0 {
		var (
			id    string
			size  int64
			frame byte
		)
		switch version {
		case 2:
			id, size = string(b[:3]), int64(b[3])<<16|int64(b[4])<<8|int64(b[5])
		case 3:
			id, size = string(b[:4]), int64(binary.BigEndian.Uint32(b[4:]))
		default:
			id, size, frame = string(b[:4]), synchsafe(b[4:]), b[9]
			// iTunes once wrote plain sizes here; they show when the safe reading lands amiss.
			if plain := int64(binary.BigEndian.Uint32(b[4:])); plain != size && !id3FrameAt(b, 10+size) && id3FrameAt(b, 10+plain) {
				size = plain
			}
		}
		b = b[header:]
		if size <= 0 || size > int64(len(b)) {
			return
		}
		body := b[:size]
		b = b[size:]
		field := id3Fields[id]
		if field == "" && id != "TXXX" && id != "TXX" {
			continue
		}
		if version == 4 {
			if frame&0x0C != 0 { // compressed or encrypted
				continue
			}
			if frame&0x02 != 0 {
				body = unsynchronised(body)
			}
			if frame&0x01 != 0 && len(body) >= 4 {
				body = body[4:]
			}
		}
		if len(body) < 2 {
			continue
		}
		encoding, body := body[0], body[1:]
		switch field {
		case "comment":
			if len(body) < 3 {
				continue
			}
			if what, text := id3Pair(encoding, body[3:]); what == "" {
				t.text("comment", text)
			}
		case "":
			what, text := id3Pair(encoding, body)
			t.text(vorbisFields[strings.ToUpper(what)], text)
		default:
			t.text(field, id3Text(encoding, body))
		}
	}
}

// id3FrameAt says whether a frame header or the end of the tag lies at off.
func id3FrameAt(b []byte, off int64) bool {
	if off < 0 || off > int64(len(b)) {
		return false
	}
	b = b[off:]
	if len(b) < 4 || b[0] == 0 {
		return true
	}
	for _, c := range b[:4] {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

func synchsafe(b []byte) int64 {
	return int64(b[0]&0x7F)<<21 | int64(b[1]&0x7F)<<14 | int64(b[2]&0x7F)<<7 | int64(b[3]&0x7F)
}

// unsynchronised undoes the zero bytes that keep 0xFF from looking like an MPEG sync.
func unsynchronised(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		out = append(out, b[i])
		if b[i] == 0xFF && i+1 < len(b) && b[i+1] == 0 {
			i++
		}
	}
	return out
}

// id3Pair splits a description from the text behind it.
func id3Pair(encoding byte, b []byte) (what, text string) {
	if encoding == 1 || encoding == 2 {
		for i := 0; i+1 < len(b); i += 2 {
			if b[i] == 0 && b[i+1] == 0 {
				return id3Text(encoding, b[:i]), id3Text(encoding, b[i+2:])
			}
		}
		return "", ""
	}
	for i, c := range b {
		if c == 0 {
			return id3Text(encoding, b[:i]), id3Text(encoding, b[i+1:])
		}
	}
	return "", ""
}

// id3Text decodes the first string of a text frame.
func id3Text(encoding byte, b []byte) string {
	if len(b) > 2*maxText {
		b = b[:2*maxText]
	}
	switch encoding {
	case 1, 2: // UTF-16 with mark; UTF-16 big-endian
		order := binary.ByteOrder(binary.BigEndian)
		if len(b) >= 2 && b[0] == 0xFF && b[1] == 0xFE {
			order = binary.LittleEndian
			b = b[2:]
		} else if len(b) >= 2 && b[0] == 0xFE && b[1] == 0xFF {
			b = b[2:]
		}
		u := make([]uint16, 0, len(b)/2)
		for ; len(b) >= 2; b = b[2:] {
			c := order.Uint16(b)
			if c == 0 {
				break
			}
			u = append(u, c)
		}
		return clean(string(utf16.Decode(u)))
	case 3:
		return clean(cString(b))
	}
	// Said to be Latin-1; what is valid UTF-8 with high bytes was written by someone who lied.
	return clean(cString(b))
}
