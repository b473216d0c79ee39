// Package replica is the server's part in keeping an account's machines in sync: it merges the
// cells they send by the one rule of sync/wire and hands out what changed since.
//
// It must never know what a field means: what a machine stores is between it and its fellows.
package replica

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// Limits keep one account from filling the database: a library of 100,000 samples with ten
// fields each fits several times.
const (
	maxCells = 5_000_000
	protocol = wire.SyncProtocol
)

// KeepPushes is how long the number of a push is kept. A machine that was away for longer takes what
// it knows of the server for true.
const KeepPushes = 365 * 24 * time.Hour

// Service merges and hands out cells.
type Service struct {
	db  *store.DB
	now func() time.Time
}

// New is the service on a database.
func New(db *store.DB, now func() time.Time) *Service { return &Service{db: db, now: now} }

// Allow refuses who may not sync: a plan without it, or a desktop whose protocol (the header
// wire.HeaderSyncProtocol) this server does not speak. An older desktop so stops cleanly instead
// of writing what newer ones would misread.
func Allow(limits plan.Limits, header string) error {
	if !limits.Sync {
		return &wire.Problem{Status: http.StatusForbidden, Code: wire.CodeTier, Title: "Not in this plan",
			Detail: "Sync is part of the pro and enterprise plans. What is on this machine stays as it is.", Upgrade: true}
	}
	if spoken, err := strconv.Atoi(header); err != nil || spoken != protocol {
		return &wire.Problem{Status: http.StatusUpgradeRequired, Code: wire.CodeProtocol, Title: "Another version of sync",
			Detail: fmt.Sprintf("This server speaks version %d of sync, the program speaks %q. Update the older of the two; nothing was changed.", protocol, header)}
	}
	return nil
}

// Push merges cells into the account's and tells its other machines. All are stored or none.
func (s *Service) Push(ctx context.Context, userID string, cells []wire.Cell) (*wire.SyncPushed, error) {
	clock := wire.NewTicker(0, s.now)
	for i := range cells {
		err := cells[i].Check()
		if err == nil {
			err = clock.See(cells[i].Newest())
		}
		if err != nil {
			return nil, &wire.Problem{Status: http.StatusUnprocessableEntity, Code: wire.CodeInvalid, Title: "A change that cannot be", Detail: err.Error()}
		}
	}
	var seq, from, added int64
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		before, err := tx.LockSync(ctx, userID)
		if err != nil {
			return err
		}
		// Numbers are times, so that after a restore from a backup none is given out again: a machine
		// that has seen n would not ask for another change under it.
		seq, from, added = before, before, 0
		next := max(before+1, s.now().UnixMicro())
		newest := wire.Context{}
		for _, c := range cells {
			for actor, clock := range c.Context {
				newest[actor] = max(newest[actor], clock)
			}
			changed, fresh, err := merge(ctx, tx, userID, c, next)
			if err != nil {
				return err
			}
			if changed {
				seq = next
				next++
			}
			if fresh {
				added++
			}
		}
		if err := tx.NoteActors(ctx, userID, newest); err != nil {
			return err
		}
		if seq == before {
			return nil
		}
		held, err := tx.SetSyncSeq(ctx, userID, seq, added)
		if err := errors.Join(err, tooMany(held)); err != nil {
			return err
		}
		_, err = tx.AddEvent(ctx, userID, wire.EventSync, wire.EventData{Version: seq}, s.now())
		return err
	})
	if err != nil {
		return nil, err
	}
	return &wire.SyncPushed{Seq: seq, From: from}, nil
}

func tooMany(held int64) error {
	if held <= maxCells {
		return nil
	}
	limit := int64(maxCells)
	return &wire.Problem{Status: http.StatusTooManyRequests, Code: wire.CodeStorage, Title: "Too much to sync",
		Detail: fmt.Sprintf("An account may sync %d fields.", limit), Limit: &limit, Used: &held, Unit: "fields"}
}

// merge stores c joined with what is held, under number seq, unless that changes nothing. It is
// fresh where nothing was held.
func merge(ctx context.Context, tx *store.Tx, userID string, c wire.Cell, seq int64) (changed, fresh bool, err error) {
	held, err := tx.SyncCell(ctx, userID, c.Object, c.Field)
	if err != nil {
		return false, false, err
	}
	if held != nil {
		c = wire.Merge(held.Cell.V, c)
		if wire.Equal(c, held.Cell.V) {
			return false, false, nil
		}
	}
	return true, held == nil, tx.PutSyncCell(ctx, &store.SyncCell{UserID: userID, Object: c.Object, Field: c.Field, Cell: store.JSON[wire.Cell]{V: c}, Seq: seq})
}

// Pull lists what changed after since, at most limit cells, for the replica of a name. mark is the
// newest push that it knows this server to have had, 0 for none.
func (s *Service) Pull(ctx context.Context, userID, actor string, since, mark int64, limit int) (*wire.SyncPage, error) {
	limit = min(max(limit, 1), wire.MaxPull)
	own, epoch, err := s.db.SyncActor(ctx, userID, actor)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.SyncCells(ctx, userID, since, limit+1)
	if err != nil {
		return nil, err
	}
	origin, err := s.db.Origin(ctx)
	if err != nil {
		return nil, err
	}
	page := &wire.SyncPage{Cells: []wire.Cell{}, Next: since, More: len(rows) > limit, Own: own, Origin: origin, Epoch: epoch, Now: s.now()}
	for _, row := range rows[:min(limit, len(rows))] {
		page.Cells = append(page.Cells, row.Cell.V)
		page.Next = row.Seq
	}
	if mark >= s.now().Add(-KeepPushes).UnixMicro() {
		known, err := s.db.SyncPush(ctx, userID, mark)
		if err != nil {
			return nil, err
		}
		page.Forgot = known != mark
	}
	page.Mark, err = s.db.SyncSeq(ctx, userID)
	return page, err
}

// Held counts what is kept of an account.
func (s *Service) Held(ctx context.Context, userID string) (*wire.SyncHeld, error) {
	held, err := s.db.SyncHeld(ctx, userID)
	return &held, err
}

// Drop deletes what is kept of an account, by its wish. Its machines stop keeping in sync and
// keep their libraries.
func (s *Service) Drop(ctx context.Context, userID string) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		seq, err := tx.LockSync(ctx, userID)
		if err != nil {
			return err
		}
		if err := tx.DropSync(ctx, userID); err != nil {
			return err
		}
		_, err = tx.AddEvent(ctx, userID, wire.EventSync, wire.EventData{Version: seq}, s.now())
		return err
	})
}
