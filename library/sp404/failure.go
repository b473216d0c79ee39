package sp404

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// WriteError says why a card was not written, and what is on it now.
type WriteError struct {
	Dir     string
	Err     error  // ErrFull, ErrReadOnly, ErrGone, context.Canceled... may be asked for with errors.Is
	Advice  string // what to do
	Touched bool   // something could not be put back; the next Write of the kit will
}

func (e *WriteError) Error() string {
	s := e.Err.Error() + ". "
	if e.Touched {
		s += "The card could not be put in order; do so by writing to it again before you use it in the device."
	} else {
		s += "What was on the card is as it was."
	}
	if e.Advice != "" {
		s += " " + e.Advice
	}
	return s
}

func (e *WriteError) Unwrap() error { return e.Err }

// explain turns what a system says into what happened to the card.
func explain(err error, dir string, touched bool) error {
	if err == nil {
		return nil
	}
	var done *WriteError
	if errors.As(err, &done) {
		return err
	}
	w := &WriteError{Dir: dir, Err: err, Touched: touched}
	is := func(list []error) bool {
		for _, e := range list {
			if errors.Is(err, e) {
				return true
			}
		}
		return false
	}
	var source *SourceError
	switch {
	case errors.As(err, &source) && source.Unwrap() == nil:
		w.Advice = "Plan again: the sample will then be left out."
	case errors.Is(err, context.Canceled):
		w.Err = fmt.Errorf("writing was cancelled (%w)", err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, ErrChanged), errors.Is(err, ErrNotVerified), errors.Is(err, ErrDoesNotFit):
	case is(fullErrors):
		w.Err = fmt.Errorf("%w: %w", ErrFull, err)
		w.Advice = "Remove something from the card, or take fewer or shorter samples."
	case is(readOnlyErrors), errors.Is(err, fs.ErrPermission):
		w.Err = fmt.Errorf("%w: %w", ErrReadOnly, err)
		w.Advice = "Look at the card's lock switch and at your rights to the folder."
	case is(goneErrors), errors.Is(err, fs.ErrNotExist):
		w.Err = fmt.Errorf("%w: %w", ErrGone, err)
		w.Advice = "Put the card back in, or choose its folder again."
	}
	return w
}
