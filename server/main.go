// Sample-agent-server is the companion server: serve, worker, migrate, doctor, admin.
package main

import (
	"os"

	"sampleagent/server/internal/ops"
)

func main() {
	os.Exit(ops.Main(os.Args[1:], os.Stdout, os.Stderr))
}
