package app

import (
	"context"

	"sampleagent/app/task"
)

// Tasks lists long work, newest first.
func (a *App) Tasks() []task.Status { return a.tasks.All() }

// Task gives one task's state.
func (a *App) Task(id task.ID) (task.Status, bool) { return a.tasks.Status(id) }

// WaitTask waits until a task has ended.
func (a *App) WaitTask(ctx context.Context, id task.ID) (task.Status, error) {
	return a.tasks.Wait(ctx, id)
}

// PauseTask stops a task between two items; what is done stays done.
func (a *App) PauseTask(id task.ID) { a.tasks.Pause(id) }

// ResumeTask lets it go on.
func (a *App) ResumeTask(id task.ID) { a.tasks.Resume(id) }

// CancelTask ends it.
func (a *App) CancelTask(id task.ID) { a.tasks.Cancel(id) }

// DismissTask takes a task that has ended off the list.
func (a *App) DismissTask(id task.ID) { a.tasks.Dismiss(id) }
