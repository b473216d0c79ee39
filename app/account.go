package app

import (
	"context"
	"fmt"
	"os"

	"sampleagent/app/cloud"
	"sampleagent/app/event"
	"sampleagent/app/settings"
	"sampleagent/app/task"
	"sampleagent/library/catalog"
	"sampleagent/library/ingest"
	"sampleagent/library/kit"
	"sampleagent/sync/session"
)

// applicationID is the service under which the keyring keeps our secrets.
const applicationID = "app.sampleagent.desktop"

// Cloud is the account: signing in and out, the queue for cloud analysis, keeping in sync.
func (a *App) Cloud() *cloud.Cloud { return a.cloud }

// Server is the address of the cloud's server: the environment's, else the settings'; "" = none.
func (a *App) Server() string {
	if s := os.Getenv(ServerVariable); s != "" {
		return s
	}
	return a.settings.Get().Cloud.Server
}

func (a *App) newCloud(vault session.Vault) *cloud.Cloud {
	if vault == nil {
		vault = session.Keyring{Service: applicationID}
	}
	device, err := os.Hostname()
	if err != nil {
		device = "this computer" // a name for the list of sessions, nothing more
	}
	return cloud.New(cloud.Config{
		DB: a.db, Vault: vault, Device: device,
		Settings: func() settings.Cloud { return a.settings.Get().Cloud },
		Change: func(change func(*settings.Cloud)) error {
			return a.UpdateSettings(func(s *settings.Settings) { change(&s.Cloud) })
		},
		Managed: a.managedFolder,
		Take: func(ctx context.Context, path string) error {
			sum, err := ingest.Run(ctx, a.db, []string{path}, ingest.Options{Workers: 1})
			if err == nil && sum.Failed() > 0 {
				err = fmt.Errorf("%s: %s", path, sum.Failures[0].Reason)
			}
			return err
		},
		Changed: func() { a.bus.Send(event.CloudChanged{}) },
		Done:    func(name, text string) { a.bus.Send(event.CloudDone{Name: name, Text: text}) },
	})
}

// atHand makes sure that a sample's file is on this machine: one that is kept in the cloud is
// fetched first.
func (a *App) atHand(ctx context.Context, s *catalog.Sample) error {
	inCloud, err := a.inCloud(ctx, s)
	if err != nil || !inCloud {
		return err // opening the file says what is wrong with it
	}
	if err := a.cloud.Fetch(ctx, s.Row, nil); err != nil {
		return err
	}
	all, err := a.db.Samples(ctx, []catalog.Row{s.Row})
	if err == nil && len(all) == 1 {
		*s = all[0]
	}
	return err
}

// inCloud says whether a sample's file is not here and can be fetched; cloud.ErrElsewhere says that it
// is on another machine only.
func (a *App) inCloud(ctx context.Context, s *catalog.Sample) (bool, error) {
	if s.State != catalog.Missing {
		return false, nil
	}
	in, err := a.cloud.InCloud(ctx, []catalog.Row{s.Row})
	if err == nil && len(in) == 0 && s.Remote() {
		err = cloud.ErrElsewhere
	}
	return len(in) > 0, err
}

// fetchKind is the lane of files that come from the cloud.
const fetchKind = "fetch"

// FetchFromCloud brings the files of samples that are kept in the cloud to this machine, as a
// task. What has a file here is left alone.
func (a *App) FetchFromCloud(ctx context.Context, rows []catalog.Row) (task.ID, error) {
	in, err := a.cloud.InCloud(ctx, rows)
	if err != nil {
		return "", err
	}
	if len(in) == 0 {
		return "", fmt.Errorf("%w, or is here already", cloud.ErrElsewhere)
	}
	return a.tasks.Start(fetchKind, "Fetch "+samples(len(in)), func(ctx context.Context, h *task.Handle) error {
		got := 0
		for i, row := range in {
			if err := h.Checkpoint(ctx); err != nil {
				return err
			}
			name := ""
			if s, err := a.db.Samples(ctx, []catalog.Row{row}); err == nil && len(s) == 1 {
				name = s[0].Name
			}
			h.Progress(int64(i), int64(len(in)), 0, 0, name)
			err := a.cloud.Fetch(ctx, row, func(n, size int64) { h.Progress(int64(i), int64(len(in)), n, size, name) })
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				h.Fail(name, err.Error())
				continue
			}
			got++
		}
		h.Finish(samples(got)+" fetched", got)
		return nil
	})
}

// fetchKit brings the sounds of a kit's pads here that are kept in the cloud, and says what could
// not be fetched.
func (a *App) fetchKit(ctx context.Context, k kit.Kit) (problems []string, err error) {
	found, err := a.PadSamples(ctx, k)
	if err != nil {
		return nil, err
	}
	for _, s := range found {
		if err := a.atHand(ctx, &s); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			problems = append(problems, err.Error())
		}
	}
	return problems, nil
}
