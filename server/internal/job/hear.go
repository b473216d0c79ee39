package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
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

// hearing is a decoded file and what the engine found out.
type hearing struct {
	clip   *codec.Clip
	result *analysis.Result
	report *analysis.Report
	full   bool // the plan has the full analysis
	took   time.Duration
}

// maxRate bounds the memory that one second of sound may take: 192 kHz stereo as float32.
const bytesPerSecond = 192_000 * 2 * 4

// hear decodes within the plan's limits and listens with the desktop's engine.
func (s *Service) hear(ctx context.Context, j *store.Job, file string, who Who) (*hearing, error) {
	if err := s.at(ctx, j, wire.StepDecode); err != nil {
		return nil, err
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	limit := int64((who.Limits.Seconds + 1) * bytesPerSecond)
	need := min(limit, MemoryBudget)
	if info, _, err := codec.Probe(f); err == nil && info.Frames > 0 {
		need = min(need, info.Frames*int64(info.Channels)*4)
	}
	if err := s.Memory.Acquire(ctx, need); err != nil {
		return nil, err
	}
	defer s.Memory.Release(need)
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	began := time.Now()
	clip, err := codec.Decode(ctx, f, codec.Limits{Bytes: limit, Channels: 16})
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if inFile(err) {
			return nil, permanent{undecodable(err)}
		}
		return nil, fmt.Errorf("decode job %s: %w", j.ID, err)
	}
	if seconds := clip.Audio.Seconds(); tooLong(seconds, who.Limits) {
		return nil, permanent{durationProblem(seconds, who.Limits)}
	}
	if clip.Audio.Frames() == 0 {
		return nil, permanent{undecodable(codec.ErrNoAudio)}
	}
	if bpm, key := codec.ParseName(j.OriginalName); true {
		if clip.BPM == 0 && bpm > 0 {
			clip.BPM, clip.BPMOrigin = bpm, codec.FromName
		}
		if clip.Key == "" && key != "" {
			clip.Key, clip.KeyOrigin = key, codec.FromName
		}
	}
	if err := s.at(ctx, j, wire.StepAnalyze); err != nil {
		return nil, err
	}
	result, err := analysis.Analyze(ctx, &clip.Audio)
	if err != nil {
		return nil, fmt.Errorf("analyse job %s: %w", j.ID, err)
	}
	return &hearing{clip: clip, result: result, report: analysis.Describe(clip, result), full: who.Limits.FullAnalysis, took: time.Since(began)}, nil
}

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
	f := vibe.Facts{Name: name, Duration: h.clip.Audio.Seconds(), BPM: r.BPM, BPMConf: r.BPMConfidence, Key: r.Key, KeyConf: r.KeyConfidence, LUFS: r.IntegratedLUFS}
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
		FileKey: object.Processed(j.UserID, j.SampleID, j.Format), PeaksKey: object.Derived(j.UserID, j.SampleID, "peaks.json"),
		Format: j.Format, Size: j.Size, SHA256: j.SHA256, SourceSHA256: j.Options.V.SourceSHA256,
		Duration: h.clip.Audio.Seconds(), SampleRate: int64(h.clip.Rate), Channels: int64(h.clip.Channels), BitDepth: int64(h.clip.BitDepth),
		Genre: h.clip.Genre, CreatedAt: at, UpdatedAt: at, AnalyzedAt: at,
	}
	if s.Title == "" {
		s.Title = j.OriginalName
	}
	if h.needsPreview() {
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
		SampleID: sampleID, Engine: r.Engine, Duration: h.clip.Audio.Seconds(), SampleRate: int64(h.clip.Rate), Channels: int64(h.clip.Channels),
		Frames: int64(h.clip.Audio.Frames()), BPM: r.BPM, BPMConf: r.BPMConfidence, KeyConf: r.KeyConfidence, TuningCents: r.TuningCents,
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

// peakColumns is how many pairs of minimum and maximum the web page draws.
const peakColumns = 800

// peaks is the waveform as JSON: pairs of minimum and maximum from -127 to 127.
func (h *hearing) peaks() ([]byte, error) {
	raw := waveform.Build(&h.clip.Audio).Overview(peakColumns)
	values := make([]int8, len(raw))
	for i, b := range raw {
		values[i] = int8(b)
	}
	return json.Marshal(map[string]any{"columns": len(values) / 2, "seconds": h.clip.Audio.Seconds(), "peaks": values})
}

// needsPreview says that browsers do not play the original, or that it is larger than it must be.
func (h *hearing) needsPreview() bool {
	return h.clip.Format == codec.AIFF || (h.clip.Format == codec.WAV && (h.clip.BitDepth > 16 || h.clip.Channels > 2 || h.clip.Rate > 48000))
}

// preview is the sound in at most two channels, to be written with 16 bits.
func (h *hearing) preview() *pcm.Buffer {
	b := &h.clip.Audio
	if b.Channels <= 2 {
		return b
	}
	out := &pcm.Buffer{Rate: b.Rate, Channels: 1, Samples: make([]float32, b.Frames())}
	for i := range out.Samples {
		var sum float32
		for c := range b.Channels {
			sum += b.Samples[i*b.Channels+c]
		}
		out.Samples[i] = sum / float32(b.Channels)
	}
	return out
}
