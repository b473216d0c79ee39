// Package inspector shows one sample whole: its waveform, every value with where it came from
// and how sure it is, and lets a person put each of them right.
//
// Model is the screen as data; Wave and Details draw it. What a person types always wins, and
// every change can be undone; the package itself keeps nothing.
package inspector

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"sampleagent/app/words"
	"sampleagent/audio/analysis"
	"sampleagent/audio/waveform"
	"sampleagent/library/catalog"
	"sampleagent/ui/browser"
)

// Core is what the inspector needs of the application. Every method may take time.
type Core interface {
	Sample(ctx context.Context, row catalog.Row) (catalog.Sample, error)
	Report(ctx context.Context, row catalog.Row) (*analysis.Report, error)
	Source(ctx context.Context, row catalog.Row) (catalog.Source, error)

	SetTempo(ctx context.Context, rows []catalog.Row, bpm float64) error
	HalveTempo(ctx context.Context, rows []catalog.Row) error
	DoubleTempo(ctx context.Context, rows []catalog.Row) error
	SetKey(ctx context.Context, rows []catalog.Row, key string) error
	SetKind(ctx context.Context, rows []catalog.Row, kind analysis.Kind) error
	SetClass(ctx context.Context, rows []catalog.Row, class string) error
	Revert(ctx context.Context, rows []catalog.Row, f catalog.Field) error
	Rename(ctx context.Context, row catalog.Row, name string) error
	AddTags(ctx context.Context, rows []catalog.Row, tags ...string) error
	RemoveTags(ctx context.Context, rows []catalog.Row, tags ...string) error
	SetRating(ctx context.Context, rows []catalog.Row, stars int) error
	SetFavourite(ctx context.Context, rows []catalog.Row, on bool) error
	SetNote(ctx context.Context, row catalog.Row, text string) error
	SetSource(ctx context.Context, rows []catalog.Row, s catalog.Source) error
}

// Peaks are the prepared peaks of a sound: n columns between two times in seconds.
type Peaks func(from, to float64, n int) []waveform.Column

// PeaksOf finds the peaks of a sample; it may take time.
type PeaksOf func(ctx context.Context, row catalog.Row) (Peaks, error)

// Model is what is inspected. All methods belong to the UI goroutine.
type Model struct {
	OnChanged func() // something about what is shown changed
	OnFailure func(error)

	core  Core
	peaks PeaksOf
	run   browser.Background

	rows    []catalog.Row // everything chosen; edits go to all of it
	sample  *catalog.Sample
	report  *analysis.Report
	source  catalog.Source
	columns Peaks
	failed  string // why there are no peaks
	asked   int
	stop    context.CancelFunc
}

// NewModel shows nothing.
func NewModel(core Core, peaks PeaksOf, run browser.Background) *Model {
	return &Model{core: core, peaks: peaks, run: run}
}

// Sample is what is shown, nil for nothing.
func (m *Model) Sample() *catalog.Sample { return m.sample }

// Report is all that is known of it, nil while it is on its way.
func (m *Model) Report() *analysis.Report { return m.report }

// Peaks are its peaks, nil while they are on their way; why says that there are none.
func (m *Model) Peaks() (p Peaks, why string) { return m.columns, m.failed }

// Show inspects the first of rows; edits go to all of them. The former is dropped.
func (m *Model) Show(rows []catalog.Row, first *catalog.Sample) {
	m.rows = rows
	if len(rows) == 0 {
		m.cancel()
		m.sample, m.report, m.columns, m.failed = nil, nil, nil, ""
		m.changed()
		return
	}
	if first != nil && (m.sample == nil || m.sample.Row != first.Row) {
		s := *first
		m.sample, m.report, m.columns, m.failed, m.source = &s, nil, nil, "", catalog.Source{}
		m.changed()
	}
	m.load(rows[0], true)
}

// Refresh reads again what is shown, if it is among the rows (nil: in any case).
func (m *Model) Refresh(rows []catalog.Row) {
	if m.sample == nil {
		return
	}
	hit := rows == nil
	for _, r := range rows {
		hit = hit || r == m.sample.Row
	}
	if hit {
		m.load(m.sample.Row, m.columns == nil)
	}
}

func (m *Model) cancel() {
	m.asked++
	if m.stop != nil {
		m.stop()
		m.stop = nil
	}
}

func (m *Model) changed() {
	if m.OnChanged != nil {
		m.OnChanged()
	}
}

// load reads values, then peaks: the values must not wait for a long file to be decoded.
func (m *Model) load(row catalog.Row, withPeaks bool) {
	m.cancel()
	asked := m.asked
	var stop context.Context
	stop, m.stop = context.WithCancel(context.Background())
	m.run(func(ctx context.Context) func() {
		s, err := m.core.Sample(ctx, row)
		if err != nil {
			return m.fail(asked, err)
		}
		report, err := m.core.Report(ctx, row)
		if err != nil {
			report = nil // listed only: there is nothing to show yet
		}
		source, err := m.core.Source(ctx, row)
		if err != nil {
			source = catalog.Source{}
		}
		return func() {
			if asked == m.asked {
				m.sample, m.report, m.source = &s, report, source
				m.changed()
			}
		}
	})
	if !withPeaks || m.peaks == nil {
		return
	}
	m.run(func(ctx context.Context) func() {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(stop, cancel)()
		p, err := m.peaks(ctx, row)
		if ctx.Err() != nil {
			return nil
		}
		return func() {
			if asked != m.asked {
				return
			}
			m.columns, m.failed = p, ""
			if err != nil {
				m.failed = err.Error()
			}
			m.changed()
		}
	})
}

func (m *Model) fail(asked int, err error) func() {
	return func() {
		if asked == m.asked && m.OnFailure != nil {
			m.OnFailure(err)
		}
	}
}

// Edit runs a change of the chosen rows in the background; what failed is told.
func (m *Model) Edit(change func(ctx context.Context, rows []catalog.Row) error) {
	rows := m.rows
	if len(rows) == 0 {
		return
	}
	m.run(func(ctx context.Context) func() {
		if err := change(ctx, rows); err != nil {
			return func() {
				if m.OnFailure != nil {
					m.OnFailure(err)
				}
			}
		}
		return func() { m.Refresh(rows) }
	})
}

// Reading is a value as the inspector shows it.
type Reading struct {
	Name       string
	Text       string // "" is not known
	Source     string
	Confidence float64 // below 0: not said
	Class      string  // for a dot in the class's colour
}

// Sound lists what the ear and the file say, in the order of importance to a producer.
func (m *Model) Sound() []Reading {
	s, r := m.sample, m.report
	if s == nil {
		return nil
	}
	if r == nil {
		r = &analysis.Report{}
	}
	conf := func(known bool, from analysis.Source, c float64) float64 {
		if !known || !from.Heard() {
			return -1 // what the file or a person says is said, not guessed
		}
		return c
	}
	tempo := browser.Tempo(s.BPM)
	if tempo != "" {
		tempo += " BPM"
	}
	list := []Reading{
		{"Tempo", tempo, string(s.BPMSource), conf(s.BPM > 0, s.BPMSource, s.BPMConf), ""},
		{"Key", s.Key, string(s.KeySource), conf(s.Key != "", s.KeySource, s.KeyConf), ""},
		{"Kind", browser.Title(string(s.Kind)), "", -1, ""},
		{"Class", browser.Title(s.Class), "", s.ClassConf, s.Class},
	}
	if s.Class == "" {
		list[3].Confidence = -1
	}
	beats := ""
	if s.Beats > 0 {
		beats = fmt.Sprintf("%d beats", s.Beats)
		if s.Beats%4 == 0 {
			beats += fmt.Sprintf(" · %d bars", s.Beats/4)
		}
		beats = strings.Replace(beats, " 1 bars", " 1 bar", 1)
	}
	list = append(list,
		Reading{"Length", length(s), "", -1, ""},
		Reading{"In the loop", beats, "", -1, ""},
		Reading{"Loudness", number(s.LUFS, "%.1f LUFS"), "", -1, ""},
		Reading{"True peak", number(r.TruePeakDBTP, "%.1f dBTP"), "", -1, ""},
		Reading{"Onsets", count(len(r.Onsets)), "", -1, ""},
		Reading{"Tuning", number(r.TuningCents, "%+.0f cent"), "", -1, ""},
	)
	if r.Spectral != nil {
		list = append(list, Reading{"Brightness", fmt.Sprintf("%.0f Hz", r.Spectral.CentroidMean), "", -1, ""},
			Reading{"Harmonic", fmt.Sprintf("%.0f %%", 100*r.Spectral.HarmonicRatio), "", -1, ""})
	}
	return list
}

// File lists what the file is.
func (m *Model) File() []Reading {
	s := m.sample
	if s == nil {
		return nil
	}
	format := strings.ToUpper(s.Format)
	if s.Rate > 0 {
		format += fmt.Sprintf(" · %g kHz", float64(s.Rate)/1000)
	}
	if s.BitDepth > 0 {
		format += fmt.Sprintf(" · %d bit", s.BitDepth)
	}
	switch s.Channels {
	case 0:
	case 1:
		format += " · mono"
	case 2:
		format += " · stereo"
	default:
		format += fmt.Sprintf(" · %d channels", s.Channels)
	}
	return []Reading{
		{"Format", format, "", -1, ""},
		{"Size", words.Size(s.Size), "", -1, ""},
		{"File", filepath.Base(s.Path), "", -1, ""},
		{"Folder", filepath.Dir(s.Path), "", -1, ""},
		{"Added", s.AddedAt.Local().Format("2 Jan 2006, 15:04"), "", -1, ""},
	}
}

func length(s *catalog.Sample) string {
	if s.Duration <= 0 {
		return ""
	}
	return words.Length(s.Duration) + " · " + words.Thousands(s.Frames) + " frames"
}

func number(v *float64, format string) string {
	if v == nil || math.IsInf(*v, 0) || math.IsNaN(*v) {
		return ""
	}
	if text := fmt.Sprintf(format, *v); strings.ContainsAny(text, "123456789") {
		return text
	}
	return fmt.Sprintf(format, 0.0) // not -0.0
}

func count(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// Candidates are other readings of the tempo that are worth a button: at most four, each with
// its share of two percent or more, without the one that stands.
func (m *Model) Candidates() []analysis.BPMCandidate {
	if m.report == nil || m.sample == nil {
		return nil
	}
	var out []analysis.BPMCandidate
	for _, c := range m.report.BPMCandidates {
		if len(out) < 4 && c.Weight >= 0.02 && math.Abs(c.BPM-m.sample.BPM) > 0.05 {
			out = append(out, c)
		}
	}
	return out
}

// TakeReading makes a candidate the tempo.
func (m *Model) TakeReading(c analysis.BPMCandidate) {
	m.Edit(func(ctx context.Context, rows []catalog.Row) error { return m.core.SetTempo(ctx, rows, c.BPM) })
}
