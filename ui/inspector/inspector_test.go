package inspector

import (
	"context"
	"errors"
	"testing"

	"sampleagent/audio/analysis"
	"sampleagent/audio/waveform"
	"sampleagent/library/catalog"
)

// one is a Core of a few samples whose edits are kept in memory.
type one struct {
	samples map[catalog.Row]*catalog.Sample
	fail    error
}

func (o *one) Sample(_ context.Context, r catalog.Row) (catalog.Sample, error) {
	return *o.samples[r], nil
}
func (o *one) Report(context.Context, catalog.Row) (*analysis.Report, error) {
	peak, cents := -0.42, 12.4
	return &analysis.Report{TruePeakDBTP: &peak, TuningCents: &cents, Onsets: []float64{0, 0.5},
		BPMCandidates: []analysis.BPMCandidate{{BPM: 92, Weight: 0.7}, {BPM: 184, Weight: 0.2}, {BPM: 61.3, Weight: 0.001}}}, nil
}
func (o *one) Source(context.Context, catalog.Row) (catalog.Source, error) {
	return catalog.Source{Licence: "cc_by"}, nil
}
func (o *one) each(rows []catalog.Row, change func(*catalog.Sample)) error {
	if o.fail != nil {
		return o.fail
	}
	for _, r := range rows {
		change(o.samples[r])
	}
	return nil
}
func (o *one) SetTempo(_ context.Context, rows []catalog.Row, bpm float64) error {
	return o.each(rows, func(s *catalog.Sample) { s.BPM, s.BPMSource = bpm, analysis.FromHand })
}
func (o *one) HalveTempo(_ context.Context, rows []catalog.Row) error {
	return o.each(rows, func(s *catalog.Sample) { s.BPM /= 2 })
}
func (o *one) DoubleTempo(_ context.Context, rows []catalog.Row) error {
	return o.each(rows, func(s *catalog.Sample) { s.BPM *= 2 })
}
func (o *one) SetKey(_ context.Context, rows []catalog.Row, key string) error {
	return o.each(rows, func(s *catalog.Sample) { s.Key = key })
}
func (o *one) SetKind(context.Context, []catalog.Row, analysis.Kind) error    { return o.fail }
func (o *one) SetClass(context.Context, []catalog.Row, string) error          { return o.fail }
func (o *one) Revert(context.Context, []catalog.Row, catalog.Field) error     { return o.fail }
func (o *one) Rename(context.Context, catalog.Row, string) error              { return o.fail }
func (o *one) AddTags(context.Context, []catalog.Row, ...string) error        { return o.fail }
func (o *one) RemoveTags(context.Context, []catalog.Row, ...string) error     { return o.fail }
func (o *one) SetRating(context.Context, []catalog.Row, int) error            { return o.fail }
func (o *one) SetFavourite(context.Context, []catalog.Row, bool) error        { return o.fail }
func (o *one) SetNote(context.Context, catalog.Row, string) error             { return o.fail }
func (o *one) SetSource(context.Context, []catalog.Row, catalog.Source) error { return o.fail }

func now(w func(context.Context) func()) {
	if f := w(context.Background()); f != nil {
		f()
	}
}

func two() *one {
	loud := -14.04
	return &one{samples: map[catalog.Row]*catalog.Sample{
		1: {Row: 1, Name: "Break.wav", Path: "/s/Break.wav", Format: "wav", Rate: 44100, Channels: 2, BitDepth: 24, Size: 3 << 20, Duration: 5.2, Frames: 229320,
			BPM: 92, BPMConf: 0.8, BPMSource: analysis.FromSound, Kind: analysis.LoopKind, Class: "drums", ClassConf: 0.9, Beats: 8, LUFS: &loud},
		2: {Row: 2, Name: "Kick.wav", BPM: 100},
	}}
}

func reading(list []Reading, name string) Reading {
	for _, r := range list {
		if r.Name == name {
			return r
		}
	}
	return Reading{Text: "no such reading"}
}

func TestEveryValueSaysWhereItCameFrom(t *testing.T) {
	core := two()
	m := NewModel(core, nil, now)
	m.Show([]catalog.Row{1}, nil)
	for _, want := range []Reading{
		{"Tempo", "92 BPM", "sound", 0.8, ""}, {"Key", "", "", -1, ""}, {"Kind", "Loop", "", -1, ""}, {"Class", "Drums", "", 0.9, "drums"},
		{"In the loop", "8 beats · 2 bars", "", -1, ""}, {"Loudness", "-14.0 LUFS", "", -1, ""}, {"True peak", "-0.4 dBTP", "", -1, ""}, {"Tuning", "+12 cent", "", -1, ""},
		{"Length", "5.20 s · 229,320 frames", "", -1, ""},
	} {
		if got := reading(m.Sound(), want.Name); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	if got := reading(m.File(), "Format").Text; got != "WAV · 44.1 kHz · 24 bit · stereo" {
		t.Errorf("format %q", got)
	}
	// What a person typed is certain: there is no percentage beside it.
	m.Edit(func(ctx context.Context, rows []catalog.Row) error { return core.SetTempo(ctx, rows, 91) })
	if got := reading(m.Sound(), "Tempo"); got != (Reading{"Tempo", "91 BPM", "hand", -1, ""}) {
		t.Errorf("by hand: %+v", got)
	}
}

func TestCandidatesAreThoseWorthAButton(t *testing.T) {
	m := NewModel(two(), nil, now)
	m.Show([]catalog.Row{1}, nil)
	if got := m.Candidates(); len(got) != 1 || got[0].BPM != 184 {
		t.Errorf("candidates %v, want 184 alone", got)
	}
}

func TestEditsGoToEverythingChosen(t *testing.T) {
	core := two()
	m := NewModel(core, nil, now)
	m.Show([]catalog.Row{1, 2}, nil)
	m.Edit(core.DoubleTempo)
	if core.samples[1].BPM != 184 || core.samples[2].BPM != 200 {
		t.Errorf("%v and %v", core.samples[1].BPM, core.samples[2].BPM)
	}
	var told error
	m.OnFailure = func(err error) { told = err }
	core.fail = errors.New("the library is read-only")
	m.Edit(core.HalveTempo)
	if !errors.Is(told, core.fail) {
		t.Errorf("told %v", told)
	}
}

func TestPeaksOfTheFormerSampleAreDropped(t *testing.T) {
	var late []func(context.Context) func()
	m := NewModel(two(), func(_ context.Context, r catalog.Row) (Peaks, error) {
		return func(_, _ float64, n int) []waveform.Column { return make([]waveform.Column, int(r)) }, nil
	}, func(w func(context.Context) func()) { late = append(late, w) })
	m.Show([]catalog.Row{1}, nil)
	first := late
	late = nil
	m.Show([]catalog.Row{2}, nil)
	for _, w := range append(late, first...) { // the answers come in the wrong order
		now(w)
	}
	p, why := m.Peaks()
	if p == nil || why != "" || len(p(0, 1, 9)) != 2 || m.Sample().Row != 2 {
		t.Errorf("peaks %v, %q of row %d", p != nil, why, m.Sample().Row)
	}
	m.Show(nil, nil)
	if m.Sample() != nil || m.Sound() != nil {
		t.Error("something is shown although nothing is chosen")
	}
}

func TestAnotherReadingOfTheTempoIsTaken(t *testing.T) {
	core := two()
	m := NewModel(core, nil, now)
	m.Show([]catalog.Row{1}, nil)
	all := m.Candidates()
	if len(all) != 1 || all[0].BPM != 184 {
		t.Fatalf("%+v", all)
	}
	m.TakeReading(all[0])
	if s := m.Sample(); s.BPM != 184 || s.BPMSource != analysis.FromHand {
		t.Errorf("%v from %v", s.BPM, s.BPMSource)
	}
	if left := m.Candidates(); len(left) != 1 || left[0].BPM != 92 {
		t.Errorf("the way back is %+v", left)
	}
}
