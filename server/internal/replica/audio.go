package replica

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sampleagent/server/internal/object"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/quota"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// Audio keeps the files that a person chose for their other machines. A file is named by the
// SHA-256 of its bytes within its account only: knowing a hash gives nobody anything, and nothing
// is shared between accounts.
//
// A file comes in parts of wire.AudioPart bytes, each an object of its own, so that an upload goes
// on where it was cut whichever process takes the rest.
type Audio struct {
	db      *store.DB
	objects object.Store
	now     func() time.Time
}

// NewAudio keeps files in a store.
func NewAudio(db *store.DB, objects object.Store, now func() time.Time) *Audio {
	return &Audio{db: db, objects: objects, now: now}
}

func key(a *store.SyncAudio) string { return object.Kept(a.UserID, a.ID) }

func partKey(a *store.SyncAudio, n int) string { return fmt.Sprintf("%s.p%05d", key(a), n) }

func parts(size int64) int { return int((size + wire.AudioPart - 1) / wire.AudioPart) }

// Begin announces a file and reserves its storage. Announced again it says how far it is.
func (s *Audio) Begin(ctx context.Context, u *store.User, l plan.Limits, r wire.AudioRequest) (*wire.AudioState, error) {
	if r.Size > wire.MaxAudio {
		limit := int64(wire.MaxAudio)
		return nil, &wire.Problem{Type: "about:blank", Title: "Request Entity Too Large", Status: http.StatusRequestEntityTooLarge, Code: wire.CodeTooLarge,
			Detail: "A file that is kept in the cloud may have up to 1 GB.", Limit: &limit, Unit: "bytes"}
	}
	a := &store.SyncAudio{ID: store.NewID(), UserID: u.ID, SHA256: r.SHA256, Size: r.Size, State: store.AudioOpen, CreatedAt: store.At(s.now())}
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		added, err := tx.AddAudio(ctx, a)
		if err != nil || !added {
			return err
		}
		return quota.ReserveStorage(ctx, tx, u, l, s.now(), quota.Item{JobID: a.ID, Bytes: r.Size})
	})
	if err != nil {
		return nil, err
	}
	return s.State(ctx, u.ID, r.SHA256)
}

// State says how far a file is. Error: store.ErrNotFound.
func (s *Audio) State(ctx context.Context, userID, sum string) (*wire.AudioState, error) {
	a, err := s.db.Audio(ctx, userID, sum)
	if err != nil {
		return nil, err
	}
	state := &wire.AudioState{SHA256: a.SHA256, Size: a.Size, Stored: a.State == store.AudioStored, Parts: []int{}}
	if state.Stored {
		return state, nil
	}
	prefix := key(a) + ".p"
	for o, err := range s.objects.List(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		if n, err := strconv.Atoi(strings.TrimPrefix(o.Key, prefix)); err == nil {
			state.Parts = append(state.Parts, n)
		}
	}
	return state, nil
}

// Put takes part n. A file of one part is whole with it.
func (s *Audio) Put(ctx context.Context, userID, sum string, n int, body io.Reader) error {
	a, err := s.db.Audio(ctx, userID, sum)
	if err != nil || a.State == store.AudioStored {
		return err
	}
	if n < 0 || n >= parts(a.Size) {
		return refuse(http.StatusUnprocessableEntity, wire.CodeInvalid, "The file has no such part.")
	}
	size := min(wire.AudioPart, a.Size-int64(n)*wire.AudioPart)
	data := make([]byte, size)
	if _, err := io.ReadFull(body, data); err != nil {
		return refuse(http.StatusBadRequest, wire.CodeBadRequest, "The part is shorter than it has to be; send it again.")
	}
	if more, err := body.Read(make([]byte, 1)); more > 0 || !errors.Is(err, io.EOF) {
		return refuse(http.StatusBadRequest, wire.CodeBadRequest, "The part is longer than it has to be; send it again.")
	}
	if parts(a.Size) > 1 {
		return s.objects.Put(ctx, partKey(a, n), bytes.NewReader(data), size, object.About{ContentType: "application/octet-stream", Owner: a.UserID})
	}
	if got := sha256.Sum256(data); hex.EncodeToString(got[:]) != sum {
		return errOther
	}
	if err := s.objects.Put(ctx, key(a), bytes.NewReader(data), size, object.About{ContentType: "application/octet-stream", Owner: a.UserID}); err != nil {
		return err
	}
	return s.stored(ctx, a)
}

var errOther = refuse(http.StatusUnprocessableEntity, wire.CodeInvalid, "The bytes that arrived are not those that were announced; send the file again.")

func refuse(status int, code wire.Code, detail string) *wire.Problem {
	return &wire.Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: detail}
}

// Complete joins the parts and looks at every byte. Completing again changes nothing.
func (s *Audio) Complete(ctx context.Context, userID, sum string) error {
	a, err := s.db.Audio(ctx, userID, sum)
	if err != nil || a.State == store.AudioStored {
		return err
	}
	hash := sha256.New()
	joined := &partReader{ctx: ctx, s: s, a: a}
	err = s.objects.Put(ctx, key(a), io.TeeReader(joined, hash), a.Size, object.About{ContentType: "application/octet-stream", Owner: a.UserID})
	err = errors.Join(err, joined.close())
	if errors.Is(err, object.ErrNotFound) {
		return refuse(http.StatusConflict, wire.CodeDirectNotComplete, "Some parts have not arrived.")
	}
	if err != nil {
		return err
	}
	if hex.EncodeToString(hash.Sum(nil)) != sum {
		return errors.Join(errOther, s.objects.Delete(ctx, key(a)), s.dropParts(ctx, a))
	}
	if err := s.stored(ctx, a); err != nil {
		return err
	}
	return s.dropParts(ctx, a)
}

// stored settles a file whose bytes are there and were looked at. Where a person deleted it
// meanwhile, the bytes go.
func (s *Audio) stored(ctx context.Context, a *store.SyncAudio) error {
	gone := false
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		ok, err := tx.StoredAudio(ctx, a.ID)
		if err != nil {
			return err
		}
		if !ok {
			_, err := tx.Audio(ctx, a.UserID, a.SHA256)
			gone = errors.Is(err, store.ErrNotFound)
			if gone {
				err = nil
			}
			return err
		}
		return quota.Use(ctx, tx, a.ID, s.now())
	})
	if err == nil && gone {
		return errors.Join(store.ErrNotFound, s.objects.Delete(ctx, key(a)))
	}
	return err
}

func (s *Audio) dropParts(ctx context.Context, a *store.SyncAudio) error {
	var all error
	for n := range parts(a.Size) {
		all = errors.Join(all, s.objects.Delete(ctx, partKey(a, n)))
	}
	return all
}

// partReader reads a file's parts one after the other.
type partReader struct {
	ctx  context.Context
	s    *Audio
	a    *store.SyncAudio
	next int
	now  object.Reader
}

func (r *partReader) Read(p []byte) (int, error) {
	for {
		if r.now == nil {
			if r.next == parts(r.a.Size) {
				return 0, io.EOF
			}
			part, _, err := r.s.objects.Get(r.ctx, partKey(r.a, r.next))
			if err != nil {
				return 0, err
			}
			r.now = part
			r.next++
		}
		n, err := r.now.Read(p)
		if errors.Is(err, io.EOF) {
			if err := r.close(); err != nil {
				return n, err
			}
			if n == 0 {
				continue
			}
			err = nil
		}
		return n, err
	}
}

func (r *partReader) close() error {
	if r.now == nil {
		return nil
	}
	err := r.now.Close()
	r.now = nil
	return err
}

// Link is a short-lived address of a file's bytes; it serves ranges.
func (s *Audio) Link(ctx context.Context, userID, sum string) (*wire.Link, error) {
	a, err := s.db.Audio(ctx, userID, sum)
	if err != nil {
		return nil, err
	}
	if a.State != store.AudioStored {
		return nil, store.ErrNotFound
	}
	address, err := s.objects.LinkGet(ctx, key(a), object.LinkTime, object.Serve{ContentType: "application/octet-stream", Filename: sum})
	return &wire.Link{URL: address, ContentType: "application/octet-stream", Filename: sum, ExpiresAt: s.now().Add(object.LinkTime)}, err
}

// Delete removes a file and gives its storage back.
func (s *Audio) Delete(ctx context.Context, userID, sum string) error {
	a, err := s.db.Audio(ctx, userID, sum)
	if err != nil {
		return err
	}
	return s.drop(ctx, a, "deleted")
}

func (s *Audio) drop(ctx context.Context, a *store.SyncAudio, why string) error {
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		gone, err := tx.DropAudio(ctx, a.ID)
		if err != nil || !gone {
			return err
		}
		return quota.Refund(ctx, tx, a.ID, why, s.now(), quota.Storage)
	})
	if err != nil {
		return err
	}
	// A crash here leaves objects that no row knows; the checker removes those.
	return errors.Join(s.objects.Delete(ctx, key(a)), s.dropParts(ctx, a))
}

// DropAll removes all files of an account.
func (s *Audio) DropAll(ctx context.Context, userID string) error {
	all, err := s.db.AudioOf(ctx, userID)
	for i := range all {
		err = errors.Join(err, s.drop(ctx, &all[i], "deleted with everything"))
	}
	return err
}

// keepOpen is how long an upload may pause.
const keepOpen = 72 * time.Hour

// Sweep removes uploads that were given up and files whose time is over, and says how many.
func (s *Audio) Sweep(ctx context.Context) (int, error) {
	stale, err := s.db.StaleAudio(ctx, s.now().Add(-keepOpen), 200)
	for i := range stale {
		err = errors.Join(err, s.drop(ctx, &stale[i], "upload given up"))
	}
	ended, e := s.db.EndedAudio(ctx, s.now(), 200)
	err = errors.Join(err, e)
	for i := range ended {
		err = errors.Join(err, s.drop(ctx, &ended[i], "audio ended"))
	}
	return len(stale) + len(ended), err
}

// Missing counts files whose bytes are gone. Where it repairs, it forgets them and gives their
// storage back: the next machine that has them sends them again.
func (s *Audio) Missing(ctx context.Context, repair bool) (looked, n int, err error) {
	after := ""
	for {
		rows, err := s.db.AudioAfter(ctx, after, 500)
		if err != nil || len(rows) == 0 {
			return looked, n, err
		}
		for i := range rows {
			after = rows[i].ID
			looked++
			if _, err := s.objects.Stat(ctx, key(&rows[i])); err == nil {
				continue
			} else if !errors.Is(err, object.ErrNotFound) {
				return looked, n, err
			}
			if !repair {
				n++
				continue
			}
			if err := s.drop(ctx, &rows[i], "audio missing"); err != nil {
				return looked, n, err
			}
			n++
		}
	}
}
