package theme

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	fynetheme "fyne.io/fyne/v2/theme"
)

func TestEveryFyneColourIsDefined(t *testing.T) {
	test.AssertAllColorNamesDefined(t, New(System), "agent")
	for name := range dark {
		if _, ok := light[name]; !ok {
			t.Errorf("%s is in the dark variant only", name)
		}
	}
	for name := range light {
		if _, ok := dark[name]; !ok {
			t.Errorf("%s is in the light variant only", name)
		}
	}
}

func TestChosenModeWinsOverVariant(t *testing.T) {
	for _, c := range []struct {
		mode    Mode
		variant fyne.ThemeVariant
		want    color.Color
	}{
		{System, fynetheme.VariantDark, dark[Panel]},
		{System, fynetheme.VariantLight, light[Panel]},
		{Dark, fynetheme.VariantLight, dark[Panel]},
		{Light, fynetheme.VariantDark, light[Panel]},
	} {
		if got := New(c.mode).Color(Panel, c.variant); got != c.want {
			t.Errorf("%s in variant %d: %v, want %v", c.mode, c.variant, got, c.want)
		}
	}
}

// Contrast after WCAG 2.2 (relative luminance): body text at least 7, captions 4.5, and what is
// only decoration (unknown values) 2.5.
func TestTextCanBeRead(t *testing.T) {
	for name, p := range map[string]palette{"dark": dark, "light": light} {
		for _, ground := range []fyne.ThemeColorName{Window, Panel, Raised, RowHover, RowSelected} {
			for text, least := range map[fyne.ThemeColorName]float64{Text: 7, TextDim: 4.5, TextFaint: 2.5} {
				if got := contrast(p[text], p[ground]); got < least {
					t.Errorf("%s: %s on %s has contrast %.2f, want %.1f", name, text, ground, got, least)
				}
			}
		}
		if got := contrast(p[OnAccent], p[Accent]); got < 3.5 {
			t.Errorf("%s: text on accent has contrast %.2f", name, got)
		}
	}
}

func TestEveryClassHasItsColour(t *testing.T) {
	for class := range families {
		if _, ok := dark[Class(class)]; !ok {
			t.Errorf("class %q has no colour", class)
		}
	}
	if Class("") != Class("something new") {
		t.Error("unknown classes must share one quiet colour")
	}
}

func contrast(a, b color.Color) float64 {
	x, y := luminance(a), luminance(b)
	if x < y {
		x, y = y, x
	}
	return (x + 0.05) / (y + 0.05)
}

func luminance(c color.Color) float64 {
	n := nrgba(c)
	l := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*l(n.R) + 0.7152*l(n.G) + 0.0722*l(n.B)
}
