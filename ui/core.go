// Package ui is the window. It draws what the application knows and tells it what a person does.
//
// Every widget is touched on Fyne's goroutine only; what takes time runs on others, and the one
// pump in pump.go brings results and the application's events back. No screen reads a disk, a
// database or a network while it draws.
package ui

import (
	"context"
	"time"

	"sampleagent/app"
	"sampleagent/app/cloud"
	"sampleagent/app/event"
	"sampleagent/app/settings"
	"sampleagent/app/task"
	"sampleagent/audio/edit"
	"sampleagent/audio/pcm"
	"sampleagent/audio/waveform"
	"sampleagent/library/catalog"
	"sampleagent/ui/browser"
	"sampleagent/ui/card"
	"sampleagent/ui/fill"
	"sampleagent/ui/inspector"
	"sampleagent/ui/kit"
	"sampleagent/ui/pad"
	"sampleagent/ui/pattern"
)

// Core is all that the window needs of the application: what its screens need, and what is
// common to them. *app.App serves it through the small adapter in run.go; tests use a library
// that never was.
type Core interface {
	browser.Core
	inspector.Core
	kit.Core
	card.Core
	pad.Core
	fill.Core
	pattern.Core

	Settings() settings.Settings
	UpdateSettings(change func(*settings.Settings)) error
	Subscribe() *event.Subscription
	Notices() []string

	Counts(ctx context.Context) (catalog.Counts, error)
	AllTags(ctx context.Context) ([]catalog.Tag, error)
	Collections(ctx context.Context) ([]catalog.Collection, error)
	NewCollection(ctx context.Context, parent, name string, query *string) (catalog.Collection, error)
	ChangeCollection(ctx context.Context, id string, change func(*catalog.Collection)) error
	DeleteCollection(ctx context.Context, id string) error
	OrderCollection(ctx context.Context, id string, rows []catalog.Row) error
	AddToCollection(ctx context.Context, id string, rows []catalog.Row) error
	RemoveFromCollection(ctx context.Context, id string, rows []catalog.Row) error
	Count(ctx context.Context, query string) (int, error)
	WatchedFolders() []string
	Unwatch(ctx context.Context, dir string) error
	Watch(ctx context.Context, dir string) error
	Failures(ctx context.Context) ([]catalog.Failure, error)
	SampleByID(ctx context.Context, id string) (catalog.Sample, error)
	Peaks(ctx context.Context, row catalog.Row) (*waveform.Peaks, error)
	Sound(ctx context.Context, row catalog.Row) (*pcm.Buffer, error)
	Remove(ctx context.Context, rows []catalog.Row) error

	Import(paths ...string) (task.ID, error)
	ImportDemo() (task.ID, error)
	Reanalyse(ctx context.Context, rows []catalog.Row) (task.ID, error)
	BringEarlier(database string, roots ...string) (task.ID, error)
	Tasks() []task.Status
	PauseTask(id task.ID)
	ResumeTask(id task.ID)
	CancelTask(id task.ID)
	DismissTask(id task.ID)

	Reshape(ctx context.Context, row catalog.Row, recipes []edit.Recipe) ([]catalog.Row, error)
	PreviewReshape(row catalog.Row, r edit.Recipe)
	Stop()
	TogglePlay()
	Seek(seconds float64)
	SetLoop(on bool)
	SetVolume(v float64)
	Transport() app.Transport
	PlayingPads(kitID string) []app.PlayingPad
	PlayingPattern() (app.PlayingPattern, bool)
	StopPads()
	Tap(at time.Time) (bpm float64, taps int)

	Undo(ctx context.Context) (name string, err error)
	Redo(ctx context.Context) (name string, err error)
	History() (undo, redo string)

	Exports(ctx context.Context) ([]app.Export, error)

	Doctor(ctx context.Context) []app.Check

	Cloud() *cloud.Cloud
	FetchFromCloud(ctx context.Context, rows []catalog.Row) (task.ID, error)
	Server() string // of the cloud; "" = none
}
