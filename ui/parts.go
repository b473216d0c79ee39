package ui

import (
	"context"
	"errors"

	"sampleagent/app/task"
	"sampleagent/ui/card"
)

// What this build of the application may not have is asked for by interface; without it the
// window says so instead of offering what cannot be done.
var errNotHere = errors.New("this build of the program cannot do that")

type (
	importer interface {
		Import(paths ...string) (task.ID, error)
	}
	demo  interface{ ImportDemo() (task.ID, error) }
	tasks interface {
		Tasks() []task.Status
		PauseTask(id task.ID)
		ResumeTask(id task.ID)
		CancelTask(id task.ID)
		DismissTask(id task.ID)
	}
	watcher interface {
		WatchedFolders() []string
		Watch(ctx context.Context, dir string) error
		Unwatch(ctx context.Context, dir string) error
	}
)

func (c *core) Import(paths ...string) (task.ID, error) {
	if a, ok := any(c.App).(importer); ok {
		return a.Import(paths...)
	}
	return "", errNotHere
}

func (c *core) ImportDemo() (task.ID, error) {
	if a, ok := any(c.App).(demo); ok {
		return a.ImportDemo()
	}
	return "", errNotHere
}

func (c *core) Tasks() []task.Status {
	if a, ok := any(c.App).(tasks); ok {
		return a.Tasks()
	}
	return nil
}

func (c *core) eachTask(do func(tasks)) {
	if a, ok := any(c.App).(tasks); ok {
		do(a)
	}
}

func (c *core) PauseTask(id task.ID)   { c.eachTask(func(t tasks) { t.PauseTask(id) }) }
func (c *core) ResumeTask(id task.ID)  { c.eachTask(func(t tasks) { t.ResumeTask(id) }) }
func (c *core) CancelTask(id task.ID)  { c.eachTask(func(t tasks) { t.CancelTask(id) }) }
func (c *core) DismissTask(id task.ID) { c.eachTask(func(t tasks) { t.DismissTask(id) }) }

func (c *core) WatchedFolders() []string {
	if a, ok := any(c.App).(watcher); ok {
		return a.WatchedFolders()
	}
	return nil
}

func (c *core) Watch(ctx context.Context, dir string) error {
	if a, ok := any(c.App).(watcher); ok {
		return a.Watch(ctx, dir)
	}
	return errNotHere
}

func (c *core) Unwatch(ctx context.Context, dir string) error {
	if a, ok := any(c.App).(watcher); ok {
		return a.Unwatch(ctx, dir)
	}
	return errNotHere
}

func (c *core) PlanKit(context.Context, card.Options) (*card.Plan, error) { return nil, errNotHere }
func (c *core) WritePlan(*card.Plan) (task.ID, error)                     { return "", errNotHere }
func (c *core) VerifyDir(context.Context, string) ([]string, int, error)  { return nil, 0, errNotHere }
func (c *core) ReadCard(context.Context, string) (task.ID, error)         { return "", errNotHere }
