//go:build !unix

package main

import (
	"errors"
	"time"
)

var errNotHere = errors.New("processor time is measured on Unix only")

func processor(func() error) (time.Duration, error) { return 0, errNotHere }

func child(string) (time.Duration, error) { return 0, errNotHere }

func cpu() string { return "an unnamed processor" }
