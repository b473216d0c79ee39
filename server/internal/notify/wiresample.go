package notify

import (
	"strings"

	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// WireSample is a sample as its owner sees it; features and vibe may be nil.
func WireSample(s *store.Sample, f *store.Features, v *wire.Vibe) wire.Sample {
	w := wire.Sample{
		ID: s.ID, JobID: s.JobID, Version: s.Version, Filename: s.Filename, Title: s.Title, Format: s.Format, Size: s.Size, SHA256: s.SHA256,
		Duration: s.Duration, SampleRate: int(s.SampleRate), Channels: int(s.Channels),
		Kind: text(s.Kind), Class: text(s.Class), Genre: text(s.Genre), Tags: append([]string{}, s.Tags...), Note: s.Note,
		Rating: int(s.Rating), Favourite: s.Favourite, Vibe: v, HasAudio: s.AudioRemovedAt == 0,
		CreatedAt: s.CreatedAt.Time(), UpdatedAt: s.UpdatedAt.Time(), ExpiresAt: s.ExpiresAt.Pointer(),
	}
	if s.BitDepth > 0 {
		d := int(s.BitDepth)
		w.BitDepth = &d
	}
	if s.Class != "" {
		w.ClassConfidence = &s.ClassConf
	}
	if s.BPM > 0 {
		w.BPM, w.BPMConfidence, w.BPMSource = &s.BPM, &s.BPMConf, &s.BPMSource
	}
	if s.Key != "" {
		w.Key, w.KeyConfidence, w.KeySource = &s.Key, &s.KeyConf, &s.KeySource
	}
	if f != nil {
		w.Features = wireFeatures(f)
	}
	return w
}

func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func wireFeatures(f *store.Features) *wire.Features {
	w := &wire.Features{
		Engine: f.Engine, Frames: f.Frames, BPMCandidates: f.BPMCandidates, TuningCents: f.TuningCents, IntegratedLUFS: f.LUFS,
		TruePeakDBTP: f.TruePeak, SamplePeakDBFS: f.SamplePeak, SilenceStart: f.SilenceStart, SilenceEnd: f.SilenceEnd,
		Onsets: f.Onsets, Beats: f.Beats,
		CentroidMean: f.CentroidMean, CentroidStd: f.CentroidStd, BandwidthMean: f.BandwidthMean, BandwidthStd: f.BandwidthStd,
		RolloffMean: f.RolloffMean, RolloffStd: f.RolloffStd, FlatnessMean: f.FlatnessMean, FlatnessStd: f.FlatnessStd,
		ZCRMean: f.ZCRMean, ZCRStd: f.ZCRStd, RMSMean: f.RMSMean, RMSStd: f.RMSStd, HarmonicRatio: f.HarmonicRatio,
		MFCCMean: f.MFCCMean, MFCCStd: f.MFCCStd, ChromaMean: f.ChromaMean, ChromaStd: f.ChromaStd,
		TookMS: f.TookMS, ExtractedAt: f.ExtractedAt.Time(),
	}
	if f.BeatsInLoop != nil {
		n := int(*f.BeatsInLoop)
		w.BeatsInLoop = &n
	}
	return w
}

// SplitKey cuts "A# minor" into its note and its scale.
func SplitKey(key string) (note, scale string) {
	note, scale, _ = strings.Cut(key, " ")
	return note, scale
}
