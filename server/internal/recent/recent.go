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
	asked time.Time // by the machine's clock
}

// Get is an answer that is fresh. With an error of ask comes the last answer, or the zero value when
// there was none.
func (a *Answer[T]) Get(ask func(context.Context) (T, error)) (answer T, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known != nil && time.Since(a.asked) < Fresh {
		return *a.known, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	fresh, err := ask(ctx)
	if err == nil {
		a.known, a.asked = &fresh, time.Now()
	}
	if a.known != nil {
		answer = *a.known
	}
	return answer, err
}

// Forget makes the next Get ask.
func (a *Answer[T]) Forget() {
	a.mu.Lock()
	a.known = nil
	a.mu.Unlock()
}
