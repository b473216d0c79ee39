package codec

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTags reads each kind of tag from a whole file.
func TestTags(t *testing.T) {
	fmt16, data := plainFmt(1, 1, 44100, 16), chunkLE("data", make([]byte, 200))
	wav := func(chunks ...[]byte) []byte { return wavFile(append([][]byte{fmt16, data}, chunks...)...) }
	aiff := func(chunks ...[]byte) []byte {
		return aiffFile("AIFF", append([][]byte{comm(1, 44100, 16, 44100, ""), ssnd(make([]byte, 88200))}, chunks...)...)
	}
	info := func(pairs ...string) []byte {
		b := []byte("INFO")
		for i := 0; i < len(pairs); i += 2 {
			b = append(b, chunkLE(pairs[i], []byte(pairs[i+1]+"\x00"))...)
		}
		return chunkLE("LIST", b)
	}
	be16 := func(v ...int) (b []byte) {
		for _, n := range v {
			b = append(b, byte(n>>8), byte(n))
		}
		return b
	}
	utf16 := "\x01\xff\xfeF\x00#\x00m\x00"
	for _, c := range []struct {
		name string
		file []byte
		want Tags
	}{
		{"nothing said", wav(), Tags{RootNote: -1}},
		{"acid loop", wav(acid(2, 57, 16, 174)), Tags{BPM: 174, BPMOrigin: FromChunk, RootNote: 57, Beats: 16}},
		{"acid one-shot", wav(acid(1, 60, 4, 120)), Tags{RootNote: -1, OneShot: true}},
		{"acid nonsense", wav(acid(0, 300, 1<<20, -5)), Tags{RootNote: -1}},
		{"acid cut", wav(chunkLE("acid", make([]byte, 10))), Tags{RootNote: -1}},
		{"smpl", wav(chunkLE("smpl", join(make([]byte, 12), u32(48), make([]byte, 12), u32(1), u32(0), u32(0), u32(0), u32(10), u32(89), u32(0), u32(0)))),
			Tags{RootNote: 48, Loops: []Loop{{10, 90}}}},
		{"smpl backwards", wav(chunkLE("smpl", join(make([]byte, 12), u32(0), make([]byte, 12), u32(9), u32(0), u32(0), u32(0), u32(90), u32(10), u32(0), u32(0)))), Tags{RootNote: -1}},
		{"cue with labels", wav(chunkLE("cue ", join(u32(2), u32(1), u32(50), []byte("data"), u32(0), u32(0), u32(50), u32(2), u32(5), []byte("data"), u32(0), u32(0), u32(5))),
			chunkLE("LIST", join([]byte("adtl"), chunkLE("labl", join(u32(1), []byte("snare\x00"))), chunkLE("note", join(u32(2), []byte("kick\x00")))))),
			Tags{RootNote: -1, Marks: []Mark{{5, "kick"}, {50, "snare"}}}},
		{"INFO", wav(info("INAM", "Break", "IART", "Someone", "IGNR", "Funk", "ICMT", "odd", "ICRD", "1970", "IPRD", "Album", "IBPM", "92.5")),
			Tags{RootNote: -1, Title: "Break", Artist: "Someone", Genre: "Funk", Comment: "odd", Date: "1970", Album: "Album", BPM: 92.5, BPMOrigin: FromTag}},
		{"INFO in Windows-1252", wav(info("INAM", "Gr\xfc\xdfe")), Tags{RootNote: -1, Title: "Grüße"}},
		{"acid before INFO", wav(info("IBPM", "90"), acid(0, 0, 8, 120)), Tags{RootNote: -1, BPM: 120, BPMOrigin: FromChunk, Beats: 8}},
		{"bext", wav(chunkLE("bext", join([]byte("a field"), make([]byte, 249), []byte("recorder"), make([]byte, 24), make([]byte, 32), []byte("2024-05-06"), make([]byte, 300)))),
			Tags{RootNote: -1, Comment: "a field", Artist: "recorder", Date: "2024-05-06"}},
		{"id3 in WAV", wav(chunkLE("id3 ", id3Tag(3, id3Frame(3, "TBPM", "\x00128"), id3Frame(3, "TKEY", utf16), id3Frame(3, "TCON", "\x00House")))),
			Tags{RootNote: -1, BPM: 128, BPMOrigin: FromTag, Key: "F# minor", KeyOrigin: FromTag, Genre: "House"}},
		{"id3 2.4", wav(chunkLE("ID3 ", id3Tag(4, id3Frame(4, "TXXX", "\x03INITIALKEY\x00Gbmaj"), id3Frame(4, "TIT2", "\x03Stück"), id3Frame(4, "TDRC", "\x032024"), id3Frame(4, "COMM", "\x03eng\x00said")))),
			Tags{RootNote: -1, Key: "F# major", KeyOrigin: FromTag, Title: "Stück", Date: "2024", Comment: "said"}},
		{"id3 2.4 with plain sizes", wav(chunkLE("id3 ", id3Tag(4, id3Frame(3, "TIT2", "\x00"+strings.Repeat("x", 199)), id3Frame(3, "TBPM", "\x0099")))),
			Tags{RootNote: -1, Title: strings.Repeat("x", 199), BPM: 99, BPMOrigin: FromTag}},
		{"id3 2.2", wav(chunkLE("id3 ", id3Tag(2, []byte("TBP\x00\x00\x04\x00120"), []byte("TKE\x00\x00\x03\x00Am")))),
			Tags{RootNote: -1, BPM: 120, BPMOrigin: FromTag, Key: "A minor", KeyOrigin: FromTag}},
		{"id3 unsynchronised, wrong", wav(chunkLE("id3 ", patch(id3Tag(3, id3Frame(3, "TIT2", "\x01\xff\x00\xfeA\x00"), id3Frame(3, "TBPM", "\x0099")), 5, 0x80))),
			Tags{RootNote: -1, Title: "A"}}, // its size counts too much: what follows is lost
		{"id3 unsynchronised, right", wav(chunkLE("id3 ", patch(join(id3Tag(3, join([]byte("TIT2\x00\x00\x00\x05\x00\x00"), []byte("\x01\xff\x00\xfeA\x00")), id3Frame(3, "TBPM", "\x0099"))), 5, 0x80))),
			Tags{RootNote: -1, Title: "A", BPM: 99, BPMOrigin: FromTag}},
		{"id3 with an extended header", wav(chunkLE("id3 ", patch(id3Tag(3, []byte{0, 0, 0, 6, 0, 0, 0, 0, 0, 0}, id3Frame(3, "TBPM", "\x0099")), 5, 0x40))),
			Tags{RootNote: -1, BPM: 99, BPMOrigin: FromTag}},
		{"id3 2.4 with lengths", wav(chunkLE("id3 ", id3Tag(4, join([]byte("TBPM"), safe(7), []byte{0, 1}, safe(3), []byte("\x0099"))))),
			Tags{RootNote: -1, BPM: 99, BPMOrigin: FromTag}},
		{"id3 2.4 compressed", wav(chunkLE("id3 ", id3Tag(4, join([]byte("TBPM"), safe(3), []byte{0, 8}, []byte("\x0099"))))), Tags{RootNote: -1}},
		{"id3 in UTF-16BE", wav(chunkLE("id3 ", id3Tag(4, id3Frame(4, "TIT2", "\x02\x00S\x00\xfc"), id3Frame(4, "TXXX", "\x02\x00K\x00E\x00Y\x00\x00\x00A\x00m")))),
			Tags{RootNote: -1, Title: "Sü", Key: "A minor", KeyOrigin: FromTag}},
		{"id3 with a described comment", wav(chunkLE("id3 ", id3Tag(3, id3Frame(3, "COMM", "\x00engiTunNORM\x00 0000"), id3Frame(3, "COMM", "\x00eng\x00mine")))), Tags{RootNote: -1, Comment: "mine"}},
		{"id3 before the WAV", join(id3Tag(3, id3Frame(3, "TBPM", "\x0099")), wav()), Tags{RootNote: -1, BPM: 99, BPMOrigin: FromTag}},
		{"id3 with a key that is none", wav(chunkLE("id3 ", id3Tag(3, id3Frame(3, "TKEY", "\x00o"), id3Frame(3, "TBPM", "\x000")))), Tags{RootNote: -1}},

		{"AIFF texts", aiff(chunkBE("NAME", []byte("Loop")), chunkBE("AUTH", []byte("Me")), chunkBE("ANNO", []byte("note"))),
			Tags{RootNote: -1, Title: "Loop", Artist: "Me", Comment: "note"}},
		{"AIFF marks and loop", aiff(
			chunkBE("MARK", join(be16(3), be16(1, 0, 10), []byte("\x08beg loop\x00"), be16(2, 0, 90), []byte("\x08end loop\x00"), be16(3, 0, 50), []byte("\x03hit"))),
			chunkBE("INST", join([]byte{45, 0, 0, 127, 1, 127}, be16(0, 1, 1, 2, 0, 0, 0)))),
			Tags{RootNote: 45, Loops: []Loop{{10, 90}}, Marks: []Mark{{50, "hit"}}}},
		{"Apple loop", aiff(chunkBE("basc", join(be16(0, 1, 0, 2, 0, 0, 4, 4, 1), make([]byte, 66)))),
			Tags{RootNote: -1, Beats: 2, BPM: 120, BPMOrigin: FromChunk}},
		{"Apple one-shot", aiff(chunkBE("basc", join(be16(0, 1, 0, 1, 0, 0, 4, 4, 2), make([]byte, 66)))), Tags{RootNote: -1, OneShot: true}},
		{"id3 in AIFF", aiff(chunkBE("ID3 ", id3Tag(3, id3Frame(3, "TBPM", "\x00128")))), Tags{RootNote: -1, BPM: 128, BPMOrigin: FromTag}},
	} {
		t.Run(c.name, func(t *testing.T) {
			clip, err := Decode(context.Background(), bytes.NewReader(c.file), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, clip.Tags); d != "" {
				t.Error(d)
			}
			_, tags, err := Probe(bytes.NewReader(c.file))
			if d := cmp.Diff(c.want, tags); err != nil || d != "" {
				t.Errorf("probe: %v %s", err, d)
			}
		})
	}
}

// TestTagsOfFFmpeg reads tags as ffmpeg writes them in each format.
func TestTagsOfFFmpeg(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.flac", "a.ogg", "a.mp3", "b.mp3", "a.aiff"} {
		path := filepath.Join(dir, name)
		args := []string{"-f", "lavfi", "-i", "sine=d=0.2"}
		for _, m := range []string{"title=A Title", "artist=Someone", "genre=Funk", "TBPM=92", "TKEY=Bbm"} {
			args = append(args, "-metadata", m)
		}
		if name == "b.mp3" {
			args = append(args, "-id3v2_version", "4")
		} else if strings.HasSuffix(name, ".mp3") {
			args = append(args, "-id3v2_version", "3")
		}
		if name == "a.aiff" {
			args = append(args, "-write_id3v2", "1")
		}
		ffmpeg(t, append(args, path)...)
		got := decodeFile(t, path).Tags
		want := Tags{RootNote: -1, Title: "A Title", Artist: "Someone", Genre: "Funk", BPM: 92, BPMOrigin: FromTag, Key: "A# minor", KeyOrigin: FromTag}
		got.Comment = ""
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// TestNameFillsIn: the name speaks only where the file does not.
func TestNameFillsIn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "Amen_165bpm_F#min.wav")
	write := func(chunks ...[]byte) Tags {
		file := wavFile(append([][]byte{plainFmt(1, 1, 44100, 16), chunkLE("data", make([]byte, 200))}, chunks...)...)
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		return decodeFile(t, path).Tags
	}
	if d := cmp.Diff(Tags{RootNote: -1, BPM: 165, BPMOrigin: FromName, Key: "F# minor", KeyOrigin: FromName}, write()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(Tags{RootNote: -1, BPM: 82.5, BPMOrigin: FromChunk, Beats: 8, Key: "F# minor", KeyOrigin: FromName}, write(acid(0, 0, 8, 82.5))); d != "" {
		t.Error(d)
	}
}
