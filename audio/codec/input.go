package codec

import (
	"errors"
	"fmt"
	"io"
)

// input is a file seen as bytes at offsets, with a small window so that a walk over chunk
// headers costs one read and not twenty. It is not safe for concurrent use.
type input struct {
	io.ReaderAt
	size int64

	window []byte
	start  int64
}

// windowSize covers the header of nearly every file in one read.
const windowSize = 8 << 10

func newInput(r io.ReadSeeker) (*input, error) {
	size, err := r.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, fmt.Errorf("find the size: %w", err)
	}
	if size == 0 {
		return nil, ErrEmpty
	}
	at, ok := r.(io.ReaderAt)
	if !ok {
		at = &seekReaderAt{r}
	}
	return &input{ReaderAt: at, size: size}, nil
}

// peek returns the n bytes at off, fewer at the end of the file. The slice is valid until the
// next call.
func (in *input) peek(off int64, n int) ([]byte, error) {
	if off < 0 || off >= in.size || n <= 0 {
		return nil, nil
	}
	n = int(min(int64(n), in.size-off))
	if off < in.start || off+int64(n) > in.start+int64(len(in.window)) {
		want := int(min(int64(max(n, windowSize)), in.size-off))
		if cap(in.window) < want {
			in.window = make([]byte, want)
		}
		in.window, in.start = in.window[:want], off
		got, err := in.ReadAt(in.window, off)
		in.window = in.window[:got]
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read at byte %d: %w", off, err)
		}
	}
	have := in.window[off-in.start:]
	return have[:min(n, len(have))], nil
}

// section is the part of the file from off to its end as a stream.
func (in *input) section(off int64) *io.SectionReader {
	return io.NewSectionReader(in.ReaderAt, off, in.size-off)
}

// seekReaderAt gives a ReadSeeker offsets.
type seekReaderAt struct{ r io.ReadSeeker }

func (s *seekReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if _, err := s.r.Seek(off, io.SeekStart); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(s.r, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}
