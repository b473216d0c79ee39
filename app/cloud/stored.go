package cloud

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"sampleagent/audio/pack"
	"sampleagent/sync/wire"
)

var errDamaged = errors.New("what came from the cloud is damaged")

// stored is a file as it is kept: what its bytes are, and how to read them.
type stored struct {
	sum  string
	size int64
	form string
	open func() (io.ReadSeekCloser, error)
}

type nopSeekCloser struct{ io.ReadSeeker }

func (nopSeekCloser) Close() error { return nil }

// storedForm reads a file and packs it where that helps. sum is what the library knows of its
// bytes: a file that has changed since is refused.
func storedForm(ctx context.Context, path, sum string) (stored, error) {
	info, err := os.Stat(path)
	if err != nil {
		return stored{}, err
	}
	if info.Size() > pack.MaxSize {
		if err := unchanged(path, sum); err != nil {
			return stored{}, err
		}
		return stored{sum, info.Size(), wire.KeptOriginal, func() (io.ReadSeekCloser, error) { return os.Open(path) }}, nil
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return stored{}, err
	}
	if sumOf(file) != sum {
		return stored{}, fmt.Errorf("%s: %w", path, errChanged)
	}
	form := wire.KeptOriginal
	if packed, err := pack.Pack(ctx, file); err == nil {
		file, form = packed, wire.KeptPacked
	} else if ctx.Err() != nil {
		return stored{}, ctx.Err()
	}
	return stored{sumOf(file), int64(len(file)), form, func() (io.ReadSeekCloser, error) { return nopSeekCloser{bytes.NewReader(file)}, nil }}, nil
}

func sumOf(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
