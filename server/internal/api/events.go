package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"

	"sampleagent/sync/wire"
)

const (
	heartbeat   = 15 * time.Second // a comment line, so that proxies and clients know we live
	lookEvery   = 2 * time.Second  // for events that other processes wrote
	streamStill = 30 * time.Second // how long a client may take none of what is written
	streamMax   = 2 * time.Hour    // then the client connects again, with a token that still holds
)

func (a *API) eventRoute(r chi.Router) {
	op := Op(http.MethodGet, "/api/events", Read, "Live events as server-sent events; resumes after Last-Event-ID")
	op.Parameters = []*huma.Param{{Name: "Last-Event-ID", In: "header", Schema: &huma.Schema{Type: "string"}}}
	op.Responses = map[string]*huma.Response{"200": {Description: "A stream of events; data is wire.Event", Content: map[string]*huma.MediaType{
		"text/event-stream": {Schema: huma.SchemaFromType(a.huma.OpenAPI().Components.Schemas, reflectType[wire.Event]())}}}}
	a.raw(r, op, a.events)
}

// events streams an account's events. Each has the account's own number, so that a client that
// was cut off says the last one it saw and misses nothing.
func (a *API) events(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	p := Principal(ctx)
	after, err := a.startAfter(r, p.User.ID)
	if err != nil {
		return err
	}
	rings, end, ok := a.Notify.Bell.Listen(p.User.ID, a.Streams)
	if !ok {
		limit := int64(a.Streams)
		return &wire.Problem{Type: "about:blank", Title: "Too Many Requests", Status: http.StatusTooManyRequests, Code: wire.CodeTooFast,
			Detail: "This account has as many live streams as are allowed; close one.", Limit: &limit, Unit: "streams", RetryAfter: time.Minute}
	}
	defer end()
	c := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	fmt.Fprintf(w, "retry: 3000\n: from %d\n\n", after)
	beat, look, over := time.NewTicker(heartbeat), time.NewTicker(lookEvery), time.NewTimer(streamMax)
	defer beat.Stop()
	defer look.Stop()
	defer over.Stop()
	for {
		for {
			// Who does not read is cut off, and comes again with the number of what it read last.
			if err := c.SetWriteDeadline(time.Now().Add(streamStill)); err != nil && !errors.Is(err, http.ErrNotSupported) {
				return nil
			}
			rows, err := a.DB.Events(ctx, p.User.ID, after, 200)
			if err != nil {
				return nil // the client connects again
			}
			for _, e := range rows {
				data, err := json.Marshal(wire.Event{Seq: e.Seq, Kind: e.Kind, At: e.CreatedAt.Time(), Data: e.Data.V})
				if err != nil {
					return nil
				}
				fmt.Fprintf(w, "id: %d\nevent: %s\ndata: %s\n\n", e.Seq, e.Kind, data)
				after = e.Seq
			}
			if c.Flush() != nil {
				return nil
			}
			if len(rows) < 200 {
				break
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-a.Ending:
			return nil
		case <-over.C:
			return nil
		case <-rings:
		case <-look.C:
		case <-beat.C:
			fmt.Fprint(w, ": alive\n\n")
			// A revoked session or a deleted account loses its stream.
			if token, _ := bearer(r); token != "" {
				if _, err := a.Accounts.Authenticate(ctx, token); err != nil && !expired(err) {
					return nil
				}
			}
		}
	}
}

// expired says that a token has only reached its end: the stream it opened goes on.
func expired(err error) bool {
	var p *wire.Problem
	return errors.As(err, &p) && p.Code == wire.CodeTokenExpired
}

func (a *API) startAfter(r *http.Request, userID string) (int64, error) {
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		text = r.URL.Query().Get("after")
	}
	if text == "" {
		return a.DB.EventSeq(r.Context(), userID)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, badRequest("Last-Event-ID is not the number of an event.")
	}
	return n, nil
}
