package ops_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"sampleagent/server/internal/ops"
	"sampleagent/server/internal/plan"
	"sampleagent/sync/wire"
)

// command runs the server's program beside the running server, on the same data, and gives what it
// prints.
func (w *world) command(args ...string) (string, error) {
	w.t.Helper()
	var out bytes.Buffer
	cmd := ops.Command(&out, &out)
	cmd.SetArgs(append(args, "--data", w.Config.Data, "--database-url", w.Config.DatabaseURL, "--listen", w.Config.Listen, "--log-level", "error"))
	err := cmd.ExecuteContext(w.t.Context())
	return out.String(), err
}

// The commands of operators on both databases: find, tier, contract, credit, block, feature, each
// with its reason in the audit log; none works without one.
func TestAdminCommands(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		t.Setenv("USER", "olga")
		ada := w.signIn("ada@example.org", plan.Free)
		w.signIn("bob@example.org", plan.Free)
		must := func(want string, args ...string) string {
			t.Helper()
			out, err := w.command(append([]string{"admin"}, args...)...)
			if err != nil || !strings.Contains(out, want) {
				t.Errorf("admin %s: %v, %q does not say %q", strings.Join(args, " "), err, out, want)
			}
			return out
		}
		account := func() (a wire.Account) {
			t.Helper()
			ada.call("GET", "/api/account", nil, &a)
			return a
		}
		if out := must(ada.id, "users", "ADA@"); !strings.Contains(out, "ada@example.org") || !strings.Contains(out, "free") || strings.Contains(out, "bob@") {
			t.Errorf("users: %s", out)
		}
		must("", "tier", "ada@example.org", "enterprise", "--reason", "signed")
		id := strings.TrimSpace(must("", "contract", "ada@example.org", "uploads=7", "storage_bytes=2GB", "--from", "2020-01-01", "--to", w.Now().AddDate(0, 0, 3).Format(time.DateOnly), "--reason", "contract 17"))
		if a := account(); a.Tier != "enterprise" || a.Limits.Uploads != 7 || a.Limits.StorageBytes != 2<<30 {
			t.Errorf("%+v", a.Limits)
		}
		if all, err := w.DB.Contracts(t.Context(), ada.id); err != nil || len(all) != 1 || all[0].ID != id || all[0].Actor != "admin:olga" || all[0].Reason != "contract 17" {
			t.Errorf("%v %+v, printed %q", err, all, id)
		}
		must("", "credit", "ada@example.org", "5", "--reason", "our fault")
		if a := account(); a.Usage.Uploads != -5 {
			t.Errorf("after a credit: %d", a.Usage.Uploads)
		}
		must("", "feature", "batch", "off", "--reason", "a bug")
		w.waitFor("the running server follows", func() bool { return account().Limits.Batch == 0 })
		must("", "feature", "batch", "default", "--reason", "mended")
		must("", "block", "ada@example.org", "--reason", "abuse")
		if resp := ada.call("GET", "/api/account", nil, nil); resp.StatusCode != 401 && resp.StatusCode != 403 {
			t.Errorf("blocked: %d", resp.StatusCode)
		}
		if out := must("blocked true", "users", "ada@"); strings.Contains(out, "blocked false") {
			t.Errorf("users: %s", out)
		}
		must("", "unblock", "ada@example.org", "--reason", "cleared")
		if u, err := w.DB.User(t.Context(), ada.id); err != nil || u.BlockedAt != 0 {
			t.Errorf("%v %+v", err, u)
		}
		for _, wrong := range [][]string{
			{"tier", "ada@example.org", "pro"}, {"tier", "ada@example.org", "gold", "--reason", "x"}, {"tier", "ada@example.org", "trial", "--reason", "x"}, {"tier", "nobody@example.org", "pro", "--reason", "x"},
			{"credit", "ada@example.org", "many", "--reason", "x"}, {"credit", "ada@example.org", "0", "--reason", "x"}, {"credit", "ada@example.org", "5"},
			{"block", "ada@example.org"}, {"block", "nobody@example.org", "--reason", "x"}, {"contract", "ada@example.org", "speed=9", "--reason", "x"},
			{"contract", "ada@example.org", "queue=acme", "--reason", "x"}, {"contract", "ada@example.org", "uploads=7", "--from", "soon", "--reason", "x"}, {"feature", "magic", "on", "--reason", "x"},
			{"impersonate", "ada@example.org"}, {"signin", "ada@example.org"}, {"login", "ada@example.org"},
		} {
			out, err := w.command(append([]string{"admin"}, wrong...)...)
			if unknown := wrong[0] == "impersonate" || wrong[0] == "signin" || wrong[0] == "login"; err == nil && !unknown || unknown && !strings.Contains(out+fmt.Sprint(err), "Usage") && !strings.Contains(fmt.Sprint(err), "unknown") {
				t.Errorf("admin %v: %v %s", wrong, err, out)
			}
		}
		log, err := w.DB.AuditLog(t.Context(), ada.id, "", 50)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]string{}
		for _, a := range log {
			if a.Actor == "admin:olga" {
				seen[a.Action] += a.Detail.V["reason"]
			}
		}
		for action, reason := range map[string]string{"tier.changed": "signed", "contract.agreed": "contract 17", "credit.given": "our fault", "account.blocked": "abuse", "account.unblocked": "cleared"} {
			if seen[action] != reason {
				t.Errorf("%s: %q in the log, want %q", action, seen[action], reason)
			}
		}
	}, idle)
}
