// Package assets holds what the programs carry inside them. It has no logic.
package assets

import "embed"

// Demo is the folder of demo sounds, made by `make demo-sounds`.
//
//go:embed demo
var Demo embed.FS
