package codec

import (
	"encoding/binary"
	"fmt"
	"math"
)

// aiffCodings are the compression types of AIFC that are plain samples: Apple, "Audio
// Interchange File Format AIFF-C" (1991), with the later ones of QuickTime and of Logic.
var aiffCodings = map[string]struct {
	code   coding
	little bool
	sized  bool // the width comes from COMM's bits
}{
	"NONE": {sized: true}, "twos": {sized: true}, "sowt": {sized: true, little: true},
	"raw ": {code: codingU8}, "in16": {code: codingS16}, "in24": {code: codingS24}, "in32": {code: codingS32},
	"42ni": {code: codingS24, little: true}, "23ni": {code: codingS32, little: true},
	"fl32": {code: codingF32}, "FL32": {code: codingF32}, "fl64": {code: codingF64}, "FL64": {code: codingF64},
	"alaw": {code: codingALaw}, "ALAW": {code: codingALaw}, "ulaw": {code: codingMuLaw}, "ULAW": {code: codingMuLaw},
}

// aiffNames name what is not read.
var aiffNames = map[string]string{
	"ima4": "IMA ADPCM", "MAC3": "MACE 3:1", "MAC6": "MACE 6:1", "GSM ": "GSM 6.10", ".mp3": "MP3",
	"QDMC": "QDesign", "QDM2": "QDesign",
}

func parseAIFF(in *input, off int64) (*track, error) {
	head, err := in.peek(off, 12)
	if err != nil {
		return nil, err
	}
	compressed := string(head[8:12]) == "AIFC"
	t := &track{Info: Info{Format: AIFF}, Tags: newTags()}
	var (
		comm      []byte
		sound     chunk
		haveSound bool
		tags      aiffTags
	)
	err = walkChunks(in, off+12, binary.BigEndian, func(c chunk) (int64, error) {
		if c.id == "SSND" {
			if haveSound {
				return c.end, nil
			}
			h, err := in.peek(c.off, 8)
			if err != nil || len(h) < 8 {
				return c.end, err
			}
			start := c.off + 8 + int64(binary.BigEndian.Uint32(h))
			// A writer that never came back left 0 or all ones, or counted only the 8 bytes.
			if c.declared == unknownSize || c.declared <= 8 && !chunkFollows(in, c.off+8, binary.BigEndian) {
				c.declared, c.end = -1, in.size
			}
			sound = c
			sound.off = start
			if c.declared > 0 {
				sound.declared = max(0, c.declared-(sound.off-c.off))
			}
			haveSound = sound.end > sound.off
			return c.end, nil
		}
		b, err := c.body(in)
		if err != nil {
			return 0, err
		}
		if c.id == "COMM" && comm == nil {
			comm = append(comm, b...)
		} else {
			tags.chunk(c.id, b, &t.Tags)
		}
		return c.end, nil
	})
	if err != nil {
		return nil, err
	}
	if len(comm) < 18 {
		return nil, fmt.Errorf("%w: no COMM chunk", ErrDamaged)
	}
	if !haveSound {
		return nil, fmt.Errorf("%w: no SSND chunk", ErrNoAudio)
	}
	if err := t.comm(in, comm, sound, compressed); err != nil {
		return nil, err
	}
	tags.finish(&t.Tags, t.Info)
	return t, nil
}

// comm settles how the samples of an AIFF file are coded.
func (t *track) comm(in *input, comm []byte, sound chunk, compressed bool) error {
	t.Channels = int(binary.BigEndian.Uint16(comm))
	frames := int64(binary.BigEndian.Uint32(comm[2:]))
	t.BitDepth = int(binary.BigEndian.Uint16(comm[6:]))
	t.Rate = extended80(comm[8:18])
	if t.Channels < 1 {
		return fmt.Errorf("%w: the header says no channels", ErrDamaged)
	}
	kind := "NONE"
	if compressed && len(comm) >= 22 {
		kind = string(comm[18:22])
	}
	how, ok := aiffCodings[kind]
	if !ok {
		if name := aiffNames[kind]; name != "" {
			return fmt.Errorf("%w: %s", ErrUnsupported, name)
		}
		return fmt.Errorf("%w: compression %q", ErrUnsupported, kind)
	}
	code := how.code
	if how.sized {
		if code, ok = integerCoding((t.BitDepth + 7) / 8); !ok {
			return fmt.Errorf("%w: samples of %d bits", ErrUnsupported, t.BitDepth)
		}
	} else if w := code.width() * 8; t.BitDepth > w || t.BitDepth <= w-8 {
		// COMM of in24 and the float kinds often says 16.
		t.BitDepth = w
	}
	t.Float = code == codingF32 || code == codingF64
	t.raw(in, sound.off, sound.end, sound.declared, code, !how.little)
	// COMM counts the frames as well; SSND may be padded to whole blocks behind them.
	switch {
	case frames > t.Frames && sound.declared >= 0:
		t.Truncated = true
	case frames > 0 && frames < t.Frames:
		frame := int64(code.width() * t.Channels)
		t.raw(in, sound.off, sound.off+frames*frame, -1, code, !how.little)
	}
	return nil
}

// extended80 reads an 80-bit IEEE extended float as a whole number, 0 when it is out of the
// range of sample rates.
func extended80(b []byte) int {
	exp := int(binary.BigEndian.Uint16(b)) - 16383 - 63
	mant := binary.BigEndian.Uint64(b[2:])
	f := math.Ldexp(float64(mant), exp)
	if !(f >= 0 && f < 1<<31) {
		return 0
	}
	return int(math.Round(f))
}

// putExtended80 writes a positive whole number as an 80-bit IEEE extended float.
func putExtended80(b []byte, v uint32) {
	if v == 0 {
		clear(b[:10])
		return
	}
	exp, mant := 16383+63, uint64(v)
	for mant&(1<<63) == 0 {
		mant <<= 1
		exp--
	}
	binary.BigEndian.PutUint16(b, uint16(exp))
	binary.BigEndian.PutUint64(b[2:], mant)
}
