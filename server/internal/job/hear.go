package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"sampleagent/audio/analysis"
	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
	"sampleagent/audio/waveform"
	"sampleagent/server/internal/notify"
	"sampleagent/server/internal/object"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/vibe"
	"sampleagent/sync/wire"
)

// hearing is a file and what the engine found out while it was decoded.
type hearing struct {
	sound  *codec.Stream // its end was reached
	drawn  *waveform.Peaks
	small  *pcm.Buffer // the sound in at most two channels where a preview is made of it
	result *analysis.Result
	report *analysis.Report
	full   bool // the plan has the full analysis
	took   time.Duration
}

// maxRate bounds the memory that one second of sound may take: 192 kHz stereo as float32.
const bytesPerSecond = 192_000 * 2 * 4

// hear decodes within the plan's limits and listens with the desktop's engine.
func (s *Service) hear(ctx context.Context, j *store.Job, f io.ReadSeeker, who Who, steps *steps) (*hearing, error) {
	if err := steps.at(wire.StepDecode); err != nil {
		return nil, err
	}
	limit := int64((who.Limits.Seconds + 1) * bytesPerSecond)
	need := min(limit, MemoryBudget)
	bounds := codec.Limits{Bytes: limit, Channels: 16}
	if info, _, err := codec.Probe(f); err == nil {
		// A second more than allowed tells that a sound is too long: whatever hides behind it in a few
		// bytes is not decoded.
		bounds.Frames = int64((who.Limits.Seconds + 1) * float64(info.Rate))
		if info.Frames > 0 {
			need = min(need, info.Frames*int64(info.Channels)*4)
		}
		if !needsPreview(info) {
			need = min(need, analysis.StreamBytes)
		}
	}
	if err := s.Memory.Acquire(ctx, need); err != nil {
		return nil, err
	}
	defer s.Memory.Release(need)
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	began := time.Now()
	sound, err := codec.Open(f, bounds)
	if err != nil {
		return nil, unheard(ctx, j, err)
	}
	sound.FillFromName(j.OriginalName)
	if err := steps.at(wire.StepAnalyze); err != nil {
		return nil, err
	}
	h := &hearing{sound: sound, full: who.Limits.FullAnalysis}
	if needsPreview(sound.Info) {
		h.small = &pcm.Buffer{Rate: sound.Rate, Channels: 1}
		if sound.Channels == 2 {
			h.small.Channels = 2
		}
		h.small.Samples = make([]float32, 0, max(0, sound.Frames)*int64(h.small.Channels))
	}
	var drawn waveform.Builder
	h.result, err = analysis.Stream(ctx, sound, func(b *pcm.Buffer) {
		drawn.Add(b)
		h.keepSmall(b)
	})
	if err != nil {
		return nil, unheard(ctx, j, err)
	}
	if seconds := h.seconds(); tooLong(seconds, who.Limits) {
		return nil, permanent{durationProblem(seconds, who.Limits)}
	}
	h.drawn, h.report, h.took = drawn.Peaks(), analysis.Describe(sound, h.result), time.Since(began)
	return h, nil
}

// unheard says whose fault it is that a file could not be heard.
func unheard(ctx context.Context, j *store.Job, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case inFile(err):
		return permanent{undecodable(err)}
	}
	return fmt.Errorf("hear job %s: %w", j.ID, err)
}

func (h *hearing) seconds() float64 { return float64(h.sound.Frames) / float64(h.sound.Rate) }

// inFile says that decoding failed for what the file is.
func inFile(err error) bool {
	for _, e := range []error{codec.ErrUnknownFormat, codec.ErrEmpty, codec.ErrTooLarge, codec.ErrNoAudio, codec.ErrUnsupported, codec.ErrDamaged} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// facts is what the vibe is made of.
func (h *hearing) facts(name string) vibe.Facts {
	r := h.report
	f := vibe.Facts{Name: name, Duration: h.seconds(), BPM: r.BPM, BPMConf: r.BPMConfidence, Key: r.Key, KeyConf: r.KeyConfidence, LUFS: r.IntegratedLUFS}
	if r.Kind != nil {
		f.Kind = string(*r.Kind)
	}
	if r.Class != nil {
		f.Class = *r.Class
	}
	if sp := r.Spectral; sp != nil {
		f.Centroid, f.Bandwidth, f.Rolloff, f.Flatness = &sp.CentroidMean, &sp.BandwidthMean, &sp.RolloffMean, &sp.FlatnessMean
		f.ZCR, f.RMS, f.Harmonic = &sp.ZCRMean, &sp.RMSMean, &sp.HarmonicRatio
	}
	if f.Duration > 0 {
		f.OnsetsPerSec = float64(len(r.Onsets)) / f.Duration
	}
	return f
}

// sample is the row of what was heard.
func (h *hearing) sample(j *store.Job, who Who, now time.Time) *store.Sample {
	r := h.report
	at := store.At(now)
	s := &store.Sample{
		ID: j.SampleID, UserID: j.UserID, JobID: j.ID, Version: 1, Filename: j.OriginalName,
		Title:   strings.TrimSuffix(j.OriginalName, path.Ext(j.OriginalName)),
		FileKey: object.Processed(j.UserID, j.SampleID, j.Format),
		Format:  j.Format, Size: j.Size, SHA256: j.SHA256, SourceSHA256: j.Options.V.SourceSHA256,
		Duration: h.seconds(), SampleRate: int64(h.sound.Rate), Channels: int64(h.sound.Channels), BitDepth: int64(h.sound.BitDepth),
		Genre: h.sound.Genre, CreatedAt: at, UpdatedAt: at, AnalyzedAt: at,
	}
	if s.Title == "" {
		s.Title = j.OriginalName
	}
	if h.small != nil {
		s.PreviewKey = object.Derived(j.UserID, j.SampleID, "preview.wav")
	}
	if r.BPM != nil {
		s.BPM, s.BPMConf, s.BPMSource = *r.BPM, or0(r.BPMConfidence), string(*r.BPMSource)
	}
	if r.Key != nil {
		s.Key, s.KeyConf, s.KeySource = *r.Key, or0(r.KeyConfidence), string(*r.KeySource)
	}
	if r.Kind != nil {
		s.Kind = string(*r.Kind)
	}
	if r.Class != nil && h.full {
		s.Class, s.ClassConf = *r.Class, or0(r.ClassConfidence)
	}
	if days := who.Limits.RetentionDays; days > 0 {
		s.ExpiresAt = store.At(now.AddDate(0, 0, days))
	}
	return s
}

func or0(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}

// features is the row of what was measured. Without the full analysis of the larger plans it
// holds tempo, key and spectrum.
func (h *hearing) features(sampleID string, now time.Time) *store.Features {
	r := h.report
	f := &store.Features{
		SampleID: sampleID, Engine: r.Engine, Duration: h.seconds(), SampleRate: int64(h.sound.Rate), Channels: int64(h.sound.Channels),
		Frames: h.sound.Frames, Peaks: h.drawn.Overview(peakColumns), BPM: r.BPM, BPMConf: r.BPMConfidence, KeyConf: r.KeyConfidence, TuningCents: r.TuningCents,
		MFCCMean: r.MFCCMean, MFCCStd: r.MFCCStd, ChromaMean: r.ChromaMean, ChromaStd: r.ChromaStd,
		TookMS: float64(h.took.Microseconds()) / 1000, ExtractedAt: store.At(now),
	}
	for _, c := range r.BPMCandidates {
		f.BPMCandidates = append(f.BPMCandidates, wire.BPMCandidate{BPM: c.BPM, Weight: c.Weight})
	}
	if r.Key != nil {
		note, scale := notify.SplitKey(*r.Key)
		f.Key, f.Scale = &note, &scale
	}
	if r.Kind != nil {
		kind := string(*r.Kind)
		f.Kind = &kind
	}
	if sp := r.Spectral; sp != nil {
		f.CentroidMean, f.CentroidStd, f.BandwidthMean, f.BandwidthStd = &sp.CentroidMean, &sp.CentroidStd, &sp.BandwidthMean, &sp.BandwidthStd
		f.RolloffMean, f.RolloffStd, f.FlatnessMean, f.FlatnessStd = &sp.RolloffMean, &sp.RolloffStd, &sp.FlatnessMean, &sp.FlatnessStd
		f.ZCRMean, f.ZCRStd, f.RMSMean, f.RMSStd, f.HarmonicRatio = &sp.ZCRMean, &sp.ZCRStd, &sp.RMSMean, &sp.RMSStd, &sp.HarmonicRatio
	}
	if !h.full {
		return f
	}
	if r.BeatsInLoop != nil {
		n := int64(*r.BeatsInLoop)
		f.BeatsInLoop = &n
	}
	f.Beats, f.Onsets, f.OnsetCount, f.Embedding = r.Beats, r.Onsets, int64(len(r.Onsets)), h.result.Embedding
	f.Class, f.ClassConf, f.LUFS, f.TruePeak, f.SamplePeak = r.Class, r.ClassConfidence, r.IntegratedLUFS, r.TruePeakDBTP, r.SamplePeakDBFS
	f.SilenceStart, f.SilenceEnd = r.SilenceStart, r.SilenceEnd
	return f
}

// peakColumns is how many pairs of minimum and maximum a page draws.
const peakColumns = 800

// needsPreview says that browsers do not play the original, or that it is larger than it must be.
func needsPreview(i codec.Info) bool {
	return i.Format == codec.AIFF || (i.Format == codec.WAV && (i.BitDepth > 16 || i.Channels > 2 || i.Rate > 48000))
}

// keepSmall keeps a piece of the sound for the preview: in one channel when it has more than two.
func (h *hearing) keepSmall(b *pcm.Buffer) {
	if h.small == nil {
		return
	}
	if b.Channels <= 2 {
		h.small.Samples = append(h.small.Samples, b.Samples...)
		return
	}
	for i := 0; i < len(b.Samples); i += b.Channels {
		var sum float32
		for _, v := range b.Samples[i : i+b.Channels] {
			sum += v
		}
		h.small.Samples = append(h.small.Samples, sum/float32(b.Channels))
	}
}
