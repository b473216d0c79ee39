package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sampleagent/sync/wire"
)

// silence is how long a live stream may say nothing: the server sends a comment every 15 s.
const silence = 45 * time.Second

// Events hands every live event after the given one to handle, in order, until ctx ends, handle
// refuses, or the stream breaks. The caller comes again with the last Seq it saw; with 0 it hears what
// happens from now on, and begun tells from when on that is: what was before has to be asked for.
func (c *Client) Events(ctx context.Context, after int64, begun func(), handle func(wire.Event) error) error {
	return c.call(ctx, func(token string) error {
		ctx, alive, done := watched(ctx, silence)
		defer done()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.server+wire.PathEvents, nil)
		if err != nil {
			return err
		}
		r.Header.Set("Accept", "text/event-stream")
		r.Header.Set("Authorization", "Bearer "+token)
		if after > 0 {
			r.Header.Set("Last-Event-ID", strconv.FormatInt(after, 10))
		}
		answer, err := c.http.Do(r)
		if err != nil {
			return causeOf(ctx, unreachable(c.server, err))
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
			if err != nil {
				return unreachable(c.server, err)
			}
			return problem(answer.StatusCode, answer.Header, text)
		}
		begun()
		err = read(answer.Body, alive, func(e wire.Event) error {
			after = max(after, e.Seq)
			return handle(e)
		})
		return causeOf(ctx, err)
	})
}

// watched is a context for a transfer that ends when there is no sign of life for so long: a network
// that went away, or a machine that slept, leaves connections that neither move nor break.
func watched(ctx context.Context, quiet time.Duration) (_ context.Context, alive, done func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	dog := time.AfterFunc(quiet, func() { cancel(fmt.Errorf("%w: no sign of life for %s", ErrUnreachable, quiet)) })
	return ctx, func() { dog.Reset(quiet) }, func() { dog.Stop(); cancel(nil) }
}

// causeOf prefers the reason why a transfer was ended over how that looked from inside.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && err != nil {
		return cause
	}
	return err
}

// read parses an event stream (WHATWG HTML, section 9.2) as far as ours goes: data lines hold
// one wire.Event as JSON.
func read(stream io.Reader, alive func(), handle func(wire.Event) error) error {
	lines := bufio.NewScanner(stream)
	lines.Buffer(make([]byte, 0, 64<<10), 1<<20)
	var data strings.Builder
	for lines.Scan() {
		alive()
		line := lines.Text()
		switch {
		case line == "" && data.Len() > 0:
			var e wire.Event
			if err := json.Unmarshal([]byte(data.String()), &e); err != nil {
				return fmt.Errorf("live events: %w", err)
			}
			data.Reset()
			if err := handle(e); err != nil {
				return err
			}
		case strings.HasPrefix(line, "data:"):
			data.WriteString(strings.TrimPrefix(line, "data:"))
		}
	}
	if err := lines.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			return fmt.Errorf("live events: %w", err)
		}
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return fmt.Errorf("%w: the stream of live events ended", ErrUnreachable)
}
