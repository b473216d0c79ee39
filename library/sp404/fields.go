package sp404

// Certainty says how far a fact about the device's formats can be trusted.
type Certainty string

// The certainties, the surest first.
const (
	Verified   Certainty = "verified"   // read out of real device files
	Documented Certainty = "documented" // in the device's reference manual v5
	Claimed    Certainty = "claimed"    // said by a third party, not checked by us
	Inferred   Certainty = "inferred"   // our conclusion from the others
	Unknown    Certainty = "unknown"    // constant in all files we have; kept as it is
)

// Field is one field of a device's file: where it lies, what it is, how sure that is, and what
// an owner of the device can do to find out.
type Field struct {
	File      string // "PADCONF.BIN", "SMP", "PTN"
	Offset    int    // from the start of the file, or of its Part
	Size      int    // bytes; 0 is the rest
	Part      string // "" or the repeated part that it belongs to: "pad record", "record", "trailer"
	Bits      string // "" or the bits of the word
	Name      string
	Range     string
	Ours      string // what writes it: a setting of the kit, a constant
	Certainty Certainty
	Evidence  string
	Test      string // for an owner of the device; "" where there is nothing to find out
}

const (
	testShow = "Export a project, set ours on the computer, import it, look at the value on the display"
	testLoad = "The whole project loads and sounds"
	testDiff = "Export, change only this on the device, export again, compare the files"
)

// Fields are all fields of the three formats, without gaps: the table of docs/sp404mk2.md.
var Fields = []Field{
	{"PADCONF.BIN", 0x0000, 4, "", "", "magic", "RFPD", "constant", Verified, "50 of 50 files", ""},
	{"PADCONF.BIN", 0x0004, 4, "", "", "160", "0xA0", "constant", Verified, "value in 50 of 50; number of pads or offset of their records", ""},
	{"PADCONF.BIN", 0x0008, 4, "", "", "version", "3, then three zero bytes", "constant", Verified, "50 of 50; version 2 is read only (claimed layout)", "A device with older firmware: export, send the file"},
	{"PADCONF.BIN", 0x000C, 4, "", "", "0x7A80", "160 x (172 + 24)", "constant", Verified, "50 of 50", ""},
	{"PADCONF.BIN", 0x0010, 4, "", "0-15", "project tempo x 100", "4000-20000", "kit tempo", Verified, "PADCONF042", testShow},
	{"PADCONF.BIN", 0x0010, 4, "", "16", "tempo select, 1 = project", "0, 1", "kit tempo select", Verified, "042, 043", testShow},
	{"PADCONF.BIN", 0x0014, 8, "", "", "two words of 0", "", "constant, or the template's", Unknown, "constant in 50 files", testDiff},
	{"PADCONF.BIN", 0x001C, 12, "", "", "three words of 0x40", "", "constant, or the template's", Unknown, "constant in 50 files", testDiff},
	{"PADCONF.BIN", 0x0028, 4, "", "", "word of 0", "", "constant, or the template's", Unknown, "constant in 50 files", testDiff},
	{"PADCONF.BIN", 0x002C, 20, "", "", "five words of 0x20", "", "constant, or the template's", Unknown, "constant in 50 files", testDiff},
	{"PADCONF.BIN", 0x0040, 40, "", "1-16", "tempo of banks A to J x 100, a word each", "4000-20000", "bank tempo", Verified, "042 to 045, all ten banks", testShow},
	{"PADCONF.BIN", 0x0040, 40, "", "0", "protection of banks A to J", "0, 1", "bank protected", Claimed, "SparkyMK2; 0 in all fixtures", "Protect bank A, export, compare byte 0x43"},
	{"PADCONF.BIN", 0x0068, 4, "", "", "word of 0", "", "constant, or the template's", Unknown, "constant in 50 files", testDiff},
	{"PADCONF.BIN", 0x006C, 20, "", "0-15, 16-31", "127 - volume of two banks a word, A C E G I below", "0-127", "bank volume", Verified, "034, 036, 037, all ten banks", testShow},
	{"PADCONF.BIN", 0x0080, 32, "", "", "project name, NUL padded", "31 characters", "kit name", Verified, "040; the manual says 32", "Import a project with a name of 31 characters"},
	{"PADCONF.BIN", 0x00A0, 27520, "", "", "160 pad records of 172 bytes", "", "below", Verified, "50 of 50", ""},
	{"PADCONF.BIN", 0x6C20, 3840, "", "", "160 pad names of 24 bytes", "23 characters and NUL", "pad name, or the sample's", Verified, "ugc pad-sequencer; empty pads: 23 spaces", testShow},
	{"PADCONF.BIN", 0x7B20, 20480, "", "", "160 blocks of 16 marks and 16 zero words", "frames; unused 0xFFFFFFFF", "chops", Verified, "022, ugc B3, B4", "Import, open CHOP, compare the marks"},

	{"PADCONF.BIN", 0x00, 4, "pad record", "", "size of the SMP file, 0 = empty pad", "0, 512 and more", "from the sound", Verified, "4 of 4 SMP files", testLoad},
	{"PADCONF.BIN", 0x04, 4, "pad record", "", "start, byte position", "512 to end - 1000 frames", "start", Verified, "007 to 017", testShow},
	{"PADCONF.BIN", 0x08, 4, "pad record", "", "end, byte position", "to the file's end", "end", Verified, "003, 004", testShow},
	{"PADCONF.BIN", 0x0C, 4, "pad record", "", "volume", "0-127", "volume", Verified, "029 to 041", testShow},
	{"PADCONF.BIN", 0x10, 4, "pad record", "", "gate", "0, 1", "gate", Verified, "023 to 025, ugc A03", "Hold and let go of a pad written with gate off"},
	{"PADCONF.BIN", 0x14, 4, "pad record", "", "loop", "0, 0x7FFFFFFF", "loop", Verified, "019, 025", "Play a pad written with loop on"},
	{"PADCONF.BIN", 0x18, 4, "pad record", "", "always 1", "1", "constant, or the template's", Unknown, "constant in 8,000 records", testDiff},
	{"PADCONF.BIN", 0x1C, 4, "pad record", "", "mute group, 0 = none", "0-10", "mute_group", Verified, "A (039), B (ugc A4); C to J by analogy", "Set group J on the device, export, read the word"},
	{"PADCONF.BIN", 0x20, 4, "pad record", "", "BPM sync", "0, 1", "not written: the template's, else 0", Claimed, "two sources name opposite polarities", "Switch BPM SYNC on for one pad, export, read the word"},
	{"PADCONF.BIN", 0x24, 4, "pad record", "", "pad tempo x 100", "4000-20000", "tempo, or the sample's", Claimed, "gsterlin, SparkyMK2; values plausible in ugc", testShow},
	{"PADCONF.BIN", 0x28, 4, "pad record", "0", "fixed velocity", "0, 1", "fixed_velocity", Verified, "ugc A01", testShow},
	{"PADCONF.BIN", 0x28, 4, "pad record", "1", "vari backing", "0, 1", "vari", Verified, "030", testShow},
	{"PADCONF.BIN", 0x28, 4, "pad record", "2", "vari ensemble", "0, 1", "vari", Verified, "032 to 041", testShow},
	{"PADCONF.BIN", 0x28, 4, "pad record", "3", "chromatic legato", "0, 1", "chromatic", Verified, "ugc A13", testShow},
	{"PADCONF.BIN", 0x28, 4, "pad record", "4", "chromatic poly; neither bit is mono", "0, 1", "chromatic", Verified, "ugc A14", testShow},
	{"PADCONF.BIN", 0x28, 4, "pad record", "5", "one-shot; gate and loop are then 0", "0, 1", "one_shot", Verified, "024, ugc A03", testShow},
	{"PADCONF.BIN", 0x2C, 4, "pad record", "", "loop point, byte position", "start to end", "loop_top", Verified, "020; follows start", testShow},
	{"PADCONF.BIN", 0x30, 4, "pad record", "", "always 0", "0", "constant, or the template's", Unknown, "constant in 8,000 records", testDiff},
	{"PADCONF.BIN", 0x34, 4, "pad record", "", "pitch, semitones, two's complement", "-12 to 12", "pitch", Verified, "+12 (032); below 0 claimed", "Set pitch -1, export, read the word"},
	{"PADCONF.BIN", 0x38, 4, "pad record", "", "fine pitch, 1/100 semitone", "-100 to 100", "fine", Verified, "+3 (032)", "Set fine -0.01, export, read the word"},
	{"PADCONF.BIN", 0x3C, 4, "pad record", "", "play mode: forward, reverse, and both to and fro", "0-3", "play_mode", Verified, "025, ugc A02, A05", testShow},
	{"PADCONF.BIN", 0x40, 4, "pad record", "", "speed in percent x 100", "5000-15000", "speed", Verified, "5000 in 029 to 041; range documented p. 51", testShow},
	{"PADCONF.BIN", 0x44, 4, "pad record", "", "vinyl", "0, 1", "vinyl", Verified, "029", testShow},
	{"PADCONF.BIN", 0x48, 4, "pad record", "", "pan, 64 is the centre", "13-115", "pan", Verified, "65 (032); the span is claimed", "Set L50 and MONO(L), export, read the word"},
	{"PADCONF.BIN", 0x4C, 4, "pad record", "", "pad link, 0 = none", "0-10", "pad_link", Verified, "A, B, J (039, ugc A5, A6)", testShow},
	{"PADCONF.BIN", 0x50, 4, "pad record", "", "bus: dry, 1, 2", "0-2", "bus", Verified, "026, 027, ugc A8, A9", testShow},
	{"PADCONF.BIN", 0x54, 4, "pad record", "", "roll", "0, 2-10", "roll", Verified, "0, 2, 4, 7 (ugc A10 to A12); the others inferred; 1 unknown", "Set 1/8, 3/16 and 3/64, export, read the words"},
	{"PADCONF.BIN", 0x58, 4, "pad record", "", "attack", "0-127", "attack", Verified, "023", testShow},
	{"PADCONF.BIN", 0x5C, 4, "pad record", "", "hold, percent", "1-100", "hold", Verified, "023", testShow},
	{"PADCONF.BIN", 0x60, 4, "pad record", "", "release", "0-127", "release", Verified, "023", testShow},
	{"PADCONF.BIN", 0x64, 72, "pad record", "", "18 words of 0", "0", "constant, or the template's", Unknown, "0 in 8,000 records; key, groove, rate, humanize and colour must be somewhere", testDiff},

	{"SMP", 0x00, 4, "", "", "magic", "RFWV", "constant", Verified, "4 of 4 files", ""},
	{"SMP", 0x04, 4, "", "", "file size - 8", "", "from the sound", Verified, "4 of 4", "Does the import refuse a wrong size?"},
	{"SMP", 0x08, 4, "", "", "sample rate", "48000", "constant", Verified, "4 of 4", ""},
	{"SMP", 0x0C, 4, "", "", "channels", "1, 2", "from the sound", Verified, "2 in 4 of 4; 1 claimed by three sources", "Import a project with a mono SMP of ours"},
	{"SMP", 0x10, 4, "", "", "bits", "16", "constant", Verified, "4 of 4", ""},
	{"SMP", 0x14, 12, "", "", "zero", "0", "constant", Verified, "4 of 4", ""},
	{"SMP", 0x20, 16, "", "", "MD5 of bytes 0x04 to 0x13", "", "computed", Verified, "4 of 4; rule found by SparkyMK2", "Does the import refuse a wrong digest?"},
	{"SMP", 0x30, 464, "", "", "filler", "any", "noise made from the digest", Inferred, "looks random, differs per file", testLoad},
	{"SMP", 0x200, 0, "", "", "16-bit big-endian frames, interleaved", "", "the sound", Verified, "two loud samples, by the steps between neighbours", testLoad},

	{"PTN", 0, 1, "record", "", "ticks to the next record", "0-255", "computed", Verified, "all step notes fall on multiples of 120", ""},
	{"PTN", 1, 1, "record", "", "type: 2F-7E note, 80 wait, 8C end, 8E control", "", "from the note", Verified, "38 files", ""},
	{"PTN", 2, 1, "record", "", "bit 0: banks F to J; 0x40 unknown", "", "from the pad", Verified, "J16, F1; the bit 0x40 is kept", testDiff},
	{"PTN", 3, 1, "record", "", "13 + semitones; bit 7 clear = Poly", "1-127", "from the note", Verified, "-6, 0, +1, +4 to +7", "Import a pattern of ours with chromatic notes"},
	{"PTN", 4, 1, "record", "", "velocity", "1-127", "from the note", Verified, "90 and 127", ""},
	{"PTN", 5, 1, "record", "", "0x40", "0x40", "constant", Verified, "value; release velocity is claimed", ""},
	{"PTN", 6, 2, "record", "", "length in ticks - 1, little-endian", "0-65535", "from the note", Verified, "119 = 1/16", ""},
	{"PTN", 0, 1, "control record", "", "ticks to the next record", "0-255", "kept from the device's file", Verified, "15, 16", ""},
	{"PTN", 1, 1, "control record", "", "type 8E: an effect is moved", "8E", "kept from the device's file", Verified, "15, 16", ""},
	{"PTN", 2, 1, "control record", "", "bus; 0x40 has been seen", "", "kept from the device's file", Claimed, "SparkyMK2", "Move knob 1 on bus 1, then on bus 2, export both, compare the byte"},
	{"PTN", 3, 1, "control record", "", "0, or FF", "", "kept from the device's file", Unknown, "FF in Project16 PTN00002 alone", testDiff},
	{"PTN", 4, 1, "control record", "", "absolute tick, high byte", "", "kept from the device's file", Verified, "15, 16; not in Project16 PTN00002", ""},
	{"PTN", 5, 1, "control record", "", "controller: 10 to 12 knobs 1 to 3, 13 switch, 53 effect", "", "kept from the device's file", Verified, "15, 16; 50 to 52 as knobs 4 to 6 inferred from the MIDI table", "Move knob 4 in a pattern, export, read the byte"},
	{"PTN", 6, 1, "control record", "", "value", "0-127", "kept from the device's file", Verified, "15, 16", ""},
	{"PTN", 7, 1, "control record", "", "absolute tick, low byte", "", "kept from the device's file", Verified, "15, 16", ""},
	{"PTN", 0, 1, "trailer", "", "bars", "1-64", "bars", Verified, "1, 2, 64", ""},
	{"PTN", 1, 3, "trailer", "", "0", "0", "constant", Verified, "38 files", ""},
	{"PTN", 4, 1, "trailer", "", "time signature: 4/4, 3/4, 2/4, 1/4, 5/4, 6/4, 7/4", "0-6", "quarters a bar", Verified, "0 and 1; the others claimed", "Make a pattern in 5/4, export, read the byte"},
	{"PTN", 5, 1, "trailer", "", "0x80 + first bar of the loop - 1", "", "loop", Verified, "02, 04, 05", ""},
	{"PTN", 6, 1, "trailer", "", "last bar of the loop", "1-64", "loop", Verified, "02, 04, 05", ""},
	{"PTN", 7, 1, "trailer", "", "1", "1", "constant", Verified, "value; the app refuses 0 (claimed)", ""},
}
