package cloud

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sampleagent/audio/analysis"
	"sampleagent/library/catalog"
	"sampleagent/library/kit"
	"sampleagent/sync/replica"
	"sampleagent/sync/wire"
)

// hub is the server's rule without a server; the real one is tested in its own package and in
// the end-to-end test.
type hub struct {
	mu    sync.Mutex
	cells map[string]wire.Cell
	seq   map[string]int64
	last  int64
	page  int // cells
}

// newHub has pages so small that objects are torn apart by them.
func newHub() *hub { return &hub{page: 7, cells: map[string]wire.Cell{}, seq: map[string]int64{}} }

func (h *hub) Push(_ context.Context, cells []wire.Cell) (*wire.SyncPushed, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	from := h.last
	for _, c := range cells {
		if err := c.Check(); err != nil {
			return nil, err
		}
		k := c.Object + " " + c.Field
		if ours, ok := h.cells[k]; ok {
			c = wire.Merge(ours, c)
			if wire.Equal(c, ours) {
				continue
			}
		}
		h.last++
		h.cells[k], h.seq[k] = c, h.last
	}
	return &wire.SyncPushed{Seq: h.last, From: from}, nil
}

func (h *hub) Pull(_ context.Context, actor string, since, _ int64) (*wire.SyncPage, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var keys []string
	for k, seq := range h.seq {
		if seq > since {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b string) int { return int(h.seq[a] - h.seq[b]) })
	page := &wire.SyncPage{Next: since, More: len(keys) > h.page}
	for _, c := range h.cells {
		page.Own = max(page.Own, c.Context[actor])
	}
	for _, k := range keys[:min(h.page, len(keys))] {
		page.Cells = append(page.Cells, h.cells[k])
		page.Next = h.seq[k]
	}
	return page, nil
}

// machine is a library that is in sync with a hub.
type machine struct {
	t       testing.TB
	db      *catalog.DB
	server  *ahead
	replica *replica.Replica
}

func newMachine(t testing.TB, h *hub, dir, name string) *machine {
	t.Helper()
	db, err := catalog.Open(context.Background(), filepath.Join(dir, name+".db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	s, err := db.StartSync(context.Background(), "https://example.org|u1", name)
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{t: t, db: db}
	m.join(s, h)
	return m
}

// join lets the machine speak to a hub, as Cloud.Sync does.
func (m *machine) join(s catalog.Sync, h *hub) {
	m.server = &ahead{Server: h}
	m.replica = replica.New(s.Actor, library{m.db, s.Account}, m.server, time.Now)
}

func (m *machine) do(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) sync() {
	m.t.Helper()
	defer m.server.stop()
	_, err := m.replica.Sync(context.Background(), nil)
	m.do(err)
}

func sum(name string) string {
	h := sha256.Sum256([]byte(name))
	return hex.EncodeToString(h[:])
}

// add imports a file that only the database knows: the same name is the same bytes everywhere.
func (m *machine) add(name string) catalog.Row {
	m.t.Helper()
	return m.addAs(name, "/samples/"+name+".wav")
}

func (m *machine) addAs(name, path string) catalog.Row {
	m.t.Helper()
	ctx := context.Background()
	rows, err := m.db.List(ctx, "", []catalog.NewFile{{Path: path, Size: 1000, ModTime: time.Unix(1, 0)}})
	m.do(err)
	m.do(m.db.Store(ctx, []catalog.Analysis{heardHere(rows[0], name, path)}))
	return rows[0]
}

// heardHere is what this machine heard of a file.
func heardHere(row catalog.Row, name, path string) catalog.Analysis {
	hash, format, rate, bpm, sure, source := sum(name), "wav", 44100, 90.0, 0.8, analysis.FromSound
	kind := analysis.LoopKind
	return catalog.Analysis{Row: row, Size: 1000, ModTime: time.Unix(1, 0), Overview: []byte{1, 2}, Embedding: []float32{0.6, 0.8},
		Report: &analysis.Report{Path: path, OK: true, SHA256: &hash, Format: &format, SampleRate: &rate, BPM: &bpm, BPMConfidence: &sure, BPMSource: &source, Kind: &kind}}
}

// row finds a sample by what its bytes are.
func (m *machine) row(name string) catalog.Row {
	m.t.Helper()
	s, ok := m.find(name)
	if !ok {
		m.t.Fatalf("%s is not in the library", name)
	}
	return s.Row
}

func (m *machine) find(name string) (catalog.Sample, bool) {
	m.t.Helper()
	ctx := context.Background()
	rows, err := m.db.All(ctx)
	m.do(err)
	all, err := m.db.Samples(ctx, rows)
	m.do(err)
	for _, s := range all {
		if s.SHA256 == sum(name) {
			return s, true
		}
	}
	return catalog.Sample{}, false
}

func (m *machine) putKit(k kit.Kit) {
	m.t.Helper()
	data, err := json.Marshal(k)
	m.do(err)
	stored := catalog.Kit{ID: k.ID, Name: k.Name, Data: data}
	for _, s := range k.Filled() {
		stored.Pads = append(stored.Pads, catalog.Pad{Bank: s.Bank(), Pad: s.Pad() - 1, SampleID: k.Pad(s).SampleID})
	}
	m.do(m.db.PutKit(context.Background(), stored))
}

func (m *machine) kit(id string) kit.Kit {
	m.t.Helper()
	stored, err := m.db.Kit(context.Background(), id)
	m.do(err)
	var k kit.Kit
	m.do(json.Unmarshal(stored.Data, &k))
	return k
}

func pad(bank, n int) kit.Slot {
	s, err := kit.At(bank, n)
	if err != nil {
		panic(err)
	}
	return s
}

func TestOneMachineShowsWhatTheOtherEdits(t *testing.T) {
	ctx, dir, h := t.Context(), t.TempDir(), newHub()
	a, b := newMachine(t, h, dir, "a"), newMachine(t, h, dir, "b")
	amen := a.add("amen")
	a.do(a.db.AddTags(ctx, []catalog.Row{amen}, "dusty", "break"))
	a.do(a.db.SetField(ctx, []catalog.Row{amen}, catalog.FieldBPM, "165"))
	a.do(a.db.SetRating(ctx, []catalog.Row{amen}, 4))
	s, _ := a.find("amen")
	k := kit.Kit{ID: "k1", Name: "Night"}
	slot := pad(1, 3)
	a.do(k.SetSample(slot, s.ID))
	a.putKit(k)
	list, err := a.db.NewCollection(ctx, "", "Breaks", nil)
	a.do(err)
	think := a.add("think")
	a.do(a.db.AddToCollection(ctx, list.ID, []catalog.Row{think, amen}))
	a.sync()
	b.sync()

	got, ok := b.find("amen")
	if !ok || !got.Remote() || got.BPM != 165 || got.BPMSource != analysis.FromHand || got.Rating != 4 || strings.Join(got.Tags, " ") != "break dusty" || got.Name != "amen.wav" {
		t.Fatalf("%+v", got)
	}
	if bk := b.kit("k1"); bk.Name != "Night" || bk.Pad(slot).SampleID != got.ID {
		t.Fatalf("pad holds %+v", bk.Pad(slot))
	}
	members, err := b.db.CollectionRows(ctx, list.ID)
	b.do(err)
	if !slices.Equal(members, []catalog.Row{b.row("think"), b.row("amen")}) {
		t.Fatalf("members %v", members)
	}

	// The other way: a tag off, an order changed, a kit deleted.
	b.do(b.db.RemoveTags(ctx, []catalog.Row{got.Row}, "dusty"))
	_, _, err = b.db.EditMembers(ctx, list.ID, func([]catalog.Row) []catalog.Row {
		return []catalog.Row{b.row("amen"), b.row("think")}
	})
	b.do(err)
	b.do(b.db.RemoveKit(ctx, "k1"))
	b.sync()
	a.sync()
	if s, _ := a.find("amen"); strings.Join(s.Tags, " ") != "break" || s.State != catalog.Analysed || s.Path != "/samples/amen.wav" {
		t.Fatalf("%+v", s)
	}
	members, err = a.db.CollectionRows(ctx, list.ID)
	a.do(err)
	if !slices.Equal(members, []catalog.Row{amen, think}) {
		t.Fatalf("members %v", members)
	}
	if kits, err := a.db.Kits(ctx); err != nil || len(kits) != 0 {
		t.Fatalf("%v, %v", kits, err)
	}
	if binned, err := a.db.Binned(ctx, "kit"); err != nil || !slices.Equal(binned, []string{"kit/k1"}) {
		t.Fatalf("bin: %v, %v", binned, err)
	}

	// Quiet at the end: nothing is sent once all are in sync.
	if r, err := a.replica.Sync(ctx, nil); err != nil || r.Sent != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
}

func TestTakenOutStaysOut(t *testing.T) {
	ctx, dir, h := t.Context(), t.TempDir(), newHub()
	a, b := newMachine(t, h, dir, "a"), newMachine(t, h, dir, "b")
	row := a.add("amen")
	a.sync()
	b.sync()
	b.do(b.db.Remove(ctx, []catalog.Row{b.row("amen")}))
	a.do(a.db.AddTags(ctx, []catalog.Row{row}, "later"))
	a.sync()
	b.sync()
	if _, here := b.find("amen"); here {
		t.Fatal("a sample that was taken out came back")
	}
	if _, here := a.find("amen"); !here {
		t.Fatal("the other machine lost its sample")
	}
	again := b.add("amen")
	b.do(b.db.AddTags(ctx, []catalog.Row{again}, "mine"))
	b.sync()
	a.sync()
	if s, _ := a.find("amen"); strings.Join(s.Tags, " ") != "later mine" {
		t.Fatalf("%v", s.Tags)
	}
}

// Edits on two machines at once, then both in sync: equal, with nobody's pad, tag or order lost.
func TestOfflineEditsMerge(t *testing.T) {
	ctx, dir, h := t.Context(), t.TempDir(), newHub()
	a, b := newMachine(t, h, dir, "a"), newMachine(t, h, dir, "b")
	for _, name := range []string{"one", "two", "three"} {
		a.add(name)
		b.add(name)
	}
	base := kit.Kit{ID: "k1", Name: "Live"}
	a.putKit(base)
	a.sync()
	b.sync()
	ka, kb := a.kit("k1"), b.kit("k1")
	one, _ := a.find("one")
	two, _ := b.find("two")
	a.do(ka.SetSample(pad(0, 1), one.ID))
	b.do(kb.SetSample(pad(0, 2), two.ID))
	a.putKit(ka)
	b.putKit(kb)
	a.do(a.db.AddTags(ctx, []catalog.Row{a.row("three")}, "left"))
	b.do(b.db.AddTags(ctx, []catalog.Row{b.row("three")}, "right"))
	a.sync()
	b.sync()
	a.sync()
	for _, m := range []*machine{a, b} {
		k := m.kit("k1")
		x, _ := m.find("one")
		y, _ := m.find("two")
		if k.Pad(pad(0, 1)).SampleID != x.ID || k.Pad(pad(0, 2)).SampleID != y.ID {
			t.Fatalf("pads %+v %+v", k.Pad(pad(0, 1)), k.Pad(pad(0, 2)))
		}
		if s, _ := m.find("three"); strings.Join(s.Tags, " ") != "left right" {
			t.Fatalf("tags %v", s.Tags)
		}
	}
}

func TestAnotherAccountStartsAnew(t *testing.T) {
	ctx, h := t.Context(), newHub()
	a := newMachine(t, h, t.TempDir(), "a")
	row := a.add("amen")
	a.do(a.db.AddTags(ctx, []catalog.Row{row}, "dusty"))
	a.sync()
	s, err := a.db.StartSync(ctx, "https://example.org|u2", "a")
	a.do(err)
	other := newHub()
	a.join(s, other)
	a.sync()
	if _, sent := other.cells["sample/"+sum("amen")+" tag/dusty"]; !sent {
		t.Fatalf("the new account holds %v", other.cells)
	}
	a.do(a.db.StopSync(ctx))
	if s, ok := a.find("amen"); !ok || strings.Join(s.Tags, " ") != "dusty" {
		t.Fatal("signing out touched the library")
	}
}

func TestPositionsFollowTheOrderAndChangeLittle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 20).Draw(t, "n")
		members := make([]string, n)
		for i := range members {
			members[i] = string(rune('a' + i))
		}
		keys := positions(members, nil)
		moved := slices.Clone(members)
		if n > 1 {
			from, to := rapid.IntRange(0, n-1).Draw(t, "from"), rapid.IntRange(0, n-1).Draw(t, "to")
			m := moved[from]
			moved = slices.Insert(slices.Delete(moved, from, from+1), to, m)
		}
		again := positions(moved, keys)
		changed := 0
		for i, m := range moved {
			if again[m] != keys[m] {
				changed++
			}
			if i > 0 && again[moved[i-1]] >= again[m] {
				t.Fatalf("%v has keys %v", moved, again)
			}
		}
		if changed > 1 {
			t.Fatalf("moving one item changed %d keys", changed)
		}
	})
}

// A sound whose file is on another machine is not one whose file is gone.
func TestElsewhereIsNotGone(t *testing.T) {
	h := newHub()
	a, b := newMachine(t, h, t.TempDir(), "a"), newMachine(t, h, t.TempDir(), "b")
	a.add("there")
	gone := b.add("gone")
	b.do(b.db.SetMissing(t.Context(), []catalog.Row{gone}))
	a.sync()
	b.sync()
	n, err := b.db.Counts(t.Context())
	if err != nil || n.Total != 2 || n.Elsewhere != 1 || n.Missing != 1 || n.Analysed != 0 {
		t.Errorf("%+v, %v", n, err)
	}
}

// Collections that two machines call the same, made or renamed without knowing of each other, both
// stay, by the same name on each machine, and can be edited and renamed.
func TestOneNameOnTwoMachines(t *testing.T) {
	ctx, h := t.Context(), newHub()
	a, b := newMachine(t, h, t.TempDir(), "a"), newMachine(t, h, t.TempDir(), "b")
	ours, err := a.db.NewCollection(ctx, "", "Night", nil)
	a.do(err)
	theirs, err := b.db.NewCollection(ctx, "", "Day", nil)
	b.do(err)
	b.putKit(kit.Kit{ID: "k2", Name: "Set"})
	a.putKit(kit.Kit{ID: "k1", Name: "Set"})
	rename := func(m *machine, id, name string) error {
		_, _, err := m.db.EditCollection(ctx, id, func(c *catalog.Collection) { c.Name = name })
		return err
	}
	b.do(rename(b, theirs.ID, "night"))
	for range 2 {
		a.sync()
		b.sync()
	}
	names := func(m *machine) (out []string) {
		all, err := m.db.Collections(ctx)
		m.do(err)
		for _, c := range all {
			out = append(out, c.ID+" "+c.Name+" "+c.Description)
		}
		kits, err := m.db.Kits(ctx)
		m.do(err)
		for _, k := range kits {
			out = append(out, k.ID+" "+k.Name)
		}
		slices.Sort(out)
		return out
	}
	want := []string{ours.ID + " Night ", theirs.ID + " night ", "k1 Set", "k2 Set"}
	slices.Sort(want)
	if x, y := names(a), names(b); !slices.Equal(x, want) || !slices.Equal(y, want) {
		t.Fatalf("one shows %q, the other %q, want %q", x, y, want)
	}
	_, _, err = b.db.EditCollection(ctx, ours.ID, func(c *catalog.Collection) { c.Description = "ours" })
	b.do(err)
	if err := rename(b, ours.ID, "night"); !errors.Is(err, catalog.ErrExists) {
		t.Errorf("a name that a sibling has: %v", err)
	}
	b.do(rename(b, theirs.ID, "Noon"))
	for range 2 {
		b.sync()
		a.sync()
	}
	want = []string{ours.ID + " Night ours", theirs.ID + " Noon ", "k1 Set", "k2 Set"}
	slices.Sort(want)
	if x, y := names(a), names(b); !slices.Equal(x, want) || !slices.Equal(y, want) {
		t.Fatalf("after the rename one shows %q, the other %q, want %q", x, y, want)
	}
}
