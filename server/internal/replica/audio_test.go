package replica

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"sampleagent/server/internal/object"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/testbed"
	"sampleagent/sync/wire"
)

// shelf is an account's place for audio on a local store, with a clock that a test moves.
type shelf struct {
	*Audio
	t       *testing.T
	db      *store.DB
	objects *object.Local
	at      time.Time
}

func newShelf(t *testing.T, db *store.DB) *shelf {
	s := &shelf{t: t, db: db, at: now}
	var err error
	if s.objects, err = object.NewLocal(t.TempDir(), "http://127.0.0.1", []byte("secret"), func() time.Time { return s.at }); err != nil {
		t.Fatal(err)
	}
	s.Audio = NewAudio(db, s.objects, func() time.Time { return s.at })
	return s
}

func (s *shelf) user(id string) *store.User {
	s.t.Helper()
	u, err := s.db.User(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return u
}

func (s *shelf) begin(id string, file []byte, room int64) (*wire.AudioState, error) {
	s.t.Helper()
	return s.Begin(s.t.Context(), s.user(id), plan.Limits{Tier: plan.Pro, Sync: true, StorageBytes: room}, wire.AudioRequest{SHA256: hash(file), Size: int64(len(file))})
}

func (s *shelf) put(id string, file []byte, n int) error {
	from := n * wire.AudioPart
	return s.Put(s.t.Context(), id, hash(file), n, bytes.NewReader(file[from:min(len(file), from+wire.AudioPart)]))
}

// keys lists what is stored.
func (s *shelf) keys() (all []string) {
	s.t.Helper()
	for o, err := range s.objects.List(s.t.Context(), object.KeptPrefix) {
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, o.Key)
	}
	return all
}

func hash(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func random(seed uint64, n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

const plenty = 1 << 30

func codeOf(err error) wire.Code {
	var p *wire.Problem
	if errors.As(err, &p) {
		return p.Code
	}
	return ""
}

// A file comes in parts, in any order and over a pause; it counts to the storage once, and goes
// when it is deleted.
func TestAudioComesInPartsAndGoes(t *testing.T) {
	testbed.OnBoth(t, func(t *testing.T, db *store.DB) {
		s := newShelf(t, db)
		id := account(t, db)
		file := random(1, 2*wire.AudioPart+12345)
		state, err := s.begin(id, file, plenty)
		if err != nil || state.Stored || len(state.Parts) != 0 {
			t.Fatalf("%+v, %v", state, err)
		}
		for _, n := range []int{2, 0} {
			if err := s.put(id, file, n); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Complete(t.Context(), id, hash(file)); codeOf(err) != wire.CodeDirectNotComplete {
			t.Fatalf("completed without part 1: %v", err)
		}
		if _, err := s.Link(t.Context(), id, hash(file)); !errors.Is(err, store.ErrNotFound) {
			t.Fatalf("half a file has a link: %v", err)
		}
		if state, err = s.begin(id, file, plenty); err != nil || len(state.Parts) != 2 {
			t.Fatalf("after the pause %+v, %v", state, err)
		}
		if err := s.put(id, file, 1); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := s.Complete(t.Context(), id, hash(file)); err != nil {
				t.Fatal(err)
			}
		}
		if used := s.user(id).StorageBytes; used != int64(len(file)) {
			t.Fatalf("%d bytes used, the file has %d", used, len(file))
		}
		keys := s.keys()
		if len(keys) != 1 {
			t.Fatalf("stored: %v", keys)
		}
		r, _, err := s.objects.Get(t.Context(), keys[0])
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil || !bytes.Equal(got, file) {
			t.Fatalf("another file came back: %d bytes, %v", len(got), err)
		}
		if state, err = s.begin(id, file, 0); err != nil || !state.Stored {
			t.Fatalf("sent twice: %+v, %v", state, err)
		}
		if err := s.Delete(t.Context(), id, hash(file)); err != nil {
			t.Fatal(err)
		}
		if used := s.user(id).StorageBytes; used != 0 || len(s.keys()) != 0 {
			t.Fatalf("%d bytes used, %v left", used, s.keys())
		}
		if wrong, err := db.WrongCounters(t.Context()); err != nil || len(wrong) != 0 {
			t.Fatalf("%+v, %v", wrong, err)
		}
	})
}

// Knowing the hash of somebody else's file gives nothing: no link, no claim that it is there, and
// deleting it is not possible.
func TestAHashGivesNoAccess(t *testing.T) {
	testbed.OnBoth(t, func(t *testing.T, db *store.DB) {
		s := newShelf(t, db)
		owner, thief := account(t, db), account(t, db)
		file := random(2, 5000)
		if _, err := s.begin(owner, file, plenty); err != nil {
			t.Fatal(err)
		}
		if err := s.put(owner, file, 0); err != nil {
			t.Fatal(err)
		}
		if state, err := s.begin(thief, file, plenty); err != nil || state.Stored || len(state.Parts) != 0 {
			t.Fatalf("the other account is told %+v, %v", state, err)
		}
		if _, err := s.Link(t.Context(), thief, hash(file)); !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
		if err := s.Complete(t.Context(), thief, hash(file)); err == nil {
			t.Fatal("the other account completed a file that it never sent")
		}
		if err := s.Delete(t.Context(), thief, hash(file)); err != nil {
			t.Fatal(err) // its own announcement
		}
		if _, err := s.Link(t.Context(), owner, hash(file)); err != nil {
			t.Fatalf("the owner lost it: %v", err)
		}
	})
}

func TestOtherBytesAreRefused(t *testing.T) {
	db := testbed.SQLite(t)
	s := newShelf(t, db)
	id := account(t, db)
	small, big := random(3, 4000), random(4, wire.AudioPart+1)
	for _, file := range [][]byte{small, big} {
		if _, err := s.begin(id, file, plenty); err != nil {
			t.Fatal(err)
		}
	}
	sum := hash(small)
	if err := s.Put(t.Context(), id, sum, 0, bytes.NewReader(random(5, len(small)))); codeOf(err) != wire.CodeInvalid {
		t.Errorf("other bytes: %v", err)
	}
	for name, body := range map[string][]byte{"short": small[1:], "long": append(bytes.Clone(small), 1)} {
		if err := s.Put(t.Context(), id, sum, 0, bytes.NewReader(body)); codeOf(err) != wire.CodeBadRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.Put(t.Context(), id, sum, 1, bytes.NewReader(small)); codeOf(err) != wire.CodeInvalid {
		t.Errorf("part 1 of 1: %v", err)
	}
	for n, part := range [][]byte{random(6, wire.AudioPart), big[wire.AudioPart:]} {
		if err := s.Put(t.Context(), id, hash(big), n, bytes.NewReader(part)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Complete(t.Context(), id, hash(big)); codeOf(err) != wire.CodeInvalid {
		t.Errorf("completed with other bytes: %v", err)
	}
	if keys := s.keys(); len(keys) != 0 {
		t.Errorf("left behind: %v", keys)
	}
	if _, err := s.begin(id, random(7, 9000), 5000); codeOf(err) != wire.CodeStorage {
		t.Errorf("more than the plan holds: %v", err)
	}
	r := wire.AudioRequest{SHA256: sum, Size: wire.MaxAudio + 1}
	if _, err := s.Begin(t.Context(), s.user(id), plan.Limits{Sync: true, StorageBytes: 1 << 40}, r); codeOf(err) != wire.CodeTooLarge {
		t.Errorf("larger than a file may be: %v", err)
	}
}

// What is given up ends; bytes that are gone are forgotten, so that they can be sent again.
func TestSweepAndMissing(t *testing.T) {
	db := testbed.SQLite(t)
	s := newShelf(t, db)
	id := account(t, db)
	given, kept := random(8, wire.AudioPart+9), random(9, 700)
	for _, file := range [][]byte{given, kept} {
		if _, err := s.begin(id, file, plenty); err != nil {
			t.Fatal(err)
		}
		if err := s.put(id, file, 0); err != nil {
			t.Fatal(err)
		}
	}
	s.at = s.at.Add(keepOpen + time.Hour)
	if n, err := s.Sweep(t.Context()); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	if used := s.user(id).StorageBytes; used != int64(len(kept)) {
		t.Fatalf("%d bytes used", used)
	}
	keys := s.keys()
	if len(keys) != 1 {
		t.Fatalf("%v", keys)
	}
	if known, err := db.KnownAudio(t.Context(), []string{object.IDOf(keys[0]), "x"}); err != nil || len(known) != 1 {
		t.Fatalf("%v, %v", known, err)
	}
	if err := s.objects.Delete(t.Context(), keys[0]); err != nil {
		t.Fatal(err)
	}
	if _, n, err := s.Missing(t.Context(), true); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	if used := s.user(id).StorageBytes; used != 0 {
		t.Fatalf("%d bytes used", used)
	}
	if state, err := s.begin(id, kept, plenty); err != nil || state.Stored {
		t.Fatalf("%+v, %v", state, err)
	}
}
