// Package recent keeps the answer to a question about rows that any process may change. It is asked
// anew when the answer is older than Fresh; when it cannot be asked, the last answer stands.
//
// It must never know what the question is.
package recent

import (
	"context"
	"sync"
	"time"
)

// Fresh is how old an answer may be: what another process changed is followed within it.
const Fresh = 2 * time.Second

// patience is how long a question may take.
const patience = 5 * time.Second

// Answer is the last answer; the zero value has none.
type Answer[T any] struct {
	mu    sync.Mutex
	known *T
	err   error     // of the last question, whose answer is not known
	asked time.Time // by the machine's clock
}

// Get is an answer that is fresh. With an error of ask comes the last answer, or the zero value when
// there was none. It too stands for Fresh, without the error if there is an answer: who cannot be
// asked holds up one question in that time, not all.
func (a *Answer[T]) Get(ask func(context.Context) (T, error)) (answer T, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if time.Since(a.asked) < Fresh {
		if a.known != nil {
			return *a.known, nil
		}
		return answer, a.err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	fresh, err := ask(ctx)
	if a.err = err; err == nil {
		a.known = &fresh
	}
	a.asked = time.Now()
	if a.known != nil {
		answer = *a.known
	}
	return answer, err
}

// Forget makes the next Get ask.
func (a *Answer[T]) Forget() {
	a.mu.Lock()
	a.known, a.asked = nil, time.Time{}
	a.mu.Unlock()
}
