package app

import (
	"os"

	"sampleagent/app/cloud"
	"sampleagent/app/event"
	"sampleagent/app/settings"
	"sampleagent/sync/session"
)

// applicationID is the service under which the keyring keeps our secrets.
const applicationID = "app.sampleagent.desktop"

// Cloud is the account: signing in and out, the queue for cloud analysis, keeping in step.
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
		Changed: func() { a.bus.Send(event.CloudChanged{}) },
		Done:    func(name, text string) { a.bus.Send(event.CloudDone{Name: name, Text: text}) },
	})
}
