package kit

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"sampleagent/audio/analysis"
	"sampleagent/library/catalog"
	device "sampleagent/library/kit"
)

// shelf is a Core with one kit in memory.
type shelf struct {
	kits   map[string]*device.Kit
	order  []string
	played []string
}

func newShelf(names ...string) *shelf {
	s := &shelf{kits: map[string]*device.Kit{}}
	for _, n := range names {
		if _, err := s.NewKit(context.Background(), n); err != nil {
			panic(err)
		}
	}
	return s
}

func (s *shelf) KitList(context.Context) (list []Info, err error) {
	for _, id := range s.order {
		list = append(list, Info{ID: id, Name: s.kits[id].Name, Filled: len(s.kits[id].Filled())})
	}
	return list, nil
}
func (s *shelf) Kit(_ context.Context, id string) (device.Kit, error) { return *s.kits[id], nil }
func (s *shelf) PadSamples(_ context.Context, k device.Kit) (map[string]catalog.Sample, error) {
	out := map[string]catalog.Sample{}
	for _, id := range k.SampleIDs() {
		out[id] = catalog.Sample{ID: id, Name: id + ".wav", Class: "kick", Kind: analysis.OneShot, Duration: 0.5, State: catalog.Analysed}
	}
	return out, nil
}
func (s *shelf) NewKit(_ context.Context, name string) (device.Kit, error) {
	id := fmt.Sprint("kit", len(s.order)+1)
	s.kits[id] = &device.Kit{ID: id, Name: name}
	s.order = append(s.order, id)
	return *s.kits[id], nil
}
func (s *shelf) RenameKit(_ context.Context, id, name string) error {
	s.kits[id].Name = name
	return nil
}
func (s *shelf) DeleteKit(_ context.Context, id string) error {
	s.order = slices.DeleteFunc(s.order, func(k string) bool { return k == id })
	return nil
}
func (s *shelf) DuplicateKit(ctx context.Context, _, name string) (device.Kit, error) {
	return s.NewKit(ctx, name)
}
func (s *shelf) SetPads(_ context.Context, id string, first device.Slot, rows []catalog.Row) (int, error) {
	for i, r := range rows {
		if err := s.kits[id].SetSample(first+device.Slot(i), fmt.Sprint("s", r)); err != nil {
			return i, err
		}
	}
	return len(rows), nil
}
func (s *shelf) ClearPads(_ context.Context, id string, slots ...device.Slot) error {
	return s.kits[id].Clear(slots...)
}
func (s *shelf) SwapPads(_ context.Context, id string, a, b device.Slot) error {
	return s.kits[id].Swap(a, b)
}
func (s *shelf) CopyPad(_ context.Context, id string, a, b device.Slot) error {
	return s.kits[id].Copy(a, b)
}
func (s *shelf) SetPadSettings(_ context.Context, id string, slots []device.Slot, pairs ...string) error {
	return s.kits[id].Change(slots, func(x device.Settings) (device.Settings, error) { return x.WithText(pairs...) })
}
func (s *shelf) MovePad(_ context.Context, id string, from, to device.Slot) error {
	return s.kits[id].Move(from, to)
}
func (s *shelf) PutPads(_ context.Context, id string, first device.Slot, pads []device.Pad) (int, error) {
	return s.kits[id].PutPads(first, pads)
}
func (s *shelf) CopyBank(_ context.Context, id string, a, b int) error {
	return s.kits[id].CopyBank(a, b)
}
func (s *shelf) MoveBank(_ context.Context, id string, a, b int) error {
	return s.kits[id].MoveBank(a, b)
}
func (s *shelf) SetBank(_ context.Context, id string, bank int, b device.Bank) error {
	return s.kits[id].SetBank(bank, b)
}
func (s *shelf) ClearBank(_ context.Context, id string, bank int) error {
	return s.kits[id].ClearBank(bank)
}
func (s *shelf) SwapBanks(_ context.Context, id string, a, b int) error {
	return s.kits[id].SwapBanks(a, b)
}
func (s *shelf) PressPad(_ string, slot device.Slot, _ int) {
	s.played = append(s.played, slot.String())
}
func (s *shelf) ReleasePad(device.Slot)            { s.played = append(s.played, "-") }
func (s *shelf) PlayFrom(string, int, device.Slot) {}
func (s *shelf) PreparePads(string, int)           {}

func now(w func(context.Context) func()) {
	if f := w(context.Background()); f != nil {
		f()
	}
}

// Kits that change while they are read, as those that a sync brings do, are shown as far as they
// are known; a kit that a person opens meanwhile is the one that is opened.
func TestKitsThatChangeWithoutEndAreShown(t *testing.T) {
	s := newShelf()
	var work []func(context.Context) func()
	m := NewModel(s, func(w func(context.Context) func()) { work = append(work, w) })
	step := func(meanwhile func()) {
		w := work[0]
		work = work[1:]
		apply := w(context.Background())
		meanwhile()
		apply()
	}
	m.Start("", 0)
	for n := range 5 {
		step(func() {
			if _, err := s.NewKit(context.Background(), fmt.Sprint("Kit ", n)); err != nil {
				t.Fatal(err)
			}
			m.Reload()
			m.Reload()
		})
		if len(m.Kits()) != n {
			t.Fatalf("%d kits are shown, %d were there when they were read", len(m.Kits()), n)
		}
	}
	step(func() { m.Open("kit3") })
	m.Reload() // something else changed, before the kit is read
	for len(work) > 0 {
		step(func() {})
	}
	if k, _ := m.Kit(); k.ID != "kit3" || len(m.Kits()) != 5 {
		t.Errorf("%s is open of %d", k.ID, len(m.Kits()))
	}
}

func TestFillingGoesOnWithTheNextPad(t *testing.T) {
	s := newShelf()
	m := NewModel(s, now)
	m.Start("", 0)
	m.Place(m.Pad(), []catalog.Row{1}) // the first sample makes the first kit
	m.Place(m.Pad(), []catalog.Row{2})
	m.Place(4, []catalog.Row{3, 4, 5})
	k, open := m.Kit()
	if !open || len(k.Filled()) != 5 || k.Pad(1).SampleID != "s2" || k.Pad(6).SampleID != "s5" {
		t.Fatalf("filled %v", k.Filled())
	}
	if m.Pad() != 4 {
		t.Errorf("after several samples pad %d is selected, want the first of them", m.Pad()+1)
	}
	if f := m.Filled(); f[0] != 5 {
		t.Errorf("bank A shows %d", f[0])
	}
}

func TestDraggingSwapsCopiesAndNeverLoses(t *testing.T) {
	s := newShelf("Kit")
	m := NewModel(s, now)
	m.Start("", 0)
	m.Place(0, []catalog.Row{1, 2})
	m.Move(0, 1, false)
	m.Move(1, 9, true)
	m.Move(9, -1, false) // let go outside
	k, _ := m.Kit()
	if k.Pad(0).SampleID != "s2" || k.Pad(1).SampleID != "s1" || k.Pad(9).SampleID != "s1" {
		t.Errorf("A1 %q, A2 %q, A10 %q", k.Pad(0).SampleID, k.Pad(1).SampleID, k.Pad(9).SampleID)
	}
	m.MoveToBank(2)
	if k, _ = m.Kit(); len(k.Filled()) != 3 || k.Pad(32+9).SampleID != "s1" {
		t.Errorf("moved to bank C: %v", k.Filled())
	}
}

func TestSettingsKeepTheDevicesRulesAndTellWhatBreaksThem(t *testing.T) {
	s := newShelf("Kit")
	m := NewModel(s, now)
	m.Start("", 0)
	m.Place(0, []catalog.Row{1, 2})
	var told error
	m.OnFailure = func(err error) { told = err }
	m.Set(device.Volume, 100)
	m.Set(device.OneShot, 1)
	if got := m.Settings(); got.Get(device.Volume) != 100 || got.On(device.Gate) {
		t.Errorf("volume %d, gate %v", got.Get(device.Volume), got.On(device.Gate))
	}
	if pads := m.Pads(); pads[0].Badges != "1-SHOT" {
		t.Errorf("the pad shows %q", pads[0].Badges)
	}
	m.Set(device.Tempo, 300)
	if told == nil {
		t.Error("a tempo of 300 was taken")
	}
	told = nil
	m.Protect(true)
	m.Clear(0)
	if k, _ := m.Kit(); told == nil || k.Pad(0).Empty() {
		t.Errorf("a protected bank was emptied; told %v", told)
	}
}

func TestPadsAndKeysPlay(t *testing.T) {
	test.NewTempApp(t)
	s := newShelf("Kit")
	m := NewModel(s, now)
	v := NewView(m, Actions{})
	w := test.NewTempWindow(t, v.Root())
	w.Resize(fyne.NewSize(420, 700))
	m.Start("", 1)
	m.Place(0, []catalog.Row{1})
	v.Grid.KeyDown(&fyne.KeyEvent{Name: fyne.Key1})
	v.Grid.KeyUp(&fyne.KeyEvent{Name: fyne.Key1})
	v.Grid.KeyDown(&fyne.KeyEvent{Name: fyne.Key2}) // empty
	if want := []string{"B1", "-"}; !slices.Equal(s.played, want) {
		t.Errorf("played %v, want %v", s.played, want)
	}
	m.Playing([]device.Slot{16})
	if on := m.PlayingPads(); !on[0] || on[1] {
		t.Errorf("lit are %v", on)
	}
	m.SetBank(-1)
	if on := m.PlayingPads(); m.Bank() != 9 || on[0] {
		t.Errorf("bank %d, lit %v", m.Bank(), on)
	}
}

func TestEverySettingOfTheTableHasAControl(t *testing.T) {
	test.NewTempApp(t)
	p := NewControls(NewModel(newShelf("Kit"), now))
	for _, info := range device.Params {
		_, chip := p.chips[info.Param]
		_, slider := p.sliders[info.Param]
		_, field := p.fields[info.Param]
		if !chip && !slider && !field {
			t.Errorf("%s can not be set", info.Name)
		}
	}
}

func TestSeveralPadsAreEditedTogether(t *testing.T) {
	test.NewTempApp(t)
	s := newShelf("Kit")
	m := NewModel(s, now)
	v := NewView(m, Actions{})
	w := test.NewTempWindow(t, v.Root())
	w.Resize(fyne.NewSize(420, 700))
	m.Start("", 0)
	m.Place(0, []catalog.Row{1, 2, 3, 4})
	mod := fyne.KeyModifier(0)
	v.Grid.Modifiers = func() fyne.KeyModifier { return mod }
	click := func(i int) {
		p := fyne.NewPos(float32(i%4)*100+20, 20)
		v.Grid.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: p}, Button: desktop.MouseButtonPrimary})
		v.Grid.MouseUp(&desktop.MouseEvent{})
	}
	click(0)
	mod = fyne.KeyModifierShortcutDefault
	click(2)
	if got := m.Slots(); !slices.Equal(got, []device.Slot{0, 2}) || m.Pad() != 2 {
		t.Fatalf("chosen are %v, selected %d", got, m.Pad())
	}
	m.Set(device.Volume, 90)
	k, _ := m.Kit()
	if k.Pad(0).Settings.Get(device.Volume) != 90 || k.Pad(2).Settings.Get(device.Volume) != 90 || k.Pad(1).Settings.Get(device.Volume) != 127 {
		t.Error("the volume is not that of the chosen pads alone")
	}
	if m.Copy() != 2 {
		t.Error("two pads are not copied")
	}
	mod = fyne.KeyModifierShift
	click(3)
	if got := m.Slots(); !slices.Equal(got, []device.Slot{2, 3}) {
		t.Errorf("Shift chooses %v", got)
	}
	mod = 0
	click(1)
	if got := m.Slots(); !slices.Equal(got, []device.Slot{1}) {
		t.Errorf("a plain click leaves %v", got)
	}
	m.SetBank(3)
	m.Select(4)
	m.Paste()
	k, _ = m.Kit()
	at := m.Slot()
	if k.Pad(at).SampleID != "s1" || k.Pad(at+1).SampleID != "s3" || k.Pad(at).Settings.Get(device.Volume) != 90 {
		t.Error("what was copied is not there")
	}
	m.Select(15)
	var told error
	m.OnFailure = func(err error) { told = err }
	m.Paste()
	if told == nil {
		t.Error("a pad that has no room is lost in silence")
	}
	m.SwapBank(0)
	k, _ = m.Kit()
	if k.Pad(4).SampleID != "s1" || k.Pad(at-4).SampleID != "s1" {
		t.Error("banks are not exchanged")
	}
	m.Reset()
}

// slow is a Background whose work is done when a test says so, in the order in which it was asked for.
type slow []func(context.Context) func()

func (s *slow) run(work func(context.Context) func()) { *s = append(*s, work) }

func (s *slow) finish() {
	for len(*s) > 0 {
		work := (*s)[0]
		*s = (*s)[1:]
		now(work)
	}
}

func TestWhatIsToldWhileAKitOpensDoesNotKeepItShut(t *testing.T) {
	var later slow
	m := NewModel(newShelf("Old"), later.run)
	m.Start("", 0)
	later.finish()
	m.New("Fresh")
	now(later[0]) // it is made, and is being read
	later = later[1:]
	m.Reload() // the event that tells of it
	later.finish()
	if k, _ := m.Kit(); k.Name != "Fresh" {
		t.Errorf("open is %q", k.Name)
	}
}

func TestSamplesPutQuicklyMakeOneFirstKit(t *testing.T) {
	var later slow
	s := newShelf()
	m := NewModel(s, later.run)
	m.Start("", 0)
	later.finish()
	m.Place(m.Pad(), []catalog.Row{1})
	m.Place(m.Pad(), []catalog.Row{2})
	later.finish()
	if k, _ := m.Kit(); len(s.order) != 1 || len(k.Filled()) != 2 {
		t.Errorf("%d kits; the open one has %d pads", len(s.order), len(k.Filled()))
	}
}
