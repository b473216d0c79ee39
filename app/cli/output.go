package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-runewidth"
)

// output is where a command prints: results on out, progress and messages on err.
type output struct {
	json  bool
	quiet bool
	width int // columns of the terminal that shows out; 0: not a terminal, nothing is cut

	mu       sync.Mutex
	out      *bufio.Writer
	err      io.Writer
	live     bool   // err is a terminal: progress is one line that is drawn over
	shown    string // the progress line on the screen
	lastShow time.Time
	failed   int   // items that could not be done
	broken   error // why out cannot be written any more
}

func newOutput(env Env) *output {
	o := &output{out: bufio.NewWriter(env.Stdout), err: env.Stderr}
	if f, ok := env.Stdout.(*os.File); ok {
		o.width = terminalWidth(f)
	}
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 && o.width > 0 {
		o.width = n
	}
	if f, ok := env.Stderr.(*os.File); ok {
		o.live = terminalWidth(f) > 0
	}
	return o
}

// object prints one JSON object on a line of its own.
func (o *output) object(v any) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		// Only a NaN in a result can bring us here: better a stop than half a truth.
		o.fail(fmt.Errorf("print result: %w", err))
		return
	}
	o.line(strings.TrimSuffix(b.String(), "\n"))
}

// line prints a line of a result and hands it on at once, so that pipes see it as it comes.
func (o *output) line(s string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wipe()
	_, err := o.out.WriteString(s + "\n")
	if err == nil {
		err = o.out.Flush()
	}
	if err != nil && o.broken == nil {
		o.broken = fmt.Errorf("print result: %w", err)
	}
}

func (o *output) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.broken == nil {
		o.broken = err
	}
}

// trouble is why printing failed, or nil.
func (o *output) trouble() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.broken
}

// failure counts an item that could not be done and says why.
func (o *output) failure(item, reason string) {
	o.mu.Lock()
	o.failed++
	o.mu.Unlock()
	if strings.Contains(reason, item) { // most errors name their file already
		o.message("%s", reason)
		return
	}
	o.message("%s: %s", item, reason)
}

// count counts an item that could not be done and was printed with its reason elsewhere.
func (o *output) count() {
	o.mu.Lock()
	o.failed++
	o.mu.Unlock()
}

func (o *output) failures() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.failed
}

// message says something to the person, also when quiet.
func (o *output) message(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wipe()
	fmt.Fprintf(o.err, format+"\n", args...)
}

// note says something that quiet silences.
func (o *output) note(format string, args ...any) {
	if !o.quiet {
		o.message(format, args...)
	}
}

// How often progress is shown: as a line drawn over on a terminal, as lines of a log elsewhere.
const (
	liveEvery = 100 * time.Millisecond
	logEvery  = 10 * time.Second
)

// progress shows how far the work is; too frequent calls are dropped.
func (o *output) progress(format string, args ...any) {
	if o.quiet {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	if o.lastShow.IsZero() && !o.live {
		o.lastShow = now // a log's first line comes only when the work takes long
	}
	if every := map[bool]time.Duration{true: liveEvery, false: logEvery}[o.live]; now.Sub(o.lastShow) < every {
		return
	}
	o.lastShow = now
	s := fmt.Sprintf(format, args...)
	if !o.live {
		fmt.Fprintln(o.err, s)
		return
	}
	if o.width > 0 {
		s = runewidth.Truncate(s, o.width-1, "…")
	}
	fmt.Fprint(o.err, "\r\x1b[K"+s)
	o.shown = s
}

// wipe takes the progress line off the screen. The caller holds the lock.
func (o *output) wipe() {
	if o.shown != "" {
		fmt.Fprint(o.err, "\r\x1b[K")
		o.shown = ""
	}
}

// close ends the output: the progress line goes.
func (o *output) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wipe()
}
