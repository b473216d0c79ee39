// Package app is the application without a window.
package app

import "io/fs"

// Options say where things are and what the machine offers.
type Options struct {
	Library string
	Sound   func() (Sound, error)
	Demo    fs.FS
}
