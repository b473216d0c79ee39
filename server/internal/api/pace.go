package api

import (
	"io"
	"net/http"
	"time"
)

// Pace is how slow a client may be: it must keep up Rate on average, once Grace is over. A slow
// line then ends no upload or download that goes on, and who stands still is cut off, in either
// direction. A handler that sets a write deadline itself, as the live streams do, has its own rule.
type Pace struct {
	Grace time.Duration
	Rate  int64 // bytes a second
}

// DefaultPace lets 100 MB take nearly two hours.
var DefaultPace = Pace{Grace: time.Minute, Rate: 16 << 10}

// Handler holds clients to the pace. It replaces the server's own limits of reading a body and
// of writing an answer, which count from the request's begin, however much moves.
func (p Pace) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		if r.Body == nil || r.Body == http.NoBody {
			// The server looks for a lost connection by reading, and takes a deadline for one.
			_ = c.SetReadDeadline(time.Time{}) // writers of tests have none
		} else {
			body := &pacedBody{ReadCloser: r.Body, c: c, pace: p, began: time.Now()}
			body.moved(0)
			r.Body = body
		}
		next.ServeHTTP(&pacedWriter{ResponseWriter: w, c: c, pace: p}, r)
	})
}

func (p Pace) until(began time.Time, bytes int64) time.Time {
	return began.Add(p.Grace + time.Duration(float64(bytes)/float64(p.Rate)*float64(time.Second)))
}

type pacedBody struct {
	io.ReadCloser
	c     *http.ResponseController
	pace  Pace
	began time.Time
	bytes int64
}

func (b *pacedBody) Read(to []byte) (int, error) {
	n, err := b.ReadCloser.Read(to)
	if err == io.EOF {
		_ = b.c.SetReadDeadline(time.Time{})
	} else {
		b.moved(n)
	}
	return n, err
}

func (b *pacedBody) moved(n int) {
	b.bytes += int64(n)
	_ = b.c.SetReadDeadline(b.pace.until(b.began, b.bytes))
}

type pacedWriter struct {
	http.ResponseWriter
	c     *http.ResponseController
	pace  Pace
	began time.Time // of the answer
	bytes int64
	own   bool
}

func (w *pacedWriter) WriteHeader(status int) {
	w.move(0)
	w.ResponseWriter.WriteHeader(status)
}

func (w *pacedWriter) Write(b []byte) (int, error) {
	w.move(len(b))
	return w.ResponseWriter.Write(b)
}

func (w *pacedWriter) move(n int) {
	if w.own {
		return
	}
	if w.began.IsZero() {
		w.began = time.Now()
	}
	w.bytes += int64(n)
	_ = w.c.SetWriteDeadline(w.pace.until(w.began, w.bytes))
}

// SetWriteDeadline is found by http.ResponseController.
func (w *pacedWriter) SetWriteDeadline(t time.Time) error {
	w.own = true
	return w.c.SetWriteDeadline(t)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
