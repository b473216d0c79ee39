package cloud

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"sampleagent/audio/codec"
	"sampleagent/sync/client"
)

// errChanged says that a file is no longer the one that the library knows: what the cloud would say
// of it would be said of another sound.
var errChanged = errors.New("the file has changed since it was analysed here: import it again, then send it")

// upFile is what goes up: the file itself, or the same samples as FLAC.
type upFile struct {
	name string
	size int64
	open func() (io.ReadCloser, error)
}

// lossless prefers FLAC of the same rate and depth where that is smaller: plain WAV of a plan's
// longest sound may not fit its largest file. sum is what the library knows of the file's bytes, ""
// before it was analysed: a file that has changed since is refused, also where it changes on its way up.
func lossless(ctx context.Context, path, sum string) (upFile, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return upFile{}, fmt.Errorf("%s is not there any more: put it back, or import it where it is now, and send it again", path)
	}
	if err != nil {
		return upFile{}, err
	}
	as := upFile{name: filepath.Base(path), size: info.Size(), open: func() (io.ReadCloser, error) { return openUnchanged(path, info.Size(), sum) }}
	clip, err := codec.DecodeFile(ctx, path, codec.Limits{})
	if err != nil {
		return as, err
	}
	if err := unchanged(path, sum); err != nil { // asked after it was decoded: it may have changed meanwhile
		return as, err
	}
	if (clip.Format != codec.WAV && clip.Format != codec.AIFF) || clip.Float || clip.BitDepth > 24 {
		return as, nil
	}
	// Without Bits the encoder takes the least that holds every sample exactly.
	options := codec.FLACOptions{}
	if clip.BPM > 0 && clip.BPMOrigin != codec.FromName { // what the name says travels with the name
		options.Comments = append(options.Comments, codec.Text{Name: "BPM", Value: strconv.FormatFloat(clip.BPM, 'f', -1, 64)})
	}
	if clip.Key != "" && clip.KeyOrigin != codec.FromName {
		options.Comments = append(options.Comments, codec.Text{Name: "KEY", Value: clip.Key})
	}
	var packed bytes.Buffer
	if err := codec.EncodeFLAC(&packed, &clip.Audio, options); err != nil {
		return as, fmt.Errorf("pack %s as FLAC: %w", path, err)
	}
	if int64(packed.Len()) >= as.size {
		return as, nil
	}
	as.name = strings.TrimSuffix(as.name, filepath.Ext(as.name)) + ".flac"
	as.size = int64(packed.Len())
	as.open = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed.Bytes())), nil }
	return as, nil
}

// unchanged says whether a file's bytes are those of a sum; "" is any.
func unchanged(path, sum string) error {
	if sum == "" {
		return nil
	}
	now, err := client.SumFile(path)
	if err == nil && now != sum {
		err = fmt.Errorf("%s: %w", path, errChanged)
	}
	return err
}

// openUnchanged reads size bytes of a file. It keeps back the last of them where they are not those
// of sum, so that nobody takes a file that changed while it was read for a whole one.
func openUnchanged(path string, size int64, sum string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil || sum == "" {
		return f, err
	}
	return &unchangedFile{File: f, hash: sha256.New(), left: size, sum: sum}, nil
}

type unchangedFile struct {
	*os.File
	hash hash.Hash
	left int64
	sum  string
}

func (f *unchangedFile) Read(p []byte) (int, error) {
	if f.left == 0 {
		return 0, io.EOF
	}
	n, err := f.File.Read(p[:min(int64(len(p)), f.left)])
	f.hash.Write(p[:n])
	f.left -= int64(n)
	if cut := errors.Is(err, io.EOF) && f.left > 0; cut || f.left == 0 && hex.EncodeToString(f.hash.Sum(nil)) != f.sum {
		return 0, fmt.Errorf("%s: %w", f.Name(), errChanged)
	}
	return n, err
}
