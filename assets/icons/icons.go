// Package icons embeds the program's own icons: 24 x 24, one colour, recoloured by the theme.
// It has no logic and knows no toolkit.
package icons

import "embed"

// Files holds one SVG per icon, named NAME.svg.
//
//go:embed *.svg
var Files embed.FS
