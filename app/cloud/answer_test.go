package cloud

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"sampleagent/app/settings"
	"sampleagent/library/catalog"
	"sampleagent/sync/client"
	"sampleagent/sync/session"
	"sampleagent/sync/wire"
)

type anyToken struct{}

func (anyToken) Token(context.Context) (string, error)         { return "token", nil }
func (anyToken) Renew(context.Context, string) (string, error) { return "token", nil }

// A live event that comes while the account's answer is on its way is about something newer than that
// answer: the account is asked for again.
func TestAnEventDuringAnAnswerIsNotLost(t *testing.T) {
	db, err := catalog.Open(t.Context(), t.TempDir()+"/a.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	account := session.Account{Server: "https://example.org", ID: "u1", Email: "producer@example.org"}
	c := &Cloud{conf: Config{DB: db, Settings: func() settings.Cloud { return settings.Cloud{} }}, wake: make(chan struct{}, 1), state: State{Account: account}}
	tier, meanwhile := "free", func() {}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		meanwhile()
		if err := json.NewEncoder(w).Encode(wire.Account{Tier: tier}); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	c.client = client.New(server.URL, anyToken{}, server.Client())
	for _, step := range []struct {
		meanwhile func()
		stale     bool
	}{{func() { c.forgetDetails(account) }, true}, {func() {}, false}} {
		meanwhile = step.meanwhile
		if err := c.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if c.State().Details.Tier != tier || c.stale() != step.stale {
			t.Errorf("shown is %s of %s, to be asked again: %v", c.State().Details.Tier, tier, c.stale())
		}
	}
	server.Close()
	if err := c.Refresh(t.Context()); err == nil || !c.stale() {
		t.Errorf("a question that had no answer is not asked again: %v", err)
	}
}
