// Package catalogtest fills libraries with invented samples, so that scale is tried every day.
// It is for tests and benchmarks of any package above library/catalog; the program itself never
// uses it.
package catalogtest

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"time"

	"sampleagent/audio/analysis"
	"sampleagent/audio/key"
	"sampleagent/library/catalog"
)

// Options say what Fill invents. The same options give the same samples but for their ids.
type Options struct {
	Count  int
	Seed   uint64
	Root   string                                      // folder of the paths; "" for /sounds
	Dim    int                                         // numbers in an embedding; 0 for 64
	Listed int                                         // so many of the last stay without analysis
	Size   func(i int) (size int64, modTime time.Time) // of file i, for real files; nil invents them
}

var (
	classes  = []string{"kick", "snare", "hat", "clap", "cymbal", "tom", "percussion", "bass", "keys", "pad", "vocal", "effect"}
	loops    = []string{"drums", "bass", "chords", "melody", "vocal"}
	adverbs  = []string{"Punchy", "Dusty", "Warm", "Deep", "Tight", "Lofi", "Bright", "Dark", "Crisp", "Hollow", "Vintage", "Soft", "Hard", "Wide", "Dry", "Smoky"}
	packs    = []string{"Essential Drums", "Basement Tapes", "Soul Cuts", "Night Drive", "Analog Works", "Field Notes", "Kalimba Days", "Tape Deck", "Broken Beats", "Golden Era"}
	tagWords = []string{"dusty", "warm", "lofi", "boom bap", "house", "808", "vinyl", "live", "favourite pack", "to sort"}
)

// Path is the path of file i.
func (o Options) Path(i int) string {
	root := o.Root
	if root == "" {
		root = "/sounds"
	}
	s := o.invent(i)
	return filepath.Join(root, packs[i/10%len(packs)], fmt.Sprintf("Volume %02d", i/100%40), s.name)
}

type invented struct {
	name   string
	report analysis.Report
	rng    *rand.Rand
}

func p[T any](v T) *T { return &v }

// invent makes the name and report of file i.
func (o Options) invent(i int) invented {
	rng := rand.New(rand.NewPCG(o.Seed, uint64(i)))
	r := analysis.Report{OK: true, Format: p("wav"), SampleRate: p([]int{44100, 44100, 48000, 96000}[rng.IntN(4)]), Channels: p(1 + rng.IntN(2)),
		BitDepth: p([]int{16, 24}[rng.IntN(2)]), Engine: "fake-1", TookMS: 1}
	if rng.IntN(10) == 0 {
		r.Format = p([]string{"aiff", "flac", "mp3", "ogg"}[rng.IntN(4)])
	}
	adverb := adverbs[rng.IntN(len(adverbs))]
	var name string
	if rng.IntN(5) < 3 {
		class := classes[rng.IntN(len(classes))]
		r.Kind, r.Class, r.Duration = p(analysis.OneShot), &class, p(0.05+rng.ExpFloat64()*0.4)
		name = fmt.Sprintf("%s_%s_%05d", class, adverb, i)
	} else {
		class := loops[rng.IntN(len(loops))]
		bpm := math.Round((70+rng.Float64()*110)*10) / 10
		beats := 4 << rng.IntN(3)
		r.Kind, r.Class, r.BPM, r.BeatsInLoop = p(analysis.LoopKind), &class, &bpm, &beats
		r.BPMConfidence, r.BPMSource, r.Duration = p(0.5+rng.Float64()/2), p(analysis.FromSound), p(float64(beats)*60/bpm)
		name = fmt.Sprintf("%s %s Loop %05d %.0fbpm", adverb, class, i, bpm)
		r.Beats = make([]float64, beats)
		for b := range r.Beats {
			r.Beats[b] = float64(b) * 60 / bpm
		}
	}
	if rng.IntN(3) > 0 && *r.Class != "kick" && *r.Class != "hat" {
		mode := []string{"minor", "major"}[rng.IntN(2)]
		note := key.Notes[rng.IntN(12)]
		r.Key, r.KeyConfidence, r.KeySource = p(note+" "+mode), p(rng.Float64()), p(analysis.FromSound)
		name += " " + note + mode[:3]
	}
	r.ClassConfidence = p(0.4 + rng.Float64()*0.6)
	r.Frames = p(int64(*r.Duration * float64(*r.SampleRate)))
	r.IntegratedLUFS, r.SamplePeakDBFS, r.TruePeakDBTP = p(-30+rng.Float64()*25), p(-rng.Float64()*6), p(-rng.Float64()*6+0.5)
	r.Spectral = &analysis.Spectral{CentroidMean: 200 + rng.Float64()*8000, BandwidthMean: 500 + rng.Float64()*3000, RolloffMean: 400 + rng.Float64()*12000,
		FlatnessMean: rng.Float64(), ZCRMean: rng.Float64() * 0.3, RMSMean: rng.Float64() * 0.3, HarmonicRatio: rng.Float64()}
	sum := sha256.Sum256(binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, o.Seed), uint64(i)))
	r.SHA256 = p(hex.EncodeToString(sum[:]))
	return invented{name + "." + *r.Format, r, rng}
}

// Fill adds o.Count invented samples to db and returns their rows.
func Fill(ctx context.Context, db *catalog.DB, o Options) ([]catalog.Row, error) {
	const batch = 5000
	if o.Dim == 0 {
		o.Dim = 64
	}
	rows := make([]catalog.Row, 0, o.Count)
	for from := 0; from < o.Count; from += batch {
		n := min(batch, o.Count-from)
		files := make([]catalog.NewFile, n)
		outcomes := make([]catalog.Analysis, n)
		for j := range n {
			i := from + j
			s := o.invent(i)
			size, mod := *s.report.Frames*4, time.Unix(1_600_000_000+int64(i), 0)
			if o.Size != nil {
				size, mod = o.Size(i)
			}
			path := o.Path(i)
			files[j] = catalog.NewFile{Path: path, Size: size, ModTime: mod}
			for s.rng.IntN(3) == 0 && len(files[j].Tags) < 3 {
				files[j].Tags = append(files[j].Tags, tagWords[s.rng.IntN(len(tagWords))])
			}
			s.report.Path = path
			outcomes[j] = catalog.Analysis{Size: size, ModTime: mod, Report: &s.report, Embedding: vector(s.rng, o.Dim, *s.report.Class), Overview: overview(s.rng)}
		}
		added, err := db.List(ctx, "fake", files)
		if err != nil {
			return rows, err
		}
		for j := range outcomes {
			outcomes[j].Row = added[j]
		}
		if ready := min(n, max(0, o.Count-o.Listed-from)); ready > 0 {
			if err := db.Store(ctx, outcomes[:ready]); err != nil {
				return rows, err
			}
		}
		rows = append(rows, added...)
	}
	return rows, nil
}

// vector invents an embedding of unit length: sounds of one class lie together.
func vector(rng *rand.Rand, dim int, class string) []float32 {
	v := make([]float32, dim)
	sum := 0.0
	for i := range v {
		x := rng.NormFloat64()
		if i < len(class) {
			x += float64(class[i]-'m') / 3
		}
		v[i] = float32(x)
		sum += x * x
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(sum))
	}
	return v
}

// overview invents a small waveform: a hit that dies away.
func overview(rng *rand.Rand) []byte {
	const columns = 64
	b := make([]byte, 0, 2*columns)
	decay := 0.9 + rng.Float64()*0.1
	for level, c := 120.0, 0; c < columns; c++ {
		v := int8(level * (0.7 + 0.3*rng.Float64()))
		b = append(b, byte(-v), byte(v))
		level *= decay
	}
	return b
}
