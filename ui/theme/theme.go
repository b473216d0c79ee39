// Package theme is the look of the program: colours of both variants, sizes, icons.
//
// It knows no screen and no data; what a colour is used for is said by its name. Widgets ask for
// a colour by name each time they draw, so that light, dark and the system's wish take effect
// at once.
package theme

import (
	"image/color"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
)

// Mode is what a person chose in the preferences.
type Mode string

// The modes.
const (
	System Mode = "system"
	Dark   Mode = "dark"
	Light  Mode = "light"
)

// Theme implements fyne.Theme with both variants. Its zero value follows the system.
type Theme struct{ mode Mode }

// New returns the theme that shows the mode; anything unknown follows the system.
func New(m Mode) *Theme { return &Theme{mode: m} }

// Mode says which mode the theme shows.
func (t *Theme) Mode() Mode { return t.mode }

// Color returns the colour of the name in the variant, or of the chosen mode if there is one.
func (t *Theme) Color(name fyne.ThemeColorName, variant fyne.ThemeVariant) color.Color {
	switch t.mode {
	case Dark:
		variant = fynetheme.VariantDark
	case Light:
		variant = fynetheme.VariantLight
	}
	table := dark
	if variant == fynetheme.VariantLight {
		table = light
	}
	if c, ok := table[name]; ok {
		return c
	}
	return fynetheme.DefaultTheme().Color(name, variant)
}

// Font is Fyne's own, which has digits of one width: tempos line up in a column.
func (t *Theme) Font(style fyne.TextStyle) fyne.Resource {
	return fynetheme.DefaultTheme().Font(style)
}

// Icon is Fyne's own for its widgets; ours are in icons.go.
func (t *Theme) Icon(name fyne.ThemeIconName) fyne.Resource {
	return fynetheme.DefaultTheme().Icon(name)
}

// Size makes Fyne's widgets dense enough for a work surface.
func (t *Theme) Size(name fyne.ThemeSizeName) float32 {
	switch name {
	case fynetheme.SizeNameText:
		return TextBody
	case fynetheme.SizeNameCaptionText:
		return TextSmall
	case fynetheme.SizeNameSubHeadingText:
		return TextTitle
	case fynetheme.SizeNameHeadingText:
		return TextHuge
	case fynetheme.SizeNamePadding:
		return 4
	case fynetheme.SizeNameInnerPadding:
		return 7
	case fynetheme.SizeNameInlineIcon:
		return 18
	case fynetheme.SizeNameScrollBar:
		return 10
	case fynetheme.SizeNameScrollBarSmall:
		return 3
	case fynetheme.SizeNameScrollBarRadius:
		return 4
	case fynetheme.SizeNameInputRadius, fynetheme.SizeNameSelectionRadius:
		return Radius
	case fynetheme.SizeNameSeparatorThickness, fynetheme.SizeNameInputBorder:
		return 1
	case fynetheme.SizeNameSplitThickness:
		return 1
	case fynetheme.SizeNameModalBlurRadius:
		return 0
	}
	return fynetheme.DefaultTheme().Size(name)
}

// Sizes of our own widgets, in device-independent pixels. One rhythm of 4.
const (
	TextTiny  float32 = 10.5 // units, badges
	TextSmall float32 = 11.5 // captions, chips, headers
	TextBody  float32 = 13
	TextTitle float32 = 15
	TextHuge  float32 = 21 // the one big number of a panel

	Pad    float32 = 8
	Edge   float32 = 12 // from a panel's border to what is in it
	Radius float32 = 6
)

// C is the colour of the name as the running program shows it now.
func C(name fyne.ThemeColorName) color.Color {
	app := fyne.CurrentApp()
	if app == nil {
		return dark[name]
	}
	s := app.Settings()
	if own, ok := s.Theme().(*Theme); ok {
		return own.Color(name, s.ThemeVariant())
	}
	// A foreign theme (a test's) has none of our names: ours answer, in its variant.
	table := dark
	if s.ThemeVariant() == fynetheme.VariantLight {
		table = light
	}
	if c, ok := table[name]; ok {
		return c
	}
	return s.Theme().Color(name, s.ThemeVariant())
}

// IsLight says whether the light variant is shown now.
func IsLight() bool {
	r, g, b, _ := C(fynetheme.ColorNameBackground).RGBA()
	return r+g+b > 3*0x8000
}
