// Package app is the application without a window: it opens the library, owns the long-running
// parts, closes them in order, and has one method for each thing a person can do.
//
// It must never know a widget (ui draws what it says), SQL (catalog has that), or the system's
// sound device (main hands in a Sound).
package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"sampleagent/app/cloud"
	"sampleagent/app/event"
	"sampleagent/app/history"
	"sampleagent/app/settings"
	"sampleagent/app/task"
	"sampleagent/audio/controller"
	"sampleagent/library/catalog"
	"sampleagent/sync/session"
)

// Options say where things are and what the machine offers. The zero value is the person's own
// library, without sound and without demo sounds.
type Options struct {
	Library string                // database file; "" = what the settings say, else the data folder's
	Folders *settings.Folders     // nil = the system's
	Sound   func() (Sound, error) // opened when the first sound is played; nil = silence
	Demo    fs.FS                 // imported when the library is new; nil = nothing
	Vault   session.Vault         // where the sign-in is kept; nil = the system's keyring
	// Background lets the app do by itself what a window expects: go on with an import that was
	// stopped, watch folders, see what other programs change. Commands leave it off.
	Background bool
}

// App is the open application. Its methods may be called from any goroutine.
type App struct {
	folders  settings.Folders
	settings *settings.Store
	notices  []string
	db       *catalog.DB
	bus      event.Bus
	tasks    *task.Manager
	history  *history.History
	player   *player
	pads     *padDeck
	cloud    *cloud.Cloud
	watch    *watcher
	demo     fs.FS
	tapper   tapper

	editing sync.Mutex // one edit at a time: each reads what it changes
	life    context.Context
	end     context.CancelFunc
	wg      sync.WaitGroup // what runs until end
	closing sync.Once
	closed  error
}

// historyLength is how many edits can be undone.
const historyLength = 500

// Open opens settings and library and starts the background. When the library is new and there
// are demo sounds, their import begins.
func Open(ctx context.Context, o Options) (*App, error) {
	a := &App{}
	if o.Folders != nil {
		a.folders = *o.Folders
	} else {
		a.folders = settings.SystemFolders()
	}
	var err error
	if a.settings, a.notices, err = settings.Open(a.folders.File()); err != nil {
		return nil, err
	}
	path := a.LibraryPath(o.Library)
	_, statErr := os.Stat(path)
	fresh := errors.Is(statErr, fs.ErrNotExist)
	if a.db, err = catalog.Open(ctx, path); err != nil {
		return nil, err
	}
	a.life, a.end = context.WithCancel(context.Background())
	a.tasks = task.New(func(st task.Status) { a.bus.Send(event.TaskChanged{Status: st}) })
	a.history = history.New(historyLength, func(undo, redo string) { a.bus.Send(event.HistoryChanged{Undo: undo, Redo: redo}) })
	a.player = newPlayer(a, o.Sound)
	a.pads = newPadDeck(a)
	a.cloud = a.newCloud(o.Vault)
	a.watch = &watcher{a: a, wake: make(chan struct{}, 1)}
	a.demo = o.Demo
	a.forwardChanges()
	if o.Background {
		a.wg.Go(a.pollOthers)
		a.wg.Go(func() { a.cloud.Run(a.life) })
		if o.Sound != nil {
			a.wg.Go(a.findDevice)
			if dir := controller.Dir(); dir != "" {
				a.wg.Go(func() { a.controllers(a.life, dir) })
			}
		}
		if err := a.startBackground(ctx); err != nil {
			return nil, errors.Join(err, a.Close())
		}
		if fresh && o.Demo != nil {
			if _, err := a.ImportDemo(); err != nil {
				a.notices = append(a.notices, fmt.Sprintf("The demo sounds could not be imported: %v.", err))
			}
		}
	}
	return a, nil
}

// LibraryPath is the database file: the one that is named, else the settings', else the system's.
func (a *App) LibraryPath(named string) string {
	if named != "" {
		return named
	}
	if s := a.settings.Get().Library.File; s != "" {
		return s
	}
	return a.folders.Library()
}

// Close stops the sound, then long work and watching, and closes the library last. What was
// imported stays; an import that was stopped goes on at the next start. Closing twice is fine.
func (a *App) Close() error {
	a.closing.Do(func() {
		a.end()
		a.pads.close()
		a.player.close()
		a.tasks.Close()
		a.wg.Wait()
		a.bus.Close()
		a.closed = a.db.Close()
	})
	return a.closed
}

// Subscribe gives a queue of what happens from now on.
func (a *App) Subscribe() *event.Subscription { return a.bus.Subscribe() }

// Notices are what a person should know about the start: settings that were set aside.
func (a *App) Notices() []string { return a.notices }

// Folders are the program's places on this system.
func (a *App) Folders() settings.Folders { return a.folders }

// Settings gives the preferences.
func (a *App) Settings() settings.Settings { return a.settings.Get() }

// UpdateSettings changes preferences, saves them and lets them act at once. A value out of range
// is refused and changes nothing.
func (a *App) UpdateSettings(change func(*settings.Settings)) error {
	if err := a.settings.Update(change); err != nil {
		return err
	}
	a.player.apply(a.settings.Get().Playback)
	a.bus.Send(event.SettingsChanged{})
	return nil
}

// forwardChanges turns the library's change feed into events.
func (a *App) forwardChanges() {
	changes := a.db.Watch(a.life)
	a.wg.Go(func() {
		for c := range changes {
			if c.Many || c.Tags || len(c.Added)+len(c.Updated)+len(c.Removed) > 0 || c.Failures || c.Folders {
				a.bus.Send(event.LibraryChanged{Change: c})
			}
			if c.Collections {
				a.bus.Send(event.CollectionsChanged{})
			}
			for _, id := range c.Kits {
				a.pads.forget(id)
				a.bus.Send(event.KitChanged{ID: id})
			}
			if len(c.Jobs) > 0 || c.Many {
				a.bus.Send(event.CloudChanged{})
			}
			if c.Many {
				a.pads.forget("")
			}
			if len(c.Kits) > 0 || c.Many {
				a.bus.Send(event.KitsChanged{})
			}
		}
	})
}

// pollEvery is how often the library is asked whether another program changed it.
const pollEvery = time.Second

func (a *App) pollOthers() {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	failed := false
	for {
		select {
		case <-a.life.Done():
			return
		case <-tick.C:
		}
		_, err := a.db.Poll(a.life)
		// Said once: a library on a share that went away fails every second.
		if err != nil && a.life.Err() == nil && !failed {
			a.Tell(event.Problem, "The library does not answer: %v.", err)
		}
		failed = err != nil
	}
}

// Tell puts a message on the screen.
func (a *App) Tell(level event.Level, format string, args ...any) {
	a.bus.Send(event.Message{Level: level, Text: fmt.Sprintf(format, args...)})
}
