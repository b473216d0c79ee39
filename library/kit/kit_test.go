package kit

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sort"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestSlots(t *testing.T) {
	for i := range PadCount {
		s := Slot(i)
		back, err := ParseSlot(s.String())
		if err != nil || back != s {
			t.Fatalf("%s reads back as %v, %v", s, back, err)
		}
	}
	for text, want := range map[string]Slot{"A1": 0, "a16": 15, "B1": 16, "J16": 159, "j1": 144} {
		if got, err := ParseSlot(text); err != nil || got != want {
			t.Errorf("%s is %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "A", "A0", "A17", "K1", "A01", "A1 ", "1A", "A+1", "AA1", "A161"} {
		if _, err := ParseSlot(text); err == nil {
			t.Errorf("%q passes as a pad", text)
		}
	}
}

func TestParamTableIsWhole(t *testing.T) {
	names := map[string]bool{}
	for i, info := range Params {
		if int(info.Param) != i {
			t.Errorf("line %d of the table is %s's", i, info.Name)
		}
		if names[info.Name] || info.Label == "" || info.Help == "" {
			t.Errorf("%s: name twice, or nothing to show", info.Name)
		}
		names[info.Name] = true
		for _, v := range []int{info.Min, info.Default, info.Max, (info.Min + info.Max) / 2} {
			got, err := info.Parse(info.Text(v))
			if err != nil || got != v {
				t.Errorf("%s: %d prints as %q and reads back as %d, %v", info.Name, v, info.Text(v), got, err)
			}
		}
		if _, err := (Settings{}).Set(info.Param, info.Max+1); err == nil {
			t.Errorf("%s takes %d", info.Name, info.Max+1)
		}
		if _, err := (Settings{}).Set(info.Param, info.Min-1); err == nil {
			t.Errorf("%s takes %d", info.Name, info.Min-1)
		}
	}
}

func TestSettingsFromText(t *testing.T) {
	cases := []struct {
		in   []string
		want []string // nil: refused
	}{
		{[]string{"gate=on", "loop=on", "volume=100"}, []string{"volume=100", "loop=on"}},
		{[]string{"gate=off"}, []string{"gate=off"}},
		{[]string{"one_shot=on"}, []string{"gate=off", "one_shot=on"}},
		{[]string{"one-shot=on"}, []string{"gate=off", "one_shot=on"}},
		{[]string{"one_shot=on", "gate=on"}, nil},
		{[]string{"loop=on", "one_shot=on"}, nil},
		{[]string{"pitch=12"}, nil},
		{[]string{"pitch=12", "vinyl=off"}, []string{"pitch=12", "vinyl=off"}},
		{[]string{"pitch=7"}, []string{"pitch=7"}},
		{[]string{"fine=-50"}, nil},
		{[]string{"vari=backing"}, nil},
		{[]string{"vari=ensemble", "vinyl=off"}, []string{"vinyl=off", "vari=ensemble"}},
		{[]string{"pan=R1"}, []string{"pan=R1"}},
		{[]string{"pan=L50"}, []string{"pan=L50"}},
		{[]string{"pan=mono(l)"}, []string{"pan=MONO(L)"}},
		{[]string{"pan=L51"}, nil},
		{[]string{"tempo=92.5"}, []string{"tempo=92.5"}},
		{[]string{"bpm=39.99"}, nil},
		{[]string{"bpm=200.01"}, nil},
		{[]string{"speed=50"}, []string{"speed=50"}},
		{[]string{"speed=49"}, nil},
		{[]string{"volume=1.5"}, nil},
		{[]string{"volume=NaN"}, nil},
		{[]string{"volume=128"}, nil},
		{[]string{"hold=0"}, nil},
		{[]string{"roll=3/16"}, []string{"roll=3/16"}},
		{[]string{"reverse=on", "pingpong=on"}, []string{"play_mode=rev_pingpong"}},
		{[]string{"pingpong=on"}, []string{"play_mode=fwd_pingpong"}},
		{[]string{"mute=C", "link=J"}, []string{"mute_group=C", "pad_link=J"}},
		{[]string{"mute_group=K"}, nil},
		{[]string{"start=1000", "end=1999"}, nil},
		{[]string{"start=1000", "end=2000"}, []string{"start=1000", "end=2000", "loop_top=1000"}},
		{[]string{"start=1000", "end=9000", "loop_top=9001"}, nil},
		{[]string{"start=1000", "loop_top=999"}, nil},
		{[]string{"chops=5,3,5"}, []string{"chops=0,3,5"}},
		{[]string{"chops=none"}, []string{}},
		{[]string{"chops=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16"}, nil},
		{[]string{"chops=-1"}, nil},
		{[]string{"volume"}, nil},
		{[]string{"loudness=3"}, nil},
	}
	for _, c := range cases {
		got, err := Settings{}.WithText(c.in...)
		if c.want == nil {
			if err == nil {
				t.Errorf("%v passes as %v", c.in, got.Strings())
			}
			if got != (Settings{}) {
				t.Errorf("%v is refused and yet changes something: %v", c.in, got.Strings())
			}
			continue
		}
		if err != nil || !slices.Equal(got.Strings(), c.want) {
			t.Errorf("%v gives %v, %v; want %v", c.in, got.Strings(), err, c.want)
		}
	}
}

func TestReversePlusPingPongOneAfterTheOther(t *testing.T) {
	s, err := Settings{}.WithText("reverse=on")
	if err == nil {
		s, err = s.WithText("pingpong=on")
	}
	if err == nil {
		s, err = s.WithText("reverse=off")
	}
	if err != nil || s.Text(PlayMode) != "fwd_pingpong" {
		t.Fatalf("play mode is %s, %v", s.Text(PlayMode), err)
	}
}

func TestLoopPointFollowsStart(t *testing.T) {
	s, err := Settings{}.Set(Start, 2048)
	if err != nil || s.Get(LoopTop) != 2048 {
		t.Fatalf("loop point %d, %v; the device moves it to 2048", s.Get(LoopTop), err)
	}
	s, err = s.Set(Start, 500)
	if err != nil || s.Get(LoopTop) != 2048 {
		t.Fatalf("loop point %d, %v; the device leaves it at 2048", s.Get(LoopTop), err)
	}
}

// settings draws any settings that can be built.
func settings(t *rapid.T) Settings {
	var s Settings
	for range rapid.IntRange(0, 12).Draw(t, "changes") {
		p := Param(rapid.IntRange(0, int(paramCount)-1).Draw(t, "param"))
		v := rapid.IntRange(Params[p].Min, Params[p].Max).Draw(t, "value")
		if next, err := s.Set(p, v); err == nil {
			s = next
		}
	}
	marks := rapid.SliceOfN(rapid.IntRange(0, MaxFrames), 0, 15).Draw(t, "marks")
	s, err := s.WithMarks(marks)
	if err != nil {
		t.Fatalf("%d marks refused: %v", len(marks), err)
	}
	return s
}

func anyKit(t *rapid.T) Kit {
	k := Kit{ID: rapid.StringMatching(`[a-z0-9]{1,8}`).Draw(t, "id"), Name: rapid.String().Draw(t, "name")}
	bpm := func(name string) BPM {
		b, err := NewBPM(rapid.Float64Range(40, 200).Draw(t, name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	k.Tempo = bpm("tempo")
	k.TempoSelect = TempoSelect(rapid.IntRange(0, 1).Draw(t, "select"))
	for range rapid.IntRange(0, 20).Draw(t, "pads") {
		s := Slot(rapid.IntRange(0, PadCount-1).Draw(t, "slot"))
		p := Pad{fmt.Sprintf("s%d", rapid.IntRange(0, 9).Draw(t, "sample")), rapid.StringMatching(`[ -~]{0,23}`).Draw(t, "padname"), settings(t)}
		if err := k.SetPad(s, p); err != nil {
			p.Settings = Settings{}
			if err := k.SetPad(s, p); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range rapid.IntRange(0, 3).Draw(t, "patterns") {
		p := Pattern{Bars: rapid.IntRange(1, 64).Draw(t, "bars"), Beats: rapid.IntRange(1, 7).Draw(t, "beats"), LoopStart: 1, LoopEnd: 1}
		for range rapid.IntRange(0, 8).Draw(t, "notes") {
			p.Notes = append(p.Notes, Note{
				Tick: rapid.IntRange(0, p.Ticks()-1).Draw(t, "tick"), Pad: Slot(rapid.IntRange(0, PadCount-1).Draw(t, "pad")),
				Velocity: rapid.IntRange(1, 127).Draw(t, "velocity"), Length: rapid.IntRange(1, 65536).Draw(t, "length"),
				Semitones: rapid.IntRange(-12, 12).Draw(t, "semitones"), Poly: rapid.Bool().Draw(t, "poly"),
			})
		}
		if err := k.SetPattern(Slot(rapid.IntRange(0, PadCount-1).Draw(t, "slot")), p); err != nil {
			t.Fatal(err)
		}
	}
	for b := range BankCount {
		bank, err := Bank{Tempo: bpm("bank"), Protected: rapid.Bool().Draw(t, "protected")}.WithVolume(rapid.IntRange(0, 127).Draw(t, "volume"))
		if err == nil {
			err = k.SetBank(b, bank)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return k
}

func encode(t interface{ Fatal(...any) }, k Kit) string {
	b, err := json.Marshal(k)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := anyKit(t)
		one := encode(t, k)
		var back Kit
		if err := json.Unmarshal([]byte(one), &back); err != nil {
			t.Fatal(err)
		}
		if two := encode(t, back); one != two {
			t.Fatal(cmp.Diff(one, two))
		}
	})
}

func TestJSONRefusesWhatCannotBe(t *testing.T) {
	for _, text := range []string{
		`{"version":2,"tempo":90}`,
		`{"version":1,"tempo":39}`,
		`{"version":1,"tempo":90,"banks":[{"bank":"K","tempo":90}]}`,
		`{"version":1,"tempo":90,"banks":[{"bank":"A","tempo":90,"volume":128}]}`,
		`{"version":1,"tempo":90,"banks":[{"bank":"A","tempo":90,"volume":127,"pads":[{"pad":"B1","sample":"x"}]}]}`,
		`{"version":1,"tempo":90,"banks":[{"bank":"A","tempo":90,"volume":127,"pads":[{"pad":"A1","sample":"x","settings":{"volume":"200"}}]}]}`,
		`{"version":1,"tempo":90,"banks":[{"bank":"A","tempo":90,"volume":127,"pads":[{"pad":"A1","sample":"x","settings":{"swing":"2"}}]}]}`,
		`{"version":1,"tempo":90,"patterns":[{"slot":"A1","bars":65,"beats":4,"loop_start":1,"loop_end":1}]}`,
	} {
		k := Kit{Name: "before"}
		if err := json.Unmarshal([]byte(text), &k); err == nil || k.Name != "before" {
			t.Errorf("%s passes (%v)", text, err)
		}
	}
}

// Whatever is moved, swapped or copied: no sample is lost that was not overwritten, and a
// refused operation changes nothing.
func TestOperationsKeepWhatTheyShould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := anyKit(t)
		before := encode(t, k)
		copied := k
		a := Slot(rapid.IntRange(0, PadCount-1).Draw(t, "a"))
		b := Slot(rapid.IntRange(0, PadCount-1).Draw(t, "b"))
		pa, pb, all := k.Pad(a), k.Pad(b), samplesOf(&k)
		var err error
		switch op := rapid.IntRange(0, 6).Draw(t, "op"); op {
		case 0:
			if err = k.Swap(a, b); err == nil && (k.Pad(a) != pb || k.Pad(b) != pa) {
				t.Fatal("swap does not swap")
			}
			if !slices.Equal(all, samplesOf(&k)) {
				t.Fatal("swap loses samples")
			}
		case 1:
			if err = k.Move(a, b); err == nil && (k.Pad(b) != pa || a != b && !k.Pad(a).Empty()) {
				t.Fatal("move does not move")
			}
		case 2:
			if err = k.Copy(a, b); err == nil && (k.Pad(b).SampleID != pa.SampleID || a != b && k.Pad(a) != pa) {
				t.Fatal("copy does not copy")
			}
		case 3:
			if err = k.Clear(a, b); err == nil && (!k.Pad(a).Empty() || !k.Pad(b).Empty()) {
				t.Fatal("clear does not clear")
			}
		case 4:
			if err = k.SwapBanks(a.Bank(), b.Bank()); err == nil {
				if !slices.Equal(all, samplesOf(&k)) {
					t.Fatal("swapping banks loses samples")
				}
				if err := k.SwapBanks(a.Bank(), b.Bank()); err != nil || withoutRaw(t, k) != withoutRaw(t, copied) {
					t.Fatal("swapping banks twice is not nothing")
				}
			}
		case 5:
			err = k.CopyBank(a.Bank(), b.Bank())
		case 6:
			err = k.MoveBank(a.Bank(), b.Bank())
		}
		if err != nil && encode(t, k) != before {
			t.Fatalf("%v, and yet something changed", err)
		}
		if err != nil && !errors.Is(err, ErrProtected) {
			t.Fatalf("refused: %v", err)
		}
		if encode(t, copied) != before {
			t.Fatal("a copy of the kit changed with it")
		}
		if err := k.checkLinks(); err != nil {
			t.Fatal(err)
		}
	})
}

func withoutRaw(t *rapid.T, k Kit) string {
	for _, s := range k.Patterns() {
		p, _ := k.Pattern(s)
		p.Raw = nil
		k.putPattern(s, p)
	}
	return encode(t, k)
}

func samplesOf(k *Kit) []string {
	var out []string
	for _, s := range k.Filled() {
		out = append(out, k.Pad(s).SampleID)
	}
	sort.Strings(out)
	return out
}

func TestProtectedBankStaysAsItIs(t *testing.T) {
	var k Kit
	a1, b1 := Slot(0), Slot(16)
	must(t, k.SetSample(a1, "kick"))
	must(t, k.SetBank(0, Bank{Protected: true}))
	for name, err := range map[string]error{
		"set": k.SetSample(a1, "x"), "clear": k.Clear(a1), "move": k.Move(a1, b1), "swap": k.Swap(b1, a1),
		"bank": k.ClearBank(0), "copy onto": k.Copy(b1, a1),
	} {
		if !errors.Is(err, ErrProtected) {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, k.Copy(a1, b1))
	must(t, k.SetBank(0, Bank{}))
	must(t, k.Clear(a1))
}

func TestAtMostFourPadsAreLinked(t *testing.T) {
	var k Kit
	linked, err := Settings{}.WithText("link=A")
	must(t, err)
	for s := Slot(0); s < 4; s++ {
		must(t, k.SetPad(s, Pad{SampleID: "x", Settings: linked}))
	}
	if err := k.SetPad(4, Pad{SampleID: "x", Settings: linked}); err == nil {
		t.Error("a fifth pad is linked")
	}
	must(t, k.Copy(0, 5))
	if k.Pad(5).Settings.On(PadLink) {
		t.Error("the copy is a fifth linked pad")
	}
	must(t, k.SetSample(4, "x"))
	if err := k.Change([]Slot{4}, func(s Settings) (Settings, error) { return s.WithText("link=A") }); err == nil {
		t.Error("a change links a fifth pad")
	}
	if err := k.Change([]Slot{9}, func(s Settings) (Settings, error) { return s, nil }); err == nil {
		t.Error("settings of an empty pad change")
	}
}

func TestAnotherSampleStartsFresh(t *testing.T) {
	var k Kit
	set, err := Settings{}.WithText("volume=90")
	must(t, err)
	must(t, k.SetPad(0, Pad{SampleID: "a", Settings: set}))
	must(t, k.SetSample(0, "a"))
	if k.Pad(0).Settings != set {
		t.Error("the same sample again loses its settings")
	}
	must(t, k.SetSample(0, "b"))
	if k.Pad(0).Settings != (Settings{}) {
		t.Error("another sample inherits settings")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
