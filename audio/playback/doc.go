// Package playback makes sound audible: one voice for listening to samples, many for pads, mixed
// into a sound device or, where there is none, into silence that takes the same time.
//
// It is the only package that reaches the sound device. It must never know the library, the
// screen or the network: it is handed sound in memory, or a file's path to play while it is
// being decoded.
package playback
