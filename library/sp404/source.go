package sp404

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
	"sampleagent/library/kit"
)

// What the device takes in, and what we therefore write (reference, section "Audio accepted on
// import"; every clause lies inside what all sources agree on).
const (
	cardRate  = 48000
	cardBits  = 16
	minFrames = cardRate / 10       // 100 ms; shorter ones may fail (claimed)
	maxFrames = 16 * 60 * cardRate  // 16 min (documented)
	wavHead   = 44                  // plain header: RIFF, fmt, data
	aiffHead  = 12 + 8 + 18 + 8 + 8 // FORM, COMM, SSND
	memBudget = int64(512) << 20    // bytes of sound in memory at once, one sound at least
	decoded   = int64(4)            // bytes of a decoded sample
	mtimeStep = 2 * time.Second     // the clock of FAT
)

// Sample is what a plan needs to know of a sample of the library.
type Sample struct {
	ID     string
	Name   string  // as the library shows it; "" is the file's own name
	Path   string  // where the file is
	BPM    float64 // 0 when not known
	Credit string  // the line that names its author and licence; "" for none
}

// source is a sample's file as found when planning.
type source struct {
	Sample
	info   codec.Info
	size   int64
	mtime  time.Time
	frames int64 // as they will be decoded
	plain  AudioFormat
}

// probe reads a file's header; where that does not say how long the sound is, it reads through.
func probe(ctx context.Context, s Sample) (*source, error) {
	f, err := os.Open(s.Path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	src := &source{Sample: s, size: fi.Size(), mtime: fi.ModTime()}
	if src.info, _, err = codec.Probe(f); err != nil {
		return nil, err
	}
	src.frames = src.info.Frames
	if lossy := src.info.Format == codec.MP3 || src.info.Format == codec.Vorbis; src.frames < 0 || lossy {
		if src.frames, err = countFrames(ctx, f); err != nil {
			return nil, err
		}
	}
	if src.frames == 0 {
		return nil, codec.ErrNoAudio
	}
	head := make([]byte, 4096)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case plainWAV(head[:n], fi.Size()):
		src.plain = WAV
	case plainAIFF(head[:n], fi.Size()):
		src.plain = AIFF
	}
	return src, nil
}

func countFrames(ctx context.Context, f io.ReadSeeker) (int64, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	st, err := codec.Open(f, codec.Limits{})
	if err != nil {
		return 0, err
	}
	buf := make([]float32, 1<<16)
	var n int64
	for {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		k, err := st.Read(buf)
		n += int64(k)
		switch {
		case errors.Is(err, io.EOF), n > 0 && errors.Is(err, codec.ErrDamaged):
			return n / int64(st.Channels), nil
		case err != nil:
			return 0, err
		}
	}
}

// plainWAV says that a file is what we would write ourselves: a header of 44 bytes, 48 kHz,
// 16 bits, one or two channels. Chunks after the sound are let through: the device discards
// them (claimed).
func plainWAV(b []byte, size int64) bool {
	if len(b) < wavHead || string(b[:4]) != "RIFF" || string(b[8:16]) != "WAVEfmt " || string(b[36:40]) != "data" {
		return false
	}
	le := binary.LittleEndian
	channels := le.Uint16(b[22:])
	data := int64(le.Uint32(b[40:]))
	return le.Uint32(b[16:]) == 16 && le.Uint16(b[20:]) == 1 && (channels == 1 || channels == 2) &&
		le.Uint32(b[24:]) == cardRate && le.Uint32(b[28:]) == cardRate*2*uint32(channels) &&
		le.Uint16(b[32:]) == 2*channels && le.Uint16(b[34:]) == cardBits &&
		int64(le.Uint32(b[4:]))+8 == size && data%int64(2*channels) == 0 && wavHead+data <= size
}

// plainAIFF says the same of an AIFF file (not AIFC): COMM before SSND, sizes that fit.
func plainAIFF(b []byte, size int64) bool {
	if len(b) < 12 || string(b[:4]) != "FORM" || string(b[8:12]) != "AIFF" || int64(binary.BigEndian.Uint32(b[4:]))+8 != size {
		return false
	}
	be := binary.BigEndian
	var channels, frames int64
	for at := int64(12); at+8 <= int64(len(b)); {
		n := int64(be.Uint32(b[at+4:]))
		body := b[at+8:]
		switch string(b[at : at+4]) {
		case "COMM":
			// 48 kHz as an 80-bit float.
			if n != 18 || len(body) < 18 || be.Uint16(body[6:]) != cardBits || string(body[8:18]) != "\x40\x0E\xBB\x80\x00\x00\x00\x00\x00\x00" {
				return false
			}
			channels, frames = int64(be.Uint16(body)), int64(be.Uint32(body[2:]))
		case "SSND":
			return (channels == 1 || channels == 2) && len(body) >= 8 && be.Uint64(body) == 0 &&
				n == 8+frames*2*channels && at+8+n <= size
		}
		at += 8 + n + n%2
	}
	return false
}

// name is what the sample is called, without an extension.
func (s *source) name() string {
	if s.Name != "" {
		return trimExt(s.Name)
	}
	return trimExt(baseName(s.Path))
}

func baseName(path string) string {
	return path[strings.LastIndexAny(path, `/\`)+1:]
}

// trimExt takes off the extension of a sound file and nothing else: "vol.2" keeps its ".2".
func trimExt(name string) string {
	i := strings.LastIndexByte(name, '.')
	if i <= 0 {
		return name
	}
	switch strings.ToLower(name[i:]) {
	case ".wav", ".wave", ".aif", ".aiff", ".aifc", ".flac", ".mp3", ".ogg", ".oga", ".smp", ".bwf", ".rf64":
		return name[:i]
	}
	return name
}

// outChannels is how many channels are written.
func (s *source) outChannels() int { return min(2, s.info.Channels) }

// outFrames is how many frames are written: resampled, at least 100 ms, at most 16 min.
func (s *source) outFrames() int64 {
	return min(max(resampledFrames(s.frames, s.info.Rate), minFrames), maxFrames)
}

// resampledFrames is the length at 48 kHz, rounded as dsp.Resample does.
func resampledFrames(frames int64, rate int) int64 {
	return (frames*cardRate + int64(rate)/2) / int64(rate)
}

// changes says in words what must change; nil when the sound can be written as it is.
func (s *source) changes() []string {
	var out []string
	if s.info.Rate != cardRate {
		out = append(out, fmt.Sprintf("%s kHz to 48 kHz", kHz(s.info.Rate)))
	}
	switch {
	case s.info.Float:
		out = append(out, fmt.Sprintf("%d-bit float to 16 bit", s.info.BitDepth))
	case s.info.BitDepth != cardBits && s.info.BitDepth > 0:
		out = append(out, fmt.Sprintf("%d bit to 16 bit", s.info.BitDepth))
	}
	if s.info.Channels > 2 {
		out = append(out, fmt.Sprintf("%d channels to stereo", s.info.Channels))
	}
	n := resampledFrames(s.frames, s.info.Rate)
	if n < minFrames {
		out = append(out, "silence added to 100 ms")
	}
	if n > maxFrames {
		out = append(out, "cut to 16 minutes")
	}
	return out
}

func kHz(rate int) string {
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.3f", float64(rate)/1000), "0"), ".")
}

// untouched says that a file in this format can be copied byte for byte.
func (s *source) untouched(f AudioFormat) bool {
	return s.plain == f && f != "" && len(s.changes()) == 0
}

// memory is what converting takes, roughly and at most: the decoded sound, the same at 48 kHz,
// and what is written of it in so many files.
func (s *source) memory(files int) int64 {
	in := s.frames * int64(s.info.Channels) * decoded
	out := s.outFrames() * int64(s.outChannels())
	return in + out*decoded + out*2*int64(files)
}

// Resampler changes the rate of a sound; dsp.Resample is one.
type Resampler func(ctx context.Context, b *pcm.Buffer, rate int) (*pcm.Buffer, error)

// convert decodes a sample and brings it to 48 kHz, one or two channels, 100 ms to 16 min. over
// is by how many dB the loudest peak passes full scale, where it will be clipped; 0 if it does
// not.
func (s *source) convert(ctx context.Context, resample Resampler) (out *pcm.Buffer, over float64, err error) {
	fi, err := os.Stat(s.Path)
	if err != nil {
		return nil, 0, err
	}
	if fi.Size() != s.size || fi.ModTime().Sub(s.mtime).Abs() > mtimeStep {
		return nil, 0, fmt.Errorf("%s has changed since the plan was made", s.Path)
	}
	clip, err := codec.DecodeFile(ctx, s.Path, codec.Limits{})
	if err != nil {
		return nil, 0, err
	}
	b := downmix(&clip.Audio)
	if most := int(math.Ceil(float64(maxFrames)/cardRate*float64(b.Rate))) + b.Rate; b.Frames() > most {
		b = b.Slice(0, most)
	}
	if b.Rate != cardRate {
		if b, err = resample(ctx, b, cardRate); err != nil {
			return nil, 0, fmt.Errorf("resample %s: %w", s.Path, err)
		}
	}
	b = fitFrames(b, int(s.outFrames()))
	peak := float32(0)
	for _, v := range b.Samples {
		peak = max(peak, v, -v)
	}
	if peak > 1 {
		over = 20 * math.Log10(float64(peak))
	}
	return b, over, nil
}

// fitFrames cuts, or adds silence.
func fitFrames(b *pcm.Buffer, frames int) *pcm.Buffer {
	if b.Frames() >= frames {
		return b.Slice(0, frames)
	}
	s := make([]float32, frames*b.Channels)
	copy(s, b.Samples)
	return &pcm.Buffer{Rate: b.Rate, Channels: b.Channels, Samples: s}
}

// downmix makes stereo of more channels, without clipping what did not clip: quadraphonic and
// 5.0 or 5.1 sound by the coefficients of ITU-R BS.775 (0.707 for centre and surround, no LFE),
// other counts by taking odd channels left and even ones right.
func downmix(b *pcm.Buffer) *pcm.Buffer {
	if b.Channels <= 2 {
		return b
	}
	const h = math.Sqrt2 / 2
	var left, right []float32
	switch b.Channels {
	case 3:
		left, right = []float32{1, 0, h}, []float32{0, 1, h}
	case 4:
		left, right = []float32{1, 0, h, 0}, []float32{0, 1, 0, h}
	case 5:
		left, right = []float32{1, 0, h, h, 0}, []float32{0, 1, h, 0, h}
	case 6:
		left, right = []float32{1, 0, h, 0, h, 0}, []float32{0, 1, h, 0, 0, h}
	default:
		left, right = make([]float32, b.Channels), make([]float32, b.Channels)
		for ch := range b.Channels {
			if ch%2 == 0 {
				left[ch] = 1
			} else {
				right[ch] = 1
			}
		}
	}
	normalise(left)
	normalise(right)
	out := &pcm.Buffer{Rate: b.Rate, Channels: 2, Samples: make([]float32, 2*b.Frames())}
	for i := range b.Frames() {
		frame := b.Samples[i*b.Channels : (i+1)*b.Channels]
		var l, r float32
		for ch, v := range frame {
			l += left[ch] * v
			r += right[ch] * v
		}
		out.Samples[2*i], out.Samples[2*i+1] = l, r
	}
	return out
}

func normalise(w []float32) {
	sum := float32(0)
	for _, v := range w {
		sum += v
	}
	for i := range w {
		w[i] /= sum
	}
}

// quantise gives 16-bit samples, dithered only where they do not fit 16 bits as they are.
func quantise(b *pcm.Buffer) []int16 {
	q := pcm.NewQuantiser(cardBits, !pcm.Exact(b.Samples, cardBits))
	out := make([]int16, len(b.Samples))
	block := make([]int32, 4096)
	for at := 0; at < len(out); at += len(block) {
		n := min(len(block), len(out)-at)
		q.Quantise(block[:n], b.Samples[at:at+n])
		for i, v := range block[:n] {
			out[at+i] = int16(v)
		}
	}
	return out
}

// tempo is what a pad record says: the setting where a person made one, else the sample's own,
// doubled or halved into the device's range, else the default.
func padTempo(set kit.Settings, bpm float64) int {
	def := kit.Params[kit.Tempo].Default
	if t := set.Get(kit.Tempo); t != def || bpm <= 0 {
		return t
	}
	for bpm < 40 {
		bpm *= 2
	}
	for bpm > 200 {
		bpm /= 2
	}
	return int(math.Round(bpm * 100))
}
