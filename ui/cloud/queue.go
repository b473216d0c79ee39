package cloud

import (
	"context"
	"errors"
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	app "sampleagent/app/cloud"
	"sampleagent/app/words"
	"sampleagent/library/catalog"
	"sampleagent/ui/browser"
	"sampleagent/ui/theme"
	own "sampleagent/ui/widget"
)

// Queue is the dialog before a selection goes up, as data: what would become of each file is told
// before anything is sent.
type Queue struct {
	OnChanged func()

	core    Core
	run     browser.Background
	rows    []catalog.Row
	preview app.Preview
	err     string
	stop    context.CancelFunc
}

// NewQueue looks at a selection.
func NewQueue(core Core, run browser.Background, rows []catalog.Row) *Queue {
	q := &Queue{core: core, run: run, rows: rows, preview: app.Preview{Files: len(rows), Left: -1, Room: -1}}
	looking, stop := context.WithCancel(context.Background())
	q.stop = stop
	run(func(ctx context.Context) func() {
		defer context.AfterFunc(ctx, stop)()
		last, err := core.Preview(looking, rows, func(p app.Preview) {
			p.Refused = append([]app.Refusal(nil), p.Refused...)
			run(func(context.Context) func() { return func() { q.show(p, nil) } })
		})
		return func() { q.show(last, err) }
	})
	return q
}

func (q *Queue) show(p app.Preview, err error) {
	if err == nil && p.Packed < q.preview.Packed {
		return // overtaken on the way
	}
	if err == nil {
		q.preview = p
	} else if !errors.Is(err, context.Canceled) {
		q.err = err.Error()
	}
	if q.OnChanged != nil {
		q.OnChanged()
	}
}

// Preview is what is known so far.
func (q *Queue) Preview() app.Preview { return q.preview }

// Ready says whether there is anything to send.
func (q *Queue) Ready() bool { return q.preview.Fits > 0 }

// Close ends the looking.
func (q *Queue) Close() { q.stop() }

// Send queues what can go up; done is told how many, and why others cannot.
func (q *Queue) Send(done func(n int, err error)) {
	q.stop()
	rows := q.rows
	q.run(func(ctx context.Context) func() {
		n, err := q.core.Queue(ctx, rows)
		return func() { done(n, err) }
	})
}

// NewQueueView draws the dialog. send and cancel are its two ends.
func NewQueueView(q *Queue, m *Model, send, cancel func()) (root fyne.CanvasObject, focus fyne.Focusable) {
	lines, refused := newKeyed(5), newKeyed(3)
	bar := own.NewBar(theme.Accent, 4)
	ok := own.NewTextButton("import", "Send", "", send)
	ok.Strong = true
	no := own.NewTextButton("", "Cancel", "", cancel)
	ok.OnEscape, no.OnEscape = cancel, cancel
	title := own.NewTitle("Analyse in the cloud")
	to := own.NewLabel("")
	to.Colour, to.Align = theme.TextDim, fyne.TextAlignTrailing
	ready := false
	refresh := func() {
		p := q.Preview()
		s := m.core.State()
		tier := ""
		if s.Details != nil {
			tier = s.Details.Tier
		}
		to.SetText(s.Account.Email + " · " + host(s.Account.Server))
		show(bar, p.Packed < p.Files)
		bar.SetValue(float64(p.Packed) / float64(max(1, p.Files)))
		all := previewLines(p, tier, m.now())
		if q.err != "" {
			all = append(all, Line{q.err, theme.Bad})
		}
		lines.show(fmt.Sprint(all), func() (out []fyne.CanvasObject) {
			for _, l := range all {
				label := own.NewLabel(l.Text)
				label.Colour = l.Colour
				out = append(out, label)
			}
			return out
		})
		refused.show(fmt.Sprint(len(p.Refused)), func() (out []fyne.CanvasObject) {
			if len(p.Refused) > 0 {
				out = append(out, section(fmt.Sprintf("%s not be sent", words.Count(len(p.Refused), "will", "will"))))
			}
			for _, r := range p.Refused {
				name := own.NewLabel(r.Name)
				why := own.NewLabel(r.Reason)
				why.Colour, why.TextSize = theme.Warn, theme.TextSmall
				out = append(out, own.Beside(8, 1, own.FixedWidth(190, name), why))
			}
			return out
		})
		ok.SetOff(!q.Ready())
		ok.SetText("Send " + words.Count(p.Fits, "sound", "sounds"))
		if q.Ready() && !ready { // what is off is refused the keyboard
			ready = true
			if c := fyne.CurrentApp().Driver().CanvasForObject(ok); c != nil && c.Focused() == nil {
				c.Focus(ok)
			}
		}
	}
	q.OnChanged = refresh
	refresh()
	content := own.Below(12, 3, own.Beside(10, 1, title, to), lines.box, bar,
		container.NewVScroll(own.InsetEach(refused.box, 0, 0, 12, 0)), own.Beside(8, 0, gap(), no, ok))
	return content, ok
}
