package analysis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
)

// Options say how a file is judged.
type Options struct {
	SoundOnly bool         // names, tags and chunks are ignored
	Limits    codec.Limits // of what is decoded; zero: codec's own
	// Each, if set, is handed the decoded sound in order, in as many pieces as it is decoded in; it
	// must not keep them.
	Each func(b *pcm.Buffer)
}

// File listens to one file while it decodes it, so that memory stays bounded however long the file
// is. The Report always comes back with the path, and with OK unset and the reason in Error when the
// file could not be heard; then err is the same reason as a value and the tags are nil. What the file
// or its name says about tempo and key wins over the sound, unless SoundOnly is set; the sound's
// candidates stay in the report.
func File(ctx context.Context, path string, o Options) (*Report, *codec.Tags, error) {
	began := time.Now()
	rep := &Report{Path: path, Engine: Engine}
	tags, err := rep.hear(ctx, path, o)
	if err != nil {
		s := err.Error()
		rep.Error = &s
	}
	rep.TookMS = millis(time.Since(began))
	return rep, tags, err
}

func (rep *Report) hear(ctx context.Context, path string, o Options) (*codec.Tags, error) {
	s, sum, err := codec.OpenFileSum(ctx, path, o.Limits)
	if sum != "" {
		rep.SHA256 = &sum
	}
	if err != nil {
		return nil, err
	}
	defer s.Close()
	res, err := Stream(ctx, s, o.Each)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", path, err)
	}
	rep.fill(s, res, o.SoundOnly)
	return &s.Tags, nil
}

// Describe is what File reports of a sound that Stream has heard, without path and sum.
func Describe(s *codec.Stream, res *Result) *Report {
	rep := &Report{Engine: Engine}
	rep.fill(s, res, false)
	return rep
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// errCut stands in Error beside OK: a damaged file that gives some sound is heard.
var errCut = errors.New("the file ends before its header says; what is there was heard")

// fill takes over what container and sound say, and decides between them.
func (rep *Report) fill(s *codec.Stream, res *Result, soundOnly bool) {
	rep.OK = true
	if s.Truncated {
		cut := errCut.Error()
		rep.Error = &cut
	}
	format, rate, channels, frames := string(s.Format), s.Rate, s.Channels, s.Frames
	dur := float64(frames) / float64(max(1, rate))
	rep.Format, rep.SampleRate, rep.Channels, rep.Frames, rep.Duration = &format, &rate, &channels, &frames, &dur
	if s.BitDepth > 0 {
		bits := s.BitDepth
		rep.BitDepth = &bits
	}
	if res.Kind != "" {
		kind := res.Kind
		rep.Kind = &kind
	}
	if res.Class != "" {
		class, conf := res.Class, res.ClassConfidence
		rep.Class, rep.ClassConfidence = &class, &conf
	}
	if res.BPM != nil {
		rep.BPM = res.BPM
		conf, src := res.BPMConfidence, FromSound
		rep.BPMConfidence, rep.BPMSource = &conf, &src
		rep.BeatsInLoop, rep.Beats = res.BeatsInLoop, res.Beats
	}
	rep.BPMCandidates = res.BPMCandidates
	if res.Key != nil {
		rep.Key = res.Key
		conf, src := res.KeyConfidence, FromSound
		rep.KeyConfidence, rep.KeySource = &conf, &src
	}
	rep.TuningCents = res.TuningCents
	rep.IntegratedLUFS, rep.TruePeakDBTP, rep.SamplePeakDBFS = res.IntegratedLUFS, res.TruePeakDBTP, res.SamplePeakDBFS
	start, end := res.SilenceStart, res.SilenceEnd
	rep.SilenceStart, rep.SilenceEnd = &start, &end
	rep.Onsets, rep.Spectral = res.Onsets, res.Spectral
	rep.MFCCMean, rep.MFCCStd = res.MFCCMean, res.MFCCStd
	rep.ChromaMean, rep.ChromaStd = res.ChromaMean, res.ChromaStd
	rep.Embedding = res.Embedding
	if !soundOnly {
		rep.believe(s, res)
	}
}

// believe puts what the file says of itself in place of what the sound said.
func (rep *Report) believe(s *codec.Stream, res *Result) {
	if s.BPM > 0 {
		bpm, src, sure := s.BPM, Source(s.BPMOrigin), statedConfidence(s.BPMOrigin)
		rep.BPM, rep.BPMSource, rep.BPMConfidence = &bpm, &src, &sure
		rep.Beats, rep.BeatsInLoop = nil, nil
		if res.BPM != nil {
			rep.Beats = gridFrom(res, bpm, *rep.Duration)
		}
		if n := wholeBeats(*rep.Duration, bpm); n > 0 && res.Kind == LoopKind {
			rep.BeatsInLoop = &n
		}
	}
	if s.Beats > 0 && rep.BPM != nil {
		n := s.Beats
		rep.BeatsInLoop = &n
	}
	if s.Key != "" {
		key, src, sure := s.Key, Source(s.KeyOrigin), statedConfidence(s.KeyOrigin)
		rep.Key, rep.KeySource, rep.KeyConfidence = &key, &src, &sure
	}
}

// statedConfidence is how far a statement is believed. Chunks and tags are written by
// programs and are often defaults; a name is written by a person who knew.
func statedConfidence(o codec.Origin) float64 {
	if o == codec.FromName {
		return 0.95
	}
	return 0.9
}

// gridFrom lays a grid of a stated tempo through the sound's own first beat.
func gridFrom(res *Result, bpm, dur float64) []float64 {
	if len(res.Beats) == 0 {
		return nil
	}
	var beats []float64
	for t := res.Beats[0]; t < dur; t += 60 / bpm {
		beats = append(beats, t)
	}
	return beats
}
