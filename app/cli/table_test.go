package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
)

func printed(width int, f func(o *output)) string {
	var out, err bytes.Buffer
	o := newOutput(Env{Stdout: &out, Stderr: &err})
	o.width = width
	f(o)
	return out.String()
}

func fill(o *output) {
	t := o.table(column{title: "BPM", right: true}, column{title: "NAME", cut: 8}, column{title: "PATH", cut: 10, path: true})
	t.row("92.0", "Kick", "/samples/drums/Kick.wav")
	t.row("–", "日本の太鼓", "/samples/world/日本の太鼓.wav")
	t.row("174.0", "a name\nwith a line break", "/\u202ex.wav")
	t.end()
}

func TestATableIsAlignedAndNotCutInAPipe(t *testing.T) {
	want := `  BPM  NAME                      PATH
 92.0  Kick                      /samples/drums/Kick.wav
    –  日本の太鼓                /samples/world/日本の太鼓.wav
174.0  a name?with a line break  /?x.wav
`
	if got := printed(0, fill); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestATableFitsTheTerminal(t *testing.T) {
	for _, width := range []int{30, 40, 50, 80} {
		got := printed(width, fill)
		for _, line := range strings.Split(got, "\n") {
			if w := runewidth.StringWidth(line); w > width {
				t.Errorf("at %d columns a line has %d: %q", width, w, line)
			}
		}
		if !strings.Contains(got, "Kick.wav") {
			t.Errorf("at %d columns the file's own name was cut:\n%s", width, got)
		}
	}
}
