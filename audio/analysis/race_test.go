//go:build race

package analysis

// The race detector makes sync.Pool forget at random, so that more is allocated.
const raced = true
