package cli

import (
	"context"

	"sampleagent/app"
	"sampleagent/app/words"
	"sampleagent/audio/analysis"
	"sampleagent/library/catalog"
)

// withID is a report with the sample's id in front, as import and search print it.
type withID struct {
	ID *string `json:"id"` // null for what did not come into the library
	*analysis.Report
	// In the place of the report's own: null for what lies on another machine only.
	Path *string `json:"path"`
	// In the place of the report's own: null for what was not analysed yet.
	Engine *string  `json:"engine"`
	TookMS *float64 `json:"took_ms"`
}

func reportWithID(id *string, r *analysis.Report) withID {
	w := withID{ID: id, Report: r, Path: &r.Path, Engine: known(r.Engine)}
	if r.Engine != "" {
		w.TookMS = &r.TookMS
	}
	return w
}

// sampleReports is everything known about samples of the library.
func sampleReports(ctx context.Context, a *app.App, samples []catalog.Sample) ([]withID, error) {
	reports, err := a.Reports(ctx, samples)
	if err != nil {
		return nil, err
	}
	out := make([]withID, len(samples))
	for i, s := range samples {
		r := reports[i]
		r.OK = s.State != catalog.Failed && s.State != catalog.Missing
		switch s.State {
		case catalog.Failed:
			r.Error = known(s.Error)
		case catalog.Missing:
			reason := "the file is gone"
			if s.Remote() {
				reason = "the file is on another machine: sample-agent cloud fetch " + s.ID + " brings it, if it is kept in the cloud"
			}
			r.Error = &reason
		}
		out[i] = reportWithID(&samples[i].ID, r)
		out[i].Path = pathHere(s)
	}
	return out, nil
}

// pathHere is where a sample's file lies on this machine, or lay; nil: on another one only.
func pathHere(s catalog.Sample) *string {
	if s.Remote() {
		return nil
	}
	return known(s.Path)
}

// wideTerminal is from where on the table has columns for where values come from.
const wideTerminal = 130

// reportTable is the table of analyze and import; its columns are fixed, because rows are printed
// as they come.
func (o *output) reportTable() *table {
	cols := []column{{title: "KIND", width: 8}, {title: "CLASS", width: 10}, {title: "LENGTH", width: 9, right: true}, {title: "BPM", width: 6, right: true}}
	if o.wide() {
		cols = append(cols, column{title: "SURE", width: 4, right: true}, column{title: "FROM", width: 5})
	}
	cols = append(cols, column{title: "KEY", width: 8})
	if o.wide() {
		cols = append(cols, column{title: "SURE", width: 4, right: true}, column{title: "FROM", width: 5})
	}
	return o.table(append(cols, column{title: "LUFS", width: 6, right: true}, column{title: "dBTP", width: 5, right: true}, column{title: "FILE", width: 12, cut: 12, path: true})...)
}

func (o *output) wide() bool { return o.width == 0 || o.width >= wideTerminal }

// reportRow prints one file of it.
func reportRow(t *table, r *analysis.Report) {
	cells := []string{text(r.Kind), text(r.Class), none, number(r.BPM, "%.1f")}
	if r.Duration != nil {
		cells[2] = words.Length(*r.Duration)
	}
	origin := func(there bool, sure *float64, from *analysis.Source) {
		if !t.o.wide() {
			return
		}
		if !there || sure == nil || from == nil {
			cells = append(cells, "", "")
			return
		}
		cells = append(cells, percent(*sure), string(*from))
	}
	origin(r.BPM != nil, r.BPMConfidence, r.BPMSource)
	cells = append(cells, text(r.Key))
	origin(r.Key != nil, r.KeyConfidence, r.KeySource)
	t.row(append(cells, number(r.IntegratedLUFS, "%.1f"), number(r.TruePeakDBTP, "%.1f"), r.Path)...)
}
