// Command program is the desktop program without its window, for tests that need a process.
package main

import (
	"context"
	"os"

	"sampleagent/app/cli"
)

func main() {
	os.Exit(cli.Run(context.Background(), os.Args[1:], cli.Env{Stdout: os.Stdout, Stderr: os.Stderr}))
}
