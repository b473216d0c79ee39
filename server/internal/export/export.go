// Package export builds cards for the SP-404MK2 in the cloud: from a kit that is kept in sync
// with the account, or from samples, by the same library that writes cards on the desktop. A
// worker builds the card in a folder, reads it back, and streams it as a zip into the object
// store, where it is kept for seven days.
//
// A process may die at any moment: an export is built again, never half, never twice. The
// package must never know HTTP or HTML.
package export

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/riverqueue/river"
	"golang.org/x/sync/semaphore"

	"sampleagent/library/kit"
	"sampleagent/library/sp404"
	"sampleagent/server/internal/object"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// Keep is how long a zip is kept (B35).
const Keep = 7 * 24 * time.Hour

// maxLive is how many exports of an account may wait or be built at once.
const maxLive = 5

// Queue writes job queue entries in a transaction.
type Queue interface {
	Insert(ctx context.Context, tx *store.Tx, args river.JobArgs, opts *river.InsertOpts) (int64, error)
	Cancel(ctx context.Context, tx *store.Tx, id int64) error
}

// Teller tells users.
type Teller interface {
	ExportReady(ctx context.Context, tx *store.Tx, userID, exportID string) error
	Event(ctx context.Context, tx *store.Tx, userID, kind string, data wire.EventData) error
}

// Service builds exports.
type Service struct {
	DB      *store.DB
	Objects object.Store
	Queue   Queue
	Tell    Teller
	Limits  func(*store.User) (plan.Limits, error) // what an account may do now
	Temp    string                                 // folder for cards in work
	Log     *slog.Logger
	Now     func() time.Time

	// One bounds how many cards a process builds at once: each decodes whole sounds.
	One *semaphore.Weighted
	// Crash is called between the steps of building; tests end the process there. May be nil.
	Crash func(step string)
}

func problem(status int, code wire.Code, format string, args ...any) *wire.Problem {
	return &wire.Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: fmt.Sprintf(format, args...)}
}

// may refuses plans without exports.
func may(l plan.Limits) error {
	if l.Exports {
		return nil
	}
	p := problem(http.StatusForbidden, wire.CodeTier, "Exports from the cloud are part of the pro plan. The desktop writes cards for everybody.")
	p.Upgrade = true
	return p
}

// Create asks for an export. It is built by a worker of the account's lane.
func (s *Service) Create(ctx context.Context, u *store.User, l plan.Limits, r wire.ExportRequest) (*wire.Export, error) {
	if err := may(l); err != nil {
		return nil, err
	}
	if (r.Kit == "") == (len(r.Samples) == 0) {
		return nil, problem(http.StatusUnprocessableEntity, wire.CodeInvalid, "Name either a kit or samples.")
	}
	if len(r.Samples) > kit.PadCount {
		return nil, problem(http.StatusUnprocessableEntity, wire.CodeInvalid, "A card has %d pads.", kit.PadCount)
	}
	if r.Format == "" {
		prefs, err := s.DB.Preferences(ctx, u.ID)
		if err != nil {
			return nil, err
		}
		r.Format = prefs.ExportFormat
	}
	if r.Form == "" {
		r.Form = string(sp404.FormImport)
	}
	e := &store.Export{ID: store.NewID(), UserID: u.ID, Tier: string(l.Tier), Status: wire.ExportPending, CreatedAt: store.At(s.Now())}
	var err error
	if r.Kit != "" {
		e.Name, err = s.kitName(ctx, u.ID, r.Kit)
	} else {
		e.Name, err = s.checkSamples(ctx, u.ID, r)
	}
	if err != nil {
		return nil, err
	}
	e.Request.V = r
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockUser(ctx, u.ID); err != nil {
			return err
		}
		if err := s.room(ctx, tx, u.ID); err != nil {
			return err
		}
		if err := tx.AddExport(ctx, e); err != nil {
			return err
		}
		return s.enqueue(ctx, tx, e, l)
	})
	if err != nil {
		return nil, err
	}
	w := View(e)
	return &w, nil
}

// room refuses more exports at once than maxLive.
func (s *Service) room(ctx context.Context, tx *store.Tx, userID string) error {
	live, err := tx.LiveExports(ctx, userID)
	if err != nil || live < maxLive {
		return err
	}
	p := problem(http.StatusTooManyRequests, wire.CodeTooFast, "%d of your exports are being built; wait until one is done.", live)
	limit, reset := int64(maxLive), s.Now().Add(time.Minute)
	p.Limit, p.Used, p.Unit, p.ResetAt, p.RetryAfter = &limit, &live, "exports", &reset, time.Minute
	return p
}

func (s *Service) enqueue(ctx context.Context, tx *store.Tx, e *store.Export, l plan.Limits) error {
	// Behind sounds that wait: those have a promised time.
	id, err := s.Queue.Insert(ctx, tx, BuildArgs{e.ID, e.UserID}, &river.InsertOpts{Queue: string(l.Queue), Priority: 4, MaxAttempts: maxAttempts})
	if err != nil {
		return err
	}
	if err := tx.SetExportQueue(ctx, e.ID, id); err != nil {
		return err
	}
	return s.changed(ctx, tx, e.UserID, e.ID)
}

func (s *Service) changed(ctx context.Context, tx *store.Tx, userID, id string) error {
	return s.Tell.Event(ctx, tx, userID, wire.EventExportUpdated, wire.EventData{ExportID: id})
}

// Rebuild makes an export again whose zip was removed, or that failed.
func (s *Service) Rebuild(ctx context.Context, u *store.User, l plan.Limits, id string) (*wire.Export, error) {
	if err := may(l); err != nil {
		return nil, err
	}
	var e *store.Export
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockUser(ctx, u.ID); err != nil {
			return err
		}
		if _, err := tx.Export(ctx, u.ID, id); err != nil {
			return err
		}
		if err := s.room(ctx, tx, u.ID); err != nil {
			return err
		}
		again, err := tx.ReviveExport(ctx, u.ID, id, string(l.Tier))
		if err != nil {
			return err
		}
		if !again {
			return problem(http.StatusConflict, wire.CodeConflict, "This export is being built already.")
		}
		if e, err = tx.Export(ctx, u.ID, id); err != nil {
			return err
		}
		return s.enqueue(ctx, tx, e, l)
	})
	if err != nil {
		return nil, err
	}
	w := View(e)
	return &w, nil
}

// List are a user's exports, newest first.
func (s *Service) List(ctx context.Context, userID string) ([]wire.Export, error) {
	rows, err := s.DB.Exports(ctx, userID, 100)
	list := make([]wire.Export, 0, len(rows))
	for i := range rows {
		list = append(list, View(&rows[i]))
	}
	return list, err
}

// Get is one of a user's exports.
func (s *Service) Get(ctx context.Context, userID, id string) (*wire.Export, error) {
	e, err := s.DB.Export(ctx, userID, id)
	if err != nil {
		return nil, err
	}
	w := View(e)
	return &w, nil
}

// Download is a short-lived link to the zip.
func (s *Service) Download(ctx context.Context, userID, id string) (*wire.Link, error) {
	e, err := s.DB.Export(ctx, userID, id)
	if err != nil {
		return nil, err
	}
	switch {
	case e.Status == wire.ExportExpired:
		return nil, problem(http.StatusGone, wire.CodeGone, "This export was removed after 7 days; build it again.")
	case e.Status != wire.ExportCompleted:
		return nil, problem(http.StatusConflict, wire.CodeConflict, "This export is not built yet.")
	}
	address, err := s.Objects.LinkGet(ctx, e.FileKey, object.LinkTime, object.Serve{ContentType: "application/zip", Filename: fileName(e.Name) + ".zip"})
	if err != nil {
		return nil, err
	}
	return &wire.Link{URL: address, ExpiresAt: s.Now().Add(object.LinkTime)}, nil
}

// fileName is a name that every system can save: letters, digits, space, dash.
func fileName(name string) string {
	out := make([]rune, 0, len(name))
	for _, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == ' ', r == '-', r == '_':
			out = append(out, r)
		default:
			out = append(out, '_')
		}
	}
	if len(out) == 0 {
		return "SP-404MK2"
	}
	return string(out) + " SP-404MK2"
}

// Delete removes an export and its zip, also while it is being built.
func (s *Service) Delete(ctx context.Context, userID, id string) error {
	var key string
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		e, err := tx.Export(ctx, userID, id)
		if err != nil {
			return err
		}
		if key = e.FileKey; key == "" {
			key = object.Export(userID, id, "zip") // a worker may be storing it
		}
		if !e.Status.Final() {
			if err := s.Queue.Cancel(ctx, tx, e.QueueID); err != nil {
				return err
			}
		}
		if err := tx.DeleteExport(ctx, userID, id); err != nil {
			return err
		}
		return s.changed(ctx, tx, userID, id)
	})
	if err != nil {
		return err
	}
	return s.Objects.Delete(ctx, key)
}

// View is an export as its owner sees it.
func View(e *store.Export) wire.Export {
	w := wire.Export{ID: e.ID, Name: e.Name, Status: e.Status, Request: e.Request.V, Files: e.Files, Size: e.Size, Report: append([]wire.ExportFile{}, e.Report...),
		Warnings: append([]string{}, e.Warnings...), CreatedAt: e.CreatedAt.Time(), CompletedAt: e.CompletedAt.Pointer(), ExpiresAt: e.ExpiresAt.Pointer()}
	if e.Error != "" {
		w.Error = &e.Error
	}
	if e.Status == wire.ExportCompleted {
		path := "/api/exports/" + e.ID + "/download"
		w.Download = &path
	}
	return w
}

// Kits are the account's synced kits that can be exported.
func (s *Service) Kits(ctx context.Context, userID string) ([]wire.ExportKit, error) {
	cells, err := s.DB.SyncKitNames(ctx, userID)
	if err != nil {
		return nil, err
	}
	names, gone := map[string]string{}, map[string]bool{}
	var order []string
	for _, c := range cells {
		id, value := c.Object[len("kit/"):], c.Cell.V.Value()
		switch {
		case value == nil:
		case c.Field == "deleted":
			gone[id] = string(value) == "true"
		default:
			var name string
			if err := json.Unmarshal(value, &name); err == nil {
				names[id] = name
				order = append(order, id)
			}
		}
	}
	list := []wire.ExportKit{}
	for _, id := range order {
		if !gone[id] {
			list = append(list, wire.ExportKit{ID: id, Name: names[id]})
		}
	}
	return list, nil
}

func (s *Service) kitName(ctx context.Context, userID, id string) (string, error) {
	kits, err := s.Kits(ctx, userID)
	if err != nil {
		return "", err
	}
	for _, k := range kits {
		if k.ID == id {
			return k.Name, nil
		}
	}
	return "", store.ErrNotFound
}

// checkSamples refuses samples that are not the user's or have no audio any more.
func (s *Service) checkSamples(ctx context.Context, userID string, r wire.ExportRequest) (string, error) {
	for _, id := range r.Samples {
		row, err := s.DB.Sample(ctx, userID, id)
		if err != nil {
			return "", err
		}
		if row.AudioRemovedAt != 0 {
			return "", problem(http.StatusGone, wire.CodeGone, "The audio of “%s” was removed; leave it out.", row.Title)
		}
	}
	if r.Name == "" {
		return "Samples", nil
	}
	return r.Name, nil
}
