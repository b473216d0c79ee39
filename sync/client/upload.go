package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"sync/atomic"

	"sampleagent/sync/wire"
)

// Upload is a file to be analysed in the cloud.
type Upload struct {
	Name string // as the user knows it; shown, never used as a path
	Size int64  // bytes that Open will give
	// Key makes repeating the upload harmless: the same key and content is the same job.
	Key  string
	Open func() (io.ReadCloser, error) // from the start, as often as tried
	// SourceSHA256 is the hash of the user's own file when these are its samples in other bytes:
	// by it the server knows which sound a kit's pad means. "" otherwise.
	SourceSHA256 string
}

// Upload sends a file in one streamed request; progress, unless nil, is told the bytes handed to
// the network. It needs no more memory for a large file than for a small one.
func (c *Client) Upload(ctx context.Context, u Upload, progress func(sent int64)) (*wire.Accepted, error) {
	var out wire.Accepted
	err := c.call(ctx, func(token string) error {
		file, err := u.Open()
		if err != nil {
			return fmt.Errorf("read %s: %w", u.Name, err)
		}
		defer file.Close()
		ctx, alive, done := watched(ctx, c.stall)
		defer done()
		var head, tail strings.Builder
		form := multipart.NewWriter(&head)
		if u.SourceSHA256 != "" {
			if err := form.WriteField("source_sha256", u.SourceSHA256); err != nil {
				return err
			}
		}
		if _, err := form.CreateFormFile("audio", u.Name); err != nil {
			return err
		}
		fmt.Fprintf(&tail, "\r\n--%s--\r\n", form.Boundary())
		content := &counted{from: io.LimitReader(file, u.Size), alive: alive, tell: progress}
		body := io.MultiReader(strings.NewReader(head.String()), content, strings.NewReader(tail.String()))
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.server+wire.PathUpload, body)
		if err != nil {
			return err
		}
		r.ContentLength = int64(head.Len()) + u.Size + int64(tail.Len())
		r.Header.Set("Content-Type", form.FormDataContentType())
		r.Header.Set("Idempotency-Key", u.Key)
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := c.http.Do(r)
		if own := content.err.Load(); err != nil && own != nil {
			return fmt.Errorf("read %s: %w", u.Name, *own)
		}
		if err != nil {
			return causeOf(ctx, unreachable(c.server, err))
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
		if err != nil {
			return causeOf(ctx, unreachable(c.server, err))
		}
		if answer.StatusCode >= http.StatusBadRequest {
			return problem(answer.StatusCode, answer.Header, text)
		}
		if err := json.Unmarshal(text, &out); err != nil {
			return fmt.Errorf("upload of %s: an answer that cannot be read: %w", u.Name, err)
		}
		return nil
	})
	return &out, err
}

// counted tells how far a reader has been read, and that it still is.
type counted struct {
	from  io.Reader
	alive func()
	tell  func(int64) // may be nil
	sent  int64
	err   atomic.Pointer[error] // what the reader failed with; a request may end before its body was read
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err.Store(&err)
	}
	c.sent += int64(n)
	c.alive()
	if c.tell != nil && n > 0 {
		c.tell(c.sent)
	}
	return n, err
}
