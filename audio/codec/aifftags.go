package codec

import (
	"encoding/binary"
	"slices"
)

// aiffTags gathers what the chunks of an AIFF file say: Apple, "Audio Interchange File Format
// 1.3" (1989).
type aiffTags struct {
	marks   []aiffMark
	sustain [2]int16 // marker ids of the sustain loop
	looped  bool
	beats   int
	late    Tags
}

type aiffMark struct {
	id    int16
	frame int64
	name  string
}

func (a *aiffTags) chunk(id string, b []byte, t *Tags) {
	be := binary.BigEndian
	switch id {
	case "NAME":
		a.late.text("title", latin(b))
	case "AUTH":
		a.late.text("artist", latin(b))
	case "ANNO":
		a.late.text("comment", latin(b))
	case "ID3 ", "id3 ":
		readID3(b, &a.late)
	case "MARK":
		if len(b) < 2 {
			return
		}
		n := int(be.Uint16(b))
		for b = b[2:]; n > 0 && len(b) >= 7 && len(a.marks) < maxMarks; n-- {
			m := aiffMark{id: int16(be.Uint16(b)), frame: int64(be.Uint32(b[2:]))}
			size := int(b[6])
			m.name = clean(latin(b[7:min(7+size, len(b))]))
			a.marks = append(a.marks, m)
			b = b[min(7+size+(size+1)%2, len(b)):]
		}
	case "INST":
		if len(b) < 20 {
			return
		}
		if b[0] > 0 && b[0] < 128 {
			t.RootNote = int(b[0])
		}
		a.looped = be.Uint16(b[8:]) != 0
		a.sustain = [2]int16{int16(be.Uint16(b[10:])), int16(be.Uint16(b[12:]))}
	case "basc":
		// Apple Loops, as libsndfile's aiff.c has it: version u32, beats u32, root u16, scale
		// u16, metre u16 u16, loop u16 (1 loop, 2 one-shot).
		if len(b) < 18 {
			return
		}
		switch be.Uint16(b[16:]) {
		case 1:
			if n := be.Uint32(b[4:]); n > 0 && n < 1<<16 {
				a.beats = int(n)
			}
		case 2:
			t.OneShot = true
		}
	}
}

// finish ties loops to their markers and counts the tempo of Apple Loops out of their beats.
func (a *aiffTags) finish(t *Tags, in Info) {
	at := func(id int16) int {
		return slices.IndexFunc(a.marks, func(m aiffMark) bool { return m.id == id })
	}
	from, to := -1, -1
	if a.looped {
		from, to = at(a.sustain[0]), at(a.sustain[1])
	}
	if from >= 0 && to >= 0 && a.marks[to].frame > a.marks[from].frame {
		t.Loops = append(t.Loops, Loop{a.marks[from].frame, a.marks[to].frame})
	} else {
		from, to = -1, -1
	}
	for i, m := range a.marks {
		if i != from && i != to {
			t.Marks = append(t.Marks, Mark{m.frame, m.name})
		}
	}
	slices.SortStableFunc(t.Marks, byFrame)
	if a.beats > 0 {
		t.Beats = a.beats
		if in.Frames > 0 && in.Rate > 0 {
			t.setBPM(float64(a.beats)*60*float64(in.Rate)/float64(in.Frames), FromChunk)
		}
	}
	t.merge(a.late)
}

func byFrame(a, b Mark) int {
	switch {
	case a.Frame < b.Frame:
		return -1
	case a.Frame > b.Frame:
		return 1
	}
	return 0
}
