package theme

import (
	"bytes"
	"fmt"

	"fyne.io/fyne/v2"

	"sampleagent/assets/icons"
)

// Icon is the icon of the name in the colour of the name; it follows the theme as it is drawn.
// An icon that does not exist is nil.
func Icon(name string, colour fyne.ThemeColorName) fyne.Resource {
	data, err := icons.Files.ReadFile(name + ".svg")
	if err != nil {
		return nil
	}
	return &tinted{name: name, colour: colour, drawn: data}
}

// tinted paints the black of an SVG in a theme's colour. Fyne's own themed resource recolours
// fills only, and ours are mostly strokes. The colour is part of the name, because Fyne keeps
// drawn pictures by name.
type tinted struct {
	name   string
	colour fyne.ThemeColorName
	drawn  []byte
}

// Name is different for each colour.
func (t *tinted) Name() string { return fmt.Sprintf("agent-%s-%s.svg", t.name, t.hex()) }

// Content is the picture in the colour of now.
func (t *tinted) Content() []byte {
	return bytes.ReplaceAll(t.drawn, []byte("#000000"), []byte(t.hex()))
}

func (t *tinted) hex() string {
	c := nrgba(C(t.colour))
	return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B)
}
