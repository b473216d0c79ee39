package codec

import "bytes"

// SniffLen is how many bytes Sniff likes to see; fewer will often do.
const SniffLen = 8 << 10

// Sniff tells the format from the first bytes of a file. It says false for what this package
// does not read: text, pictures, Ogg with something other than Vorbis in it.
func Sniff(head []byte) (Format, bool) {
	if len(head) < 4 {
		return "", false
	}
	switch string(head[:4]) {
	case "RIFF", "RIFX", "RF64", "BW64":
		return WAV, len(head) >= 12 && string(head[8:12]) == "WAVE"
	case "FORM":
		return AIFF, len(head) >= 12 && (string(head[8:12]) == "AIFF" || string(head[8:12]) == "AIFC")
	case "fLaC":
		return FLAC, true
	case "OggS":
		return Vorbis, bytes.Contains(head[:min(len(head), 300)], []byte("\x01vorbis"))
	}
	if string(head[:3]) == "ID3" {
		// The tag may be longer than what we see. What follows it decides when visible.
		n := id3Length(head)
		if n == 0 {
			return "", false
		}
		if n+4 <= int64(len(head)) {
			return Sniff(head[n:])
		}
		return MP3, true
	}
	if _, ok := findMP3(head, true); ok {
		return MP3, true
	}
	return "", false
}

// sniffInput is Sniff with the whole file at hand: it looks behind ID3 tags of any length and
// returns where the format proper begins.
func sniffInput(in *input) (Format, int64, error) {
	off := int64(0)
	// Two tags in a row occur; more is nonsense.
	for range 3 {
		head, err := in.peek(off, SniffLen)
		if err != nil {
			return "", 0, err
		}
		if n := id3Length(head); n > 0 {
			off += n
			continue
		}
		if off > 0 && len(head) > 0 && head[0] == 0 {
			// Padding that the tag does not count.
			if i := bytes.IndexFunc(head, func(r rune) bool { return r != 0 }); i > 0 {
				off += int64(i)
				continue
			}
		}
		f, ok := Sniff(head)
		if !ok {
			return "", 0, ErrUnknownFormat
		}
		return f, off, nil
	}
	return "", 0, ErrUnknownFormat
}

// id3Length is the length of the ID3v2 tag at the beginning of b with its header and footer,
// 0 when there is none.
func id3Length(b []byte) int64 {
	if len(b) < 10 || string(b[:3]) != "ID3" || b[3] == 0xFF || b[4] == 0xFF {
		return 0
	}
	n := int64(0)
	for _, c := range b[6:10] {
		if c >= 0x80 {
			return 0
		}
		n = n<<7 | int64(c)
	}
	if b[5]&0x10 != 0 {
		n += 10
	}
	return n + 10
}
