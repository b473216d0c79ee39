package waveform

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// The stored form: "SAW1", rate u32, frames u64, scale f32, then the finest level as three
// bytes a cell: lowest and highest as int8 and RMS as uint8, where 127 and 255 stand for the
// scale, which is the sound's peak. Little-endian. Ten seconds at 44.1 kHz take 5 KiB.
const (
	magic      = "SAW1"
	headerSize = 4 + 4 + 8 + 4
	cellSize   = 3
)

// ErrFormat says that bytes are not stored peaks.
var ErrFormat = errors.New("not stored peaks")

// MarshalBinary gives the stored form.
func (p *Peaks) MarshalBinary() ([]byte, error) {
	return p.AppendBinary(make([]byte, 0, headerSize+cellSize*len(p.levels[0])))
}

// AppendBinary appends the stored form to b.
func (p *Peaks) AppendBinary(b []byte) ([]byte, error) {
	le := binary.LittleEndian
	scale := p.Peak()
	b = append(b, magic...)
	b = le.AppendUint32(b, uint32(p.Rate))
	b = le.AppendUint64(b, uint64(p.Frames))
	b = le.AppendUint32(b, math.Float32bits(scale))
	if scale == 0 {
		scale = 1
	}
	for _, c := range p.levels[0] {
		b = append(b, byte(int8(down(c.Min/scale, 127))), byte(int8(up(c.Max/scale, 127))),
			byte(min(255, math.Round(float64(c.RMS/scale)*255))))
	}
	return b, nil
}

// UnmarshalBinary reads the stored form. Whatever the bytes say, no more is allocated than they
// can fill.
func (p *Peaks) UnmarshalBinary(b []byte) error {
	le := binary.LittleEndian
	if len(b) < headerSize || string(b[:4]) != magic {
		return ErrFormat
	}
	rate, frames := le.Uint32(b[4:]), le.Uint64(b[8:])
	scale := math.Float32frombits(le.Uint32(b[16:]))
	cells := b[headerSize:]
	if rate > math.MaxInt32 || !(scale >= 0 && scale <= limit) {
		return ErrFormat
	}
	if n := uint64(len(cells) / cellSize); len(cells)%cellSize != 0 || frames > n*BaseFrames || frames+BaseFrames <= n*BaseFrames {
		return fmt.Errorf("%w: %d frames in %d bytes", ErrFormat, frames, len(b))
	}
	base := make([]Column, len(cells)/cellSize)
	for i := range base {
		c := cells[i*cellSize:]
		base[i] = Column{
			Min: float32(int8(c[0])) / 127 * scale,
			Max: float32(int8(c[1])) / 127 * scale,
			RMS: float32(c[2]) / 255 * scale,
		}
	}
	*p = Peaks{Rate: int(rate), Frames: int(frames)}
	p.zoomOut(base)
	return nil
}
