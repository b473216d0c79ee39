package testbed

import (
	"fmt"
	"net/http"
	"os/exec"
	"testing"
)

// StripeMock is the address of Stripe's own mock: it knows the shape of every request and answer,
// refuses parameters that Stripe does not have, and keeps nothing.
func StripeMock(t testing.TB) string {
	t.Helper()
	address := fmt.Sprintf("127.0.0.1:%d", FreePort(t))
	cmd := exec.Command(Tool(t, "stripe-mock"), "-http-addr", address, "-https-port", "0")
	if err := start(cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	if err := waitFor("stripe-mock", func() error {
		r, err := http.Get("http://" + address + "/")
		if err != nil {
			return err
		}
		return r.Body.Close()
	}); err != nil {
		t.Fatal(err)
	}
	return "http://" + address
}
