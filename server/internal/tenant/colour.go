package tenant

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"sampleagent/server/internal/store"
)

// minContrast is the least ratio of text to its ground (WCAG 2.2, 1.4.3, level AA).
const minContrast = 4.5

// grounds are what text stands on in static/app.css, light and dark; a test compares them.
var grounds = [2]struct {
	all    []string // page, panel, raised
	panel  string
	toward string // text is moved this way until it can be read
}{
	{[]string{"#eef0f3", "#ffffff", "#f6f7f9"}, "#ffffff", "#000000"},
	{[]string{"#121417", "#191c21", "#23272e"}, "#191c21", "#ffffff"},
}

// colour is sRGB, 0 to 255 each.
type colour [3]float64

var hexColour = regexp.MustCompile(`^#[0-9a-f]{6}$`)

// parseColour reads #rrggbb and gives it in lower case.
func parseColour(text string) (string, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	if !hexColour.MatchString(text) {
		return "", fmt.Errorf("%q is not a colour like #b34d05", text)
	}
	return text, nil
}

// parse reads a colour that parseColour has passed; anything else is black.
func parse(hex string) (c colour) {
	n, err := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 24)
	if err != nil {
		return c
	}
	return colour{float64(n >> 16), float64(n >> 8 & 255), float64(n & 255)}
}

func (c colour) hex() string {
	return fmt.Sprintf("#%02x%02x%02x", int(c[0]), int(c[1]), int(c[2]))
}

// toward is c moved by a share of the way to another colour, in whole steps as a screen has them.
func (c colour) toward(to colour, share float64) colour {
	for i := range c {
		c[i] = math.Round(c[i] + (to[i]-c[i])*share)
	}
	return c
}

// luminance is relative, 0 to 1 (WCAG 2.2, definition of relative luminance).
func (c colour) luminance() float64 {
	linear := func(v float64) float64 {
		if v /= 255; v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

// contrast is the ratio of two colours, 1 to 21 (WCAG 2.2, definition of contrast ratio).
func contrast(a, b string) float64 {
	x, y := parse(a).luminance(), parse(b).luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// on is what can be read on a colour: of white and black one always can.
func on(ground string) string {
	if contrast(ground, "#ffffff") >= minContrast {
		return "#ffffff"
	}
	return "#000000"
}

// Palette are the colours of pages and mails in one theme.
type Palette struct {
	Accent string // links and marks: the chosen colour, moved until it can be read
	Dim    string // ground of badges, on which Accent can be read
	Fill   string // buttons: the chosen colour as it is
	OnFill string
	Bar    string // on top of pages; "" as the server's
	OnBar  string
	BarDim string // the page of the bar that is open; OnBar can be read on it
}

// palette makes the colours of a theme (0 light, 1 dark) of those that were chosen.
func palette(c store.Colours, theme int) Palette {
	g := grounds[theme]
	p := Palette{Fill: c.Accent, OnFill: on(c.Accent), Bar: c.Bar}
	for share := 0.0; share <= 1; share += 0.02 {
		accent := parse(c.Accent).toward(parse(g.toward), share)
		p.Accent, p.Dim = accent.hex(), parse(g.panel).toward(accent, 0.12).hex()
		if readable(p.Accent, append([]string{p.Dim}, g.all...)) {
			break
		}
	}
	if p.Bar != "" {
		p.OnBar = on(p.Bar)
		away := map[string]string{"#ffffff": "#000000", "#000000": "#ffffff"}[p.OnBar]
		p.BarDim = parse(p.Bar).toward(parse(away), 0.18).hex()
	}
	return p
}

func readable(text string, grounds []string) bool {
	for _, g := range grounds {
		if contrast(text, g) < minContrast {
			return false
		}
	}
	return true
}

// css is the style sheet that a tenant's pages have after the server's.
func css(light, dark Palette) string {
	vars := func(p Palette) string {
		s := fmt.Sprintf("--accent: %s; --accent-dim: %s; --fill: %s; --on-accent: %s; --played: %s;", p.Accent, p.Dim, p.Fill, p.OnFill, p.Accent)
		if p.Bar != "" {
			s += fmt.Sprintf(" --bar: %s; --on-bar: %s; --bar-faint: %s; --bar-dim: %s; --bar-line: %s;", p.Bar, p.OnBar, p.OnBar, p.BarDim, p.BarDim)
		}
		return s
	}
	sheet := ":root { " + vars(light) + " }\n@media (prefers-color-scheme: dark) { :root { " + vars(dark) + " } }\n"
	if light.Bar != "" {
		sheet += ".top .button, .top .button.quiet { background: transparent; border-color: var(--on-bar); color: var(--on-bar); }\n.top .button:hover, .top .button.quiet:hover { background: var(--bar-dim); }\n"
	}
	return sheet
}
