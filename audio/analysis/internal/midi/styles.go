package midi

// style is a way of playing: between which tempos, and a bar of so many beats as those count them who name such
// loops (in 6/8 and 12/8 dotted quarters), each row in equal steps. A drum's row: X struck hard, x played, o a
// ghost, ? in some loops. A line's row: a digit is a note of the chord, c the whole chord, x its two lowest, -
// goes on.
type style struct {
	lo, hi float64 // BPM
	beats  int
	bar    string // rows by name: "K x...x... S ..x...x."
}

// The drums of General MIDI by the letters of the bars.
var drumKeys = map[string]int{"K": 36, "S": 38, "R": 37, "C": 39, "H": 42, "P": 44, "O": 46, "D": 51, "B": 53, "T": 45, "U": 50, "W": 56, "A": 70, "M": 54,
	"L": 75, "c": 63, "C2": 64, "b": 60, "b2": 61, "t": 65, "g": 67, "g2": 68, "s": 69, "u": 78, "u2": 79, "z": 49}

var drumStyles = []style{
	// rock, pop, soul
	{85, 150, 4, "K X.......X.?..... S ....X.......X... H x.x.x.x.x.x.x.x."},
	{80, 140, 4, "K X.....x.X....... S ....X.......X... H x.x.x.x.x.x.x.x."},
	{70, 110, 4, "K X.....x.x.x..?.. S ....X.......X... H xoxoxoxoxoxoxoxo"},
	{140, 205, 4, "K X...x.?. S ..X...X. H xxxxxxxx"},
	{140, 200, 4, "K X..x.x?. S ..X...X. D x.x.x.x."},
	{60, 90, 4, "K X......xX....... S ....X.......X... H x.x.x.x.x.x.x.x."},
	{110, 165, 4, "K X.x.x.xx S x.x.x.x. H xxxxxxxx"},
	{110, 165, 4, "K X..xx..x S X.X.X.X. D xxxxxxxx M ..x...x."},
	{120, 180, 4, "K X.....x.X.?..... S ........X....... H x...x...x...x..."},
	{60, 90, 4, "K X.....?.X.x..... S ....X.......X... D x.x.x.x.x.x.x.x."},
	// funk, hip-hop
	{88, 118, 4, "K X..x..?...x..?.. S ....X..o.o..X..o H x.x.x.x.x.x.x.x."},
	{88, 118, 4, "K X.x...x...?x.... S o..oX.o.o.o.X.oo H xxxxxxxxxxxxxxxx"},
	{72, 102, 4, "K X......x.xx..... S ....X.......X... H x.x.x.x.x.x.x.x."},
	{76, 104, 4, "K X.x....x..x..?.. S ....X.......X..? H x.xxx.x.x.xxx.x."},
	{128, 160, 4, "K X.....x...?..... S ........X....... H x.x.x.x.x.xxx.x."},
	{60, 80, 4, "K X..x..x..x?..... C ....X.......X... H xxxxxxxxxxxxxxxx"},
	{85, 105, 4, "K X..x..X...x..?.. S ....X.......X... H x..xx..xx..xx..x"},
	// dance
	{116, 136, 4, "K X...X...X...X... C ....x.......x... O ..x...x...x...x."},
	{120, 145, 4, "K X...X...X...X... H x.xxx.xxx.xxx.xx O ..x...x...x...x."},
	{105, 130, 4, "K X...X...X...X... S ....X.......X... H xxxxxxxxxxxxxxxx"},
	{158, 180, 4, "K X.........x..... S ....X.......X... H x.x.x.x.x.x.x.x."},
	{158, 180, 4, "K X.x.......xx.... S ....X..o.o..X..o D x.x.x.x.x.x.x.x."},
	{125, 140, 4, "K X.....x...x..... S ....X.......X... H .xx..xx..xx..xx."},
	// triplets
	{75, 145, 4, "K X....xX....x S ...X.....X.. H x.xx.xx.xx.x"},
	{100, 150, 4, "K X.....X..?.. S ...X.....X.. D x.xx.xx.xx.x"},
	{48, 82, 4, "K X....xX..?.. S ...X.....X.. H xxxxxxxxxxxx"},
	{115, 245, 4, "K o..o..o..o.. D X..x.xX..x.x P ...x.....x.."},
	{115, 245, 4, "K x.....?..... S .....o..?..o D X..x.xX..x.x P ...x.....x.."},
	{90, 140, 4, "K X.....X..... S ..o..xX.o..x D X..x.xX..x.x P ...x.....x.."},
	{90, 190, 3, "K X..?..... S ...o..x.. D X..x.xx.. P ...x....."},
	{45, 80, 2, "K X..?.x S ...X.. H xxxxxx"},
	{45, 80, 4, "K X....?X....x S ...X.....X.. H xxxxxxxxxxxx"},
	{85, 135, 4, "K X.....X..... S ..o.o...o..o W x.x.xx.x.x.x"},
	// Latin, African, Caribbean
	{100, 165, 4, "K X..xX..x R x..x..x. H xxxxxxxx"},
	{100, 165, 4, "K X..xX..x R ..x..x.. D xxxxxxxx"},
	{85, 130, 4, "K x..xX..xx..xX..x S o.oxo.oxoxo.o.ox H xxxxxxxxxxxxxxxx"},
	{115, 165, 4, "K X...X...X...X... S o.o.xxxxo.o.x.xx A xxxxxxxxxxxxxxxx"},
	{105, 150, 4, "K X.X.X.X. t xxxxx.x. A x.xxx.xx W x...x..."},
	{80, 110, 4, "K X...X...X...X... A x.xxx.xxx.xxx.xx W ....x.......x..."},
	{85, 105, 4, "K X...X...X...X... S ...x..x....x..x. H x.x.x.x.x.x.x.x."},
	{85, 125, 4, "K ...x..x....x..x. L x..x..x...x.x... W x...x...x...x... c ..xx..xx..xx..xx"},
	{160, 220, 4, "K ...x...x W x.x.x.x. L x..x..x. c .x.xx..x"},
	{95, 145, 4, "K X..x..X..x.. W x.x.xx.x.x.x S ......?..... b ..x..x..x..x"},
	{100, 130, 4, "K X..x...xX..x..x. S o.oxo.ooX.oxo.oo g x.x.xx.x.x.xx.x."},
	{62, 95, 4, "K ........X....... R ........X....... H x.x.x.x.x.x.x.x."},
	{120, 175, 4, "K ....X....... S ..X...X. H .x.x.x.x"},
	{100, 130, 4, "K X...X...X...X... R ...x..x....x..x. A xxxxxxxxxxxxxxxx c x..xx..xx..xx..x"},
	{95, 125, 4, "K X..x..x.X..x..x. S ..o..oX...o..oX. H x.x.x.x.x.x.x.x."},
	// others
	{100, 135, 4, "K X...X... S xoxxxoxx"},
	{85, 125, 4, "K X..x..x...x..... S x.ox.oxox.ox.xox"},
	{110, 170, 5, "K X..x.x.... S ....X...X. H x.x.x.x.x."},
	{90, 170, 4, "T x...x...x...x... U ..x...x...xx.x.."},
	{80, 140, 4, "c x.xxx.xxx.xxx.xx C2 ..x...x...x...x."},
	{90, 130, 4, "A x.xxx.xxx.xxx.xx"},
	{70, 180, 4, "L x...x...x...x..."},
}

var lineStyles = []style{
	// chords, straight
	{65, 130, 4, "chords c-..c-cc..cc-cc-"},
	{70, 125, 4, "chords c...c.c...c.c.c."},
	{90, 180, 4, "chords c.c.c.c."},
	{90, 190, 4, "chords cccccccc"},
	{60, 110, 4, "chords c-c-c-c-c-c-c-c-"},
	{60, 110, 4, "chords cccccccccccccccc"},
	{60, 120, 4, "chords c---------------"},
	{60, 120, 4, "chords c-------c-------"},
	{60, 140, 4, "chords c---c---c---c---"},
	{70, 150, 4, "chords ..c...c...c...c."},
	{70, 140, 4, "chords ....c.......c..."},
	{90, 180, 4, "chords .c.c.c.c"},
	{80, 130, 4, "chords .xc..c.c..c..c.c"},
	{85, 118, 4, "chords ..cc..c...cc..c."},
	// chords, strokes of a beat and a half and other threes against fours
	{80, 185, 4, "chords c--c--c-"},
	{80, 185, 4, "chords c--c----"},
	{90, 180, 4, "chords c--c--c--c--c-c-"},
	{110, 185, 4, "chords c..c..c..c..c..c..c..c.."},
	{100, 150, 4, "chords c--c--c---c--c--"},
	{85, 135, 4, "chords c-----c-----c---"},
	{115, 140, 4, "chords c..c..c..c..c..c"},
	// arpeggios
	{60, 120, 4, "chords 0121012101210121"},
	{60, 125, 4, "chords 0-1-2-1-3-1-2-1-"},
	{100, 175, 4, "chords 01213121"},
	{55, 115, 4, "chords 012321012321"},
	{42, 80, 2, "chords 012321012321"},
	{42, 80, 2, "chords 0-1-2-3-2-1-"},
	{42, 80, 4, "chords 0123210123210123210123-1"},
	{42, 85, 2, "chords c-.ccc"},
	{42, 85, 2, "chords c-cc-c"},
	{80, 180, 3, "chords 0-c-c-"},
	{80, 180, 3, "chords 012321"},
	// swing, blues
	{80, 145, 4, "chords c.cc.cc.cc.c"},
	{100, 230, 4, "chords c..c..c..c.."},
	{100, 230, 4, "chords c....c......"},
	{45, 80, 4, "chords cccccccccccc"},
	// bass
	{80, 170, 4, "bass 00000000"},
	{60, 110, 4, "bass 0000000000000000"},
	{90, 230, 4, "bass 0-1-2-3-"},
	{90, 150, 4, "bass 0--00--2"},
	{110, 160, 4, "bass 0--20--2"},
	{110, 135, 4, "bass ..0...0...0...0."},
	{85, 118, 4, "bass 0..0..3.0.0.2.13"},
	{85, 135, 4, "bass 0.30.30.30.30.30"},
	{60, 90, 4, "bass 0-----..2-..0-.."},
	{80, 140, 4, "bass 0-00-20-00-3"},
	{45, 80, 2, "bass 0-.0-2"},
	{80, 180, 3, "bass 0-2-2-"},
	{55, 90, 4, "bass 0-------0--0----"},
	// melodies
	{60, 130, 4, "melody 0-1-2-1-3---2-1-"},
	{60, 130, 4, "melody 0--1--2-3--2--1-"},
	{70, 150, 4, "melody 0---2-3-1---0---"},
	{70, 140, 4, "melody 01320132"},
	{60, 130, 4, "melody 0123210301232103"},
	{80, 150, 4, "melody 0-12-30-12-3"},
	{45, 80, 2, "melody 0-12-3"},
	{110, 140, 4, "melody 0.2.30.20.3.20.1"},
}

var linePrograms = map[string][]int{
	"chords": {0, 1, 2, 4, 5, 6, 7, 11, 12, 15, 16, 17, 18, 21, 24, 24, 25, 25, 26, 27, 27, 28, 29, 30, 46, 48, 50, 61, 81, 88, 89},
	"bass":   {32, 33, 34, 35, 36, 38, 39},
	"melody": {0, 4, 9, 11, 12, 13, 24, 25, 26, 27, 40, 56, 64, 65, 71, 73, 75, 80, 81, 104, 105, 108},
}
