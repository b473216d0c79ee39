package testbed

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Browser starts a real Chromium without a window and gives the context of its first tab; both
// end with the test. hosts are names that lead to this machine, as DNS would say it.
func Browser(t testing.TB, limit time.Duration, hosts ...string) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		missing(t, "Chromium", "apt-get install chromium")
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	// Tests run as root in containers, where Chromium's own sandbox cannot start.
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("autoplay-policy", "no-user-gesture-required"))
	if len(hosts) > 0 {
		opts = append(opts, chromedp.Flag("host-resolver-rules", "MAP "+strings.Join(hosts, " 127.0.0.1, MAP ")+" 127.0.0.1"))
	}
	ctx, cancel = chromedp.NewExecAllocator(ctx, opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return ctx
}
