// Package smp reads and writes the device's samples, SMPL/BANKb-pp.SMP: a header of 512 bytes
// and 16-bit big-endian frames at 48 kHz.
//
// It knows bytes; it must never know samples of a library, pads or cards.
package smp

import (
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"io"

	"sampleagent/audio/pcm"
)

// The container (offsets verified in 4 of 4 device files).
const (
	HeaderSize = 512 // sound begins here: verified on two loud samples
	Rate       = 48000
	Bits       = 16

	offSize     = 0x04 // file size - 8
	offRate     = 0x08
	offChannels = 0x0C
	offBits     = 0x10
	offDigest   = 0x20 // MD5 of bytes 0x04 to 0x13: verified, rule found by SparkyMK2
	offFiller   = 0x30 // looks random, differs per file; claimed to be meaningless
	digested    = 0x14 // end of what the digest covers
)

// FormatError says where a file is not what it should be.
type FormatError struct {
	Offset int64
	Reason string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("not an SMP file: at byte %d (0x%X): %s", e.Offset, e.Offset, e.Reason)
}

// Header is what the first 512 bytes say.
type Header struct {
	FileBytes int64 // of the whole file
	Rate      int   // Hz
	Channels  int
	Bits      int
	Digest    [md5.Size]byte
	DigestOK  bool // the digest is that of the header's fields
}

// Frames is the number of frames that the header promises.
func (h Header) Frames() int64 {
	return max(0, h.FileBytes-HeaderSize) / int64(h.Channels*h.Bits/8)
}

// ReadHeader reads the first 512 bytes. Any bytes give a Header or a *FormatError; a wrong
// digest is told by DigestOK and is no error.
func ReadHeader(b []byte) (Header, error) {
	if len(b) < HeaderSize {
		return Header{}, &FormatError{int64(len(b)), "file ends inside the header"}
	}
	if string(b[:4]) != "RFWV" {
		return Header{}, &FormatError{0, fmt.Sprintf("magic is %q, not RFWV", b[:4])}
	}
	h := Header{
		FileBytes: int64(binary.BigEndian.Uint32(b[offSize:])) + 8,
		Rate:      int(binary.BigEndian.Uint32(b[offRate:])),
		Channels:  int(binary.BigEndian.Uint32(b[offChannels:])),
		Bits:      int(binary.BigEndian.Uint32(b[offBits:])),
		DigestOK:  md5.Sum(b[offSize:digested]) == [md5.Size]byte(b[offDigest:offFiller]),
	}
	copy(h.Digest[:], b[offDigest:offFiller])
	switch {
	case h.FileBytes < HeaderSize:
		return h, &FormatError{offSize, fmt.Sprintf("a size of %d is smaller than the header", h.FileBytes)}
	case h.Channels != 1 && h.Channels != 2:
		return h, &FormatError{offChannels, fmt.Sprintf("%d channels: 1 and 2 are known", h.Channels)}
	case h.Bits != Bits:
		return h, &FormatError{offBits, fmt.Sprintf("%d bits: 16 is known", h.Bits)}
	case h.Rate < 1 || h.Rate > 768000:
		return h, &FormatError{offRate, fmt.Sprintf("a rate of %d Hz", h.Rate)}
	}
	return h, nil
}

// Decode reads a whole file. Declared sizes are not believed: sound ends where the file ends,
// and Truncated of a short file is told by comparing Frames.
func Decode(r io.Reader, maxFrames int64) (*pcm.Buffer, Header, error) {
	head := make([]byte, HeaderSize)
	if n, err := io.ReadFull(r, head); err != nil {
		return nil, Header{}, &FormatError{int64(n), "file ends inside the header"}
	}
	h, err := ReadHeader(head)
	if err != nil {
		return nil, h, err
	}
	frame := int64(h.Channels * 2)
	if maxFrames > 0 && h.Frames() > maxFrames {
		return nil, h, fmt.Errorf("%d frames are more than the limit of %d", h.Frames(), maxFrames)
	}
	b, err := io.ReadAll(io.LimitReader(r, h.Frames()*frame))
	if err != nil {
		return nil, h, fmt.Errorf("read SMP: %w", err)
	}
	b = b[:int64(len(b))/frame*frame]
	out := &pcm.Buffer{Rate: h.Rate, Channels: h.Channels, Samples: make([]float32, len(b)/2)}
	for i := range out.Samples {
		out.Samples[i] = float32(int16(binary.BigEndian.Uint16(b[2*i:]))) / 32768
	}
	return out, h, nil
}

// MaxFrames is how many frames the 32-bit size word has room for.
func MaxFrames(channels int) int64 { return (0xFFFFFFFF + 8 - HeaderSize) / int64(2*channels) }

// head makes the header of a file at 48 kHz and 16 bits with 1 or 2 channels.
func head(frames int64, channels int) ([]byte, error) {
	if channels != 1 && channels != 2 {
		return nil, fmt.Errorf("an SMP file holds 1 or 2 channels, not %d", channels)
	}
	if frames < 0 || frames > MaxFrames(channels) {
		return nil, fmt.Errorf("%d frames do not fit into an SMP file", frames)
	}
	b := make([]byte, HeaderSize)
	copy(b, "RFWV")
	binary.BigEndian.PutUint32(b[offSize:], uint32(HeaderSize+frames*2*int64(channels)-8))
	binary.BigEndian.PutUint32(b[offRate:], Rate)
	binary.BigEndian.PutUint32(b[offChannels:], uint32(channels))
	binary.BigEndian.PutUint32(b[offBits:], Bits)
	sum := md5.Sum(b[offSize:digested])
	copy(b[offDigest:], sum[:])
	// The filler is noise on the device; ours is a function of the digest, so that the same sound
	// gives the same file (inferred to be fine).
	x := binary.BigEndian.Uint64(sum[:8]) | 1
	for i := offFiller; i < HeaderSize; i++ {
		x ^= x << 13 // xorshift64, Marsaglia 2003
		x ^= x >> 7
		x ^= x << 17
		b[i] = byte(x >> 32)
	}
	return b, nil
}

// Encode writes interleaved 16-bit samples as a file.
func Encode(w io.Writer, samples []int16, channels int) error {
	if channels < 1 || len(samples)%channels != 0 {
		return fmt.Errorf("%d samples are not whole frames of %d channels", len(samples), channels)
	}
	head, err := head(int64(len(samples)/channels), channels)
	if err != nil {
		return err
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	buf := make([]byte, 0, 1<<16)
	for len(samples) > 0 {
		n := min(len(samples), cap(buf)/2)
		buf = buf[:0]
		for _, v := range samples[:n] {
			buf = append(buf, byte(v>>8), byte(v))
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
		samples = samples[n:]
	}
	return nil
}

// FileName is the name of a bank's (0 to 9) and pad's (1 to 16) file inside SMPL (verified).
func FileName(bank, pad int) string { return fmt.Sprintf("BANK%d-%02d.SMP", bank+1, pad) }
