// Command sample-agent is the desktop program: a window without arguments, commands with.
package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"

	"sampleagent/app"
	"sampleagent/app/cli"
	"sampleagent/app/settings"
	"sampleagent/assets"
	"sampleagent/audio/playback"
	"sampleagent/ui"
)

func main() {
	if report, err := app.CatchCrashes(settings.SystemFolders().State); err != nil {
		fmt.Fprintln(os.Stderr, "sample-agent: crashes of this run will not be kept:", err)
	} else if report != "" {
		fmt.Fprintln(os.Stderr, app.CrashNotice(report))
	}
	demo, err := fs.Sub(assets.Demo, "demo")
	if err != nil {
		panic(err) // the name is wrong, which every run would show
	}
	os.Exit(cli.Run(context.Background(), os.Args[1:], cli.Env{
		Stdout: os.Stdout,
		Stderr: os.Stderr,
		Sound:  func() (app.Sound, error) { return playback.OpenSound(), nil },
		Demo:   demo,
		Window: ui.Run,
	}))
}
