package theme

import (
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
)

// Colours of our own, each defined in both variants (a test looks).
const (
	Window       fyne.ThemeColorName = "agent.window"      // behind everything
	Panel        fyne.ThemeColorName = "agent.panel"       // a pane
	Raised       fyne.ThemeColorName = "agent.raised"      // a field, a chip, an empty pad
	Line         fyne.ThemeColorName = "agent.line"        // borders between panes
	Text         fyne.ThemeColorName = "agent.text"        // what is read first
	TextDim      fyne.ThemeColorName = "agent.textdim"     // captions, units
	TextFaint    fyne.ThemeColorName = "agent.textfaint"   // what is not known
	Accent       fyne.ThemeColorName = "agent.accent"      // what is chosen, what plays
	AccentDim    fyne.ThemeColorName = "agent.accentdim"   // ground of what is chosen
	OnAccent     fyne.ThemeColorName = "agent.onaccent"    // text on the accent
	RowHover     fyne.ThemeColorName = "agent.rowhover"    // pointer over a row
	RowSelected  fyne.ThemeColorName = "agent.rowselected" // chosen rows
	Wave         fyne.ThemeColorName = "agent.wave"        // waveform body
	WaveCore     fyne.ThemeColorName = "agent.wavecore"    // waveform's loud middle
	WaveGround   fyne.ThemeColorName = "agent.waveground"  // behind a waveform
	WavePlayed   fyne.ThemeColorName = "agent.waveplayed"  // left of the cursor
	BeatLine     fyne.ThemeColorName = "agent.beat"        // beat grid
	BarLine      fyne.ThemeColorName = "agent.bar"         // first beat of a bar
	OnsetMark    fyne.ThemeColorName = "agent.onset"       // transients
	SelectedSpan fyne.ThemeColorName = "agent.span"        // selection in a waveform
	Good         fyne.ThemeColorName = "agent.good"
	Warn         fyne.ThemeColorName = "agent.warn"
	Bad          fyne.ThemeColorName = "agent.bad"
	Star         fyne.ThemeColorName = "agent.star"
	PadRim       fyne.ThemeColorName = "agent.padrim"  // border of an unlit pad
	PadBody      fyne.ThemeColorName = "agent.padbody" // unlit rubber
)

// classPrefix begins the colour names of sample classes.
const classPrefix = "agent.class."

// families maps every class the ear knows to the colour family that lights its pads.
var families = map[string]string{
	"kick": "kick", "snare": "snare", "clap": "clap", "rim": "clap", "snap": "clap",
	"hat": "hat", "hihat": "hat", "closed hat": "hat", "open hat": "hat",
	"cymbal": "cymbal", "crash": "cymbal", "ride": "cymbal",
	"tom": "tom", "percussion": "percussion", "perc": "percussion", "shaker": "percussion", "cowbell": "percussion",
	"bass": "bass", "808": "bass",
	"chords": "chords", "keys": "chords", "piano": "chords", "guitar": "chords", "organ": "chords",
	"tonal": "melody", "melody": "melody", "lead": "melody", "synth": "melody", "strings": "melody",
	"pad": "pad", "texture": "pad", "ambience": "pad",
	"vocal": "vocal", "voice": "vocal",
	"effect": "effect", "fx": "effect", "noise": "effect", "riser": "effect",
	"drums": "drums", "beat": "drums", "break": "drums", "full": "drums", "mix": "drums", "music": "drums",
}

// Class is the colour name of a sample class; an unknown or empty class has a quiet grey.
func Class(class string) fyne.ThemeColorName {
	if f, ok := families[strings.ToLower(class)]; ok {
		return fyne.ThemeColorName(classPrefix + f)
	}
	return classPrefix + "none"
}

// Mix blends two colours; share is how much of b there is, 0 to 1.
func Mix(a, b color.Color, share float64) color.NRGBA {
	x, y := nrgba(a), nrgba(b)
	m := func(p, q uint8) uint8 { return uint8(float64(p)*(1-share) + float64(q)*share + 0.5) }
	return color.NRGBA{R: m(x.R, y.R), G: m(x.G, y.G), B: m(x.B, y.B), A: m(x.A, y.A)}
}

// Alpha is the colour with another opacity, 0 to 1.
func Alpha(c color.Color, a float64) color.NRGBA {
	n := nrgba(c)
	n.A = uint8(a*255 + 0.5)
	return n
}

func nrgba(c color.Color) color.NRGBA {
	if c == nil {
		return color.NRGBA{}
	}
	return color.NRGBAModel.Convert(c).(color.NRGBA)
}

func hex(v uint32) color.NRGBA {
	return color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 255}
}

func clear(v uint32, a uint8) color.NRGBA {
	c := hex(v)
	c.A = a
	return c
}

type palette map[fyne.ThemeColorName]color.Color

var dark = palette{
	Window: hex(0x121417), Panel: hex(0x191c21), Raised: hex(0x23272e), Line: hex(0x2b3038),
	Text: hex(0xe8ebf0), TextDim: hex(0x9aa3b0), TextFaint: hex(0x656e7b),
	Accent: hex(0xff8a3c), AccentDim: hex(0x3d2a1d), OnAccent: hex(0x1c0f05),
	RowHover: hex(0x20242a), RowSelected: hex(0x3a2b21),
	Wave: hex(0x8e9bad), WaveCore: hex(0xd3dae4), WaveGround: hex(0x14161a), WavePlayed: hex(0xff8a3c),
	BeatLine: clear(0xffffff, 22), BarLine: clear(0xffffff, 58), OnsetMark: hex(0x39c6b4), SelectedSpan: clear(0xff8a3c, 46),
	Good: hex(0x45c486), Warn: hex(0xf2b441), Bad: hex(0xf2606a), Star: hex(0xf5c451),
	PadRim: hex(0x343a43), PadBody: hex(0x20242a),

	classPrefix + "kick": hex(0xff5468), classPrefix + "snare": hex(0xf7d04a), classPrefix + "clap": hex(0xf4a9c4),
	classPrefix + "hat": hex(0xb9df4d), classPrefix + "cymbal": hex(0x74d46c), classPrefix + "tom": hex(0x38cba8),
	classPrefix + "percussion": hex(0x32c5dc), classPrefix + "bass": hex(0x4f8fff), classPrefix + "chords": hex(0x8580ff),
	classPrefix + "melody": hex(0xb377ff), classPrefix + "pad": hex(0xd673ea), classPrefix + "vocal": hex(0xff7fc4),
	classPrefix + "effect": hex(0x8fa0b6), classPrefix + "drums": hex(0xf0725f), classPrefix + "none": hex(0x707987),

	fynetheme.ColorNameBackground:                hex(0x121417),
	fynetheme.ColorNameButton:                    hex(0x262a32),
	fynetheme.ColorNameDisabledButton:            hex(0x1e2127),
	fynetheme.ColorNameDisabled:                  hex(0x656e7b),
	fynetheme.ColorNameError:                     hex(0xf2606a),
	fynetheme.ColorNameFocus:                     clear(0xff8a3c, 84),
	fynetheme.ColorNameForeground:                hex(0xe8ebf0),
	fynetheme.ColorNameForegroundOnError:         hex(0x1c0508),
	fynetheme.ColorNameForegroundOnPrimary:       hex(0x1c0f05),
	fynetheme.ColorNameForegroundOnSuccess:       hex(0x04140c),
	fynetheme.ColorNameForegroundOnWarning:       hex(0x1a1203),
	fynetheme.ColorNameHeaderBackground:          hex(0x191c21),
	fynetheme.ColorNameHover:                     clear(0xffffff, 14),
	fynetheme.ColorNameHyperlink:                 hex(0xff9d5c),
	fynetheme.ColorNameInnerWindowBorder:         hex(0x191c21),
	fynetheme.ColorNameInnerWindowBorderInactive: hex(0x191c21),
	fynetheme.ColorNameInputBackground:           hex(0x23272e),
	fynetheme.ColorNameInputBorder:               hex(0x59616d),
	fynetheme.ColorNameMenuBackground:            hex(0x22262d),
	fynetheme.ColorNameOverlayBackground:         hex(0x1e2228),
	fynetheme.ColorNamePlaceHolder:               hex(0x7a8390),
	fynetheme.ColorNamePressed:                   clear(0xffffff, 30),
	fynetheme.ColorNamePrimary:                   hex(0xff8a3c),
	fynetheme.ColorNameScrollBar:                 clear(0xffffff, 64),
	fynetheme.ColorNameScrollBarBackground:       clear(0xffffff, 0),
	fynetheme.ColorNameSelection:                 clear(0xff8a3c, 70),
	fynetheme.ColorNameSeparator:                 hex(0x2b3038),
	fynetheme.ColorNameShadow:                    clear(0x000000, 110),
	fynetheme.ColorNameSuccess:                   hex(0x45c486),
	fynetheme.ColorNameWarning:                   hex(0xf2b441),
}

var light = palette{
	Window: hex(0xe6e8ec), Panel: hex(0xf6f7f9), Raised: hex(0xffffff), Line: hex(0xd3d8df),
	Text: hex(0x191d24), TextDim: hex(0x56606e), TextFaint: hex(0x808a97),
	Accent: hex(0xd9600a), AccentDim: hex(0xfde6d5), OnAccent: hex(0xffffff),
	RowHover: hex(0xebedf1), RowSelected: hex(0xfbdfca),
	Wave: hex(0x7f8b9b), WaveCore: hex(0x3b4554), WaveGround: hex(0xffffff), WavePlayed: hex(0xd9600a),
	BeatLine: clear(0x000000, 22), BarLine: clear(0x000000, 58), OnsetMark: hex(0x0c8f80), SelectedSpan: clear(0xd9600a, 40),
	Good: hex(0x17824c), Warn: hex(0x9a6700), Bad: hex(0xc62a38), Star: hex(0xc98a00),
	PadRim: hex(0xc4cad3), PadBody: hex(0xe9ebef),

	classPrefix + "kick": hex(0xe23a50), classPrefix + "snare": hex(0xd9a400), classPrefix + "clap": hex(0xd9749b),
	classPrefix + "hat": hex(0x7ea512), classPrefix + "cymbal": hex(0x3f9f38), classPrefix + "tom": hex(0x159a7d),
	classPrefix + "percussion": hex(0x0f94ab), classPrefix + "bass": hex(0x2a6fe8), classPrefix + "chords": hex(0x5e57e6),
	classPrefix + "melody": hex(0x8d4be0), classPrefix + "pad": hex(0xb043c6), classPrefix + "vocal": hex(0xda4598),
	classPrefix + "effect": hex(0x64758b), classPrefix + "drums": hex(0xd2503c), classPrefix + "none": hex(0x8c95a2),

	fynetheme.ColorNameBackground:                hex(0xe6e8ec),
	fynetheme.ColorNameButton:                    hex(0xffffff),
	fynetheme.ColorNameDisabledButton:            hex(0xeceef1),
	fynetheme.ColorNameDisabled:                  hex(0x9aa3af),
	fynetheme.ColorNameError:                     hex(0xc62a38),
	fynetheme.ColorNameFocus:                     clear(0xd9600a, 76),
	fynetheme.ColorNameForeground:                hex(0x191d24),
	fynetheme.ColorNameForegroundOnError:         hex(0xffffff),
	fynetheme.ColorNameForegroundOnPrimary:       hex(0xffffff),
	fynetheme.ColorNameForegroundOnSuccess:       hex(0xffffff),
	fynetheme.ColorNameForegroundOnWarning:       hex(0xffffff),
	fynetheme.ColorNameHeaderBackground:          hex(0xf6f7f9),
	fynetheme.ColorNameHover:                     clear(0x000000, 13),
	fynetheme.ColorNameHyperlink:                 hex(0xb34d05),
	fynetheme.ColorNameInnerWindowBorder:         hex(0xf6f7f9),
	fynetheme.ColorNameInnerWindowBorderInactive: hex(0xf6f7f9),
	fynetheme.ColorNameInputBackground:           hex(0xffffff),
	fynetheme.ColorNameInputBorder:               hex(0x98a1ad),
	fynetheme.ColorNameMenuBackground:            hex(0xffffff),
	fynetheme.ColorNameOverlayBackground:         hex(0xf9fafb),
	fynetheme.ColorNamePlaceHolder:               hex(0x7a8490),
	fynetheme.ColorNamePressed:                   clear(0x000000, 26),
	fynetheme.ColorNamePrimary:                   hex(0xd9600a),
	fynetheme.ColorNameScrollBar:                 clear(0x000000, 84),
	fynetheme.ColorNameScrollBarBackground:       clear(0x000000, 0),
	fynetheme.ColorNameSelection:                 clear(0xd9600a, 60),
	fynetheme.ColorNameSeparator:                 hex(0xd3d8df),
	fynetheme.ColorNameShadow:                    clear(0x000000, 46),
	fynetheme.ColorNameSuccess:                   hex(0x17824c),
	fynetheme.ColorNameWarning:                   hex(0x9a6700),
}
