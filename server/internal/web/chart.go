package web

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/wcharczuk/go-chart/v2"
	"github.com/wcharczuk/go-chart/v2/drawing"

	"sampleagent/server/internal/cost"
)

// The colours of pictures are those of static/app.css; the four parts stay apart for people who
// do not see red and green.
type chartColours struct {
	ground, text, line drawing.Color
	parts              []drawing.Color
}

func coloursOf(dark bool) chartColours {
	hex := drawing.ColorFromHex
	if dark {
		return chartColours{hex("191c21"), hex("9aa3b0"), hex("2f353e"), []drawing.Color{hex("ff8a3c"), hex("5aa9e6"), hex("45c486"), hex("b794f4")}}
	}
	return chartColours{hex("ffffff"), hex("56606e"), hex("d3d8df"), []drawing.Color{hex("d9600a"), hex("1f6fb2"), hex("14713f"), hex("6b46c1")}}
}

// chartLook is how a picture is drawn: its pixels are the page's, so that words keep their size.
type chartLook struct {
	dark       bool
	wide, high int
}

func lookOf(theme, size string) chartLook {
	l := chartLook{theme == "dark", 1020, 320}
	if size == "phone" {
		l.wide, l.high = 340, 220
	}
	return l
}

// drawDays stacks each day's cost; drawMoney adds revenue and cost up. The legend stands on the page.
func drawDays(w io.Writer, r *cost.Report, look chartLook) error {
	names := []string{"AI", "compute", "storage and requests", "payment fees"}
	sums := make([][]float64, len(names))
	for _, d := range r.Days {
		total := 0.0
		for i, v := range []int64{d.AI, d.Compute, d.Storage + d.Requests, d.Fee} {
			total += float64(v) / 1e6
			sums[i] = append(sums[i], total)
		}
	}
	// The highest layer first: each lies before the sum that holds it.
	var layers []layer
	for i := len(names) - 1; i >= 0; i-- {
		layers = append(layers, layer{names[i], sums[i], i, true})
	}
	return draw(w, r, look, layers)
}

func drawMoney(w io.Writer, r *cost.Report, look chartLook) error {
	var earned, spent float64
	revenue, paid := layer{name: "revenue", colour: 2}, layer{name: "cost", colour: 0}
	for _, d := range r.Days {
		earned += float64(d.Revenue) / 1e6
		spent += float64(d.Cost()) / 1e6
		revenue.values, paid.values = append(revenue.values, earned), append(paid.values, spent)
	}
	return draw(w, r, look, []layer{revenue, paid})
}

type layer struct {
	name   string
	values []float64
	colour int
	filled bool
}

// font makes the library read its font once: it does so when first used, and two charts drawn at
// once would do it together.
var font = sync.OnceValues(chart.GetDefaultFont)

func draw(w io.Writer, r *cost.Report, look chartLook, layers []layer) error {
	c := coloursOf(look.dark)
	var days []time.Time
	for _, d := range r.Days {
		days = append(days, d.Day)
	}
	top, low := 0.0, 0.0
	var series []chart.Series
	for _, l := range layers {
		for _, v := range l.values {
			top, low = max(top, v), min(low, v)
		}
		style := chart.Style{StrokeColor: c.parts[l.colour], StrokeWidth: 2}
		if l.filled {
			style.FillColor = c.parts[l.colour]
		}
		values, at := l.values, days
		if len(at) == 1 { // a line needs two points
			values, at = []float64{values[0], values[0]}, []time.Time{at[0], at[0].Add(24 * time.Hour)}
		}
		series = append(series, chart.TimeSeries{Name: l.name, XValues: at, YValues: values, Style: style})
	}
	if top == 0 {
		top = 1
	}
	words := chart.Style{FontColor: c.text, FontSize: 10, StrokeColor: c.line}
	ch := chart.Chart{
		Width: look.wide, Height: look.high, Background: chart.Style{FillColor: c.ground, Padding: chart.Box{Top: 12, Left: 8, Right: 16, Bottom: 8}}, Canvas: chart.Style{FillColor: c.ground},
		XAxis: chart.XAxis{Style: words, ValueFormatter: chart.TimeValueFormatterWithFormat("2 Jan")},
		YAxis: chart.YAxis{Style: words, Range: &chart.ContinuousRange{Min: low, Max: top * 1.05}, GridMajorStyle: chart.Style{StrokeColor: c.line, StrokeWidth: 1},
			ValueFormatter: func(v any) string { return fmt.Sprintf("$%.2f", v) }},
		Series: series,
	}
	if _, err := font(); err != nil {
		return fmt.Errorf("font of charts: %w", err)
	}
	return ch.Render(chart.SVG, w)
}
