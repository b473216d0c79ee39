package client

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"

	"sampleagent/sync/wire"
)

// SendAudio brings a file to be kept for the account's machines: nothing where the account has
// it, else the parts that are missing. sum is the SHA-256 of its bytes. progress, unless nil,
// hears the bytes that are there.
func (c *Client) SendAudio(ctx context.Context, sum string, size int64, open func() (io.ReadSeekCloser, error), progress func(sent int64)) error {
	var state wire.AudioState
	if err := c.call(ctx, func(token string) error {
		return send(request(ctx, c.http, token, true).SetBody(wire.AudioRequest{SHA256: sum, Size: size}), http.MethodPost, c.server+wire.PathSyncAudio, &state)
	}); err != nil || state.Stored {
		return err
	}
	file, err := open()
	if err != nil {
		return err
	}
	defer file.Close()
	buffer := make([]byte, min(size, wire.AudioPart))
	for n, at := 0, int64(0); at < size; n, at = n+1, at+wire.AudioPart {
		part := buffer[:min(wire.AudioPart, size-at)]
		if !slices.Contains(state.Parts, n) {
			if _, err := file.Seek(at, io.SeekStart); err != nil {
				return err
			}
			if _, err := io.ReadFull(file, part); err != nil {
				return fmt.Errorf("read part %d: %w", n, err)
			}
			err := c.call(ctx, func(token string) error {
				r := request(ctx, c.http, token, true).SetBody(part).SetHeader("Content-Type", "application/octet-stream")
				return send(r, http.MethodPut, c.server+wire.PathSyncAudio+"/"+sum+"/parts/"+strconv.Itoa(n), nil)
			})
			if err != nil {
				return err
			}
		}
		if progress != nil {
			progress(at + int64(len(part)))
		}
	}
	if size <= wire.AudioPart {
		return nil // a file of one part is whole with it
	}
	return c.call(ctx, func(token string) error {
		return send(request(ctx, c.http, token, true), http.MethodPost, c.server+wire.PathSyncAudio+"/"+sum+"/complete", nil)
	})
}

// DeleteAudio removes a kept file.
func (c *Client) DeleteAudio(ctx context.Context, sum string) error {
	return c.delete(ctx, wire.PathSyncAudio+"/"+url.PathEscape(sum))
}

// ErrDamaged says that the bytes that came are not those that were asked for.
var ErrDamaged = errors.New("the bytes that came from the cloud are not those that were sent there")

// FetchAudio brings a kept file into the file at path, going on where an earlier try was cut, and
// looks at every byte. A damaged one is removed.
func (c *Client) FetchAudio(ctx context.Context, sum string, size int64, path string, progress func(got, size int64)) error {
	have, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	from := int64(0)
	if err == nil {
		from = have.Size()
	}
	if from < size {
		if err := c.fetchFrom(ctx, sum, from, size, path, progress); err != nil {
			return err
		}
	}
	got, err := SumFile(path)
	if err == nil && got != sum {
		err = errors.Join(ErrDamaged, os.Remove(path))
	}
	return err
}

func (c *Client) fetchFrom(ctx context.Context, sum string, from, size int64, path string, progress func(got, size int64)) error {
	var link wire.Link
	if err := c.get(ctx, wire.PathSyncAudio+"/"+url.PathEscape(sum), nil, &link); err != nil {
		return err
	}
	ctx, alive, done := watched(ctx, c.stall)
	defer done()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, link.URL, nil)
	if err != nil {
		return err
	}
	if from > 0 {
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return causeOf(ctx, unreachable(link.URL, err))
	}
	defer answer.Body.Close()
	flags := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	switch {
	case answer.StatusCode == http.StatusOK:
		flags |= os.O_TRUNC
		from = 0
	case answer.StatusCode != http.StatusPartialContent:
		text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
		return errors.Join(problem(answer.StatusCode, answer.Header, text), err)
	}
	file, err := os.OpenFile(path, flags, 0o644)
	if err != nil {
		return err
	}
	body := &counted{from: io.LimitReader(answer.Body, size-from), alive: alive, tell: func(n int64) {
		if progress != nil {
			progress(from+n, size)
		}
	}}
	_, err = io.Copy(file, body)
	if cut := body.err.Load(); cut != nil {
		return errors.Join(causeOf(ctx, unreachable(link.URL, *cut)), file.Close())
	}
	return errors.Join(err, file.Close()) // a full disk is no trouble of the server
}

// SumFile is the SHA-256 of a file's bytes, in hex.
func SumFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
