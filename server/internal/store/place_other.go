//go:build !linux

package store

// filePlace is the path alone: where files are not numbered as on Linux, only a copy that another
// folder holds is known as one.
func filePlace(path string) (string, error) { return path, nil }
