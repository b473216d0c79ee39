package codec

import (
	"encoding/binary"
	"math"
	"slices"
)

// maxMarks is the most marks or loops taken from a file.
const maxMarks = 10_000

// riffTags gathers what the chunks of a WAV file say until all have been seen.
type riffTags struct {
	marks  []cueMark
	labels map[uint32]string
	late   Tags // INFO, bext and ID3 come after acid and smpl whatever their order in the file
}

type cueMark struct {
	id    uint32
	frame int64
}

// chunk reads one chunk other than fmt and data. A broken one is passed over: tags are a gift,
// the sound is what counts.
func (r *riffTags) chunk(id string, b []byte, order binary.ByteOrder, t *Tags) {
	switch id {
	case "acid":
		acidChunk(b, order, t)
	case "smpl":
		smplChunk(b, order, t)
	case "cue ":
		r.cue(b, order)
	case "LIST", "list":
		r.list(b, order)
	case "bext":
		r.bext(b)
	case "id3 ", "ID3 ":
		readID3(b, &r.late)
	}
}

// finish settles labels and precedence.
func (r *riffTags) finish(t *Tags) {
	for _, m := range r.marks {
		t.Marks = append(t.Marks, Mark{Frame: m.frame, Name: r.labels[m.id]})
	}
	slices.SortStableFunc(t.Marks, byFrame)
	t.merge(r.late)
}

// merge fills what t does not say from o.
func (t *Tags) merge(o Tags) {
	for _, p := range [...][2]*string{
		{&t.Title, &o.Title}, {&t.Artist, &o.Artist}, {&t.Album, &o.Album},
		{&t.Genre, &o.Genre}, {&t.Comment, &o.Comment}, {&t.Date, &o.Date},
	} {
		if *p[0] == "" {
			*p[0] = *p[1]
		}
	}
	t.setBPM(o.BPM, o.BPMOrigin)
	if t.Key == "" {
		t.Key, t.KeyOrigin = o.Key, o.KeyOrigin
	}
}

// acidChunk reads ACID's chunk: flags u32 (1 one-shot, 2 root note valid, 4 stretch, 8 disk
// based), root u16, two unknown fields, beats u32, metre u16 u16, tempo f32. As in libsndfile's
// wav.c and ExifTool's RIFF tags.
func acidChunk(b []byte, order binary.ByteOrder, t *Tags) {
	if len(b) < 24 {
		return
	}
	flags := order.Uint32(b)
	if root := order.Uint16(b[4:]); flags&2 != 0 && root < 128 {
		t.RootNote = int(root)
	}
	if flags&1 != 0 {
		t.OneShot = true
		return // tempo and beats of a one-shot are defaults
	}
	if beats := order.Uint32(b[12:]); beats < 1<<16 {
		t.Beats = int(beats)
	}
	t.setBPM(float64(math.Float32frombits(order.Uint32(b[20:]))), FromChunk)
}

// smplChunk reads the sampler chunk: Microsoft, "Multimedia Programming Interface and Data
// Specifications 1.0". A loop's end is inclusive there.
func smplChunk(b []byte, order binary.ByteOrder, t *Tags) {
	if len(b) < 36 {
		return
	}
	// 0 is what writers leave in that do not know; C-2 is nobody's root.
	if note := order.Uint32(b[12:]); note > 0 && note < 128 && t.RootNote < 0 {
		t.RootNote = int(note)
	}
	n := int(order.Uint32(b[28:]))
	for b = b[36:]; n > 0 && len(b) >= 24 && len(t.Loops) < maxMarks; n-- {
		start, end := int64(order.Uint32(b[8:])), int64(order.Uint32(b[12:]))+1
		if end > start {
			t.Loops = append(t.Loops, Loop{start, end})
		}
		b = b[24:]
	}
}

func (r *riffTags) cue(b []byte, order binary.ByteOrder) {
	if len(b) < 4 {
		return
	}
	n := int(order.Uint32(b))
	for b = b[4:]; n > 0 && len(b) >= 24 && len(r.marks) < maxMarks; n-- {
		r.marks = append(r.marks, cueMark{order.Uint32(b), int64(order.Uint32(b[20:]))})
		b = b[24:]
	}
}

// infoFields maps the ids of LIST/INFO.
var infoFields = map[string]string{
	"INAM": "title", "IART": "artist", "IPRD": "album", "IGNR": "genre", "ICMT": "comment",
	"ICRD": "date", "IBPM": "bpm", "TBPM": "bpm", "BPM ": "bpm", "TKEY": "key",
}

// list reads LIST/INFO and LIST/adtl.
func (r *riffTags) list(b []byte, order binary.ByteOrder) {
	if len(b) < 4 {
		return
	}
	kind := string(b[:4])
	for b = b[4:]; len(b) >= 8; {
		id := string(b[:4])
		n := int(min(int64(order.Uint32(b[4:])), int64(len(b)-8)))
		body := b[8 : 8+n]
		switch {
		case kind == "INFO":
			r.late.text(infoFields[id], cString(body))
		case kind == "adtl" && (id == "labl" || id == "note") && n > 4 && len(r.labels) < maxMarks:
			if r.labels == nil {
				r.labels = map[uint32]string{}
			}
			cue := order.Uint32(body)
			if id == "labl" || r.labels[cue] == "" {
				r.labels[cue] = clean(cString(body[4:]))
			}
		}
		b = b[min(8+n+n%2, len(b)):]
	}
}

// bext reads the Broadcast Wave extension, EBU Tech 3285: description 256, originator 32,
// reference 32, date 10.
func (r *riffTags) bext(b []byte) {
	if len(b) < 330 {
		return
	}
	r.late.text("comment", cString(b[:256]))
	r.late.text("artist", cString(b[256:288]))
	r.late.text("date", cString(b[320:330]))
}
