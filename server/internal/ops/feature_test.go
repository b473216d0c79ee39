package ops_test

import (
	"net/http"
	"strings"
	"testing"

	"sampleagent/server/internal/plan"
	"sampleagent/sync/wire"
)

// gate is a call that stands behind a feature.
type gate struct {
	feature      plan.Feature
	method, path string
	in           any
}

var gates = []gate{
	{plan.FeatureKeys, "GET", "/api/keys", nil},
	{plan.FeatureKeys, "POST", "/api/keys", wire.KeyRequest{Name: "k", Scopes: []string{"read"}}},
	{plan.FeatureBatch, "POST", "/api/batches", wire.BatchRequest{Files: []wire.UploadRequest{{Name: "a.wav", Size: 1000, SHA256: strings.Repeat("0", 64), ContentType: "audio/wav"}}}},
	{plan.FeatureExport, "GET", "/api/exports", nil},
	{plan.FeatureExport, "POST", "/api/exports", wire.ExportRequest{Kit: "none"}},
	{plan.FeatureSync, "GET", wire.PathSyncPull + "?since=0", nil},
	{plan.FeatureLarge, "POST", "/api/samples/none/deep-analysis", nil},
	{plan.FeaturePro, "POST", "/api/account/trial", nil},
}

// Each feature by itself: without it its calls are refused as off, and no others are.
func TestEachFeatureByItself(t *testing.T) {
	try := func(t *testing.T, without plan.Feature, settings ...setting) {
		ada := start(t, "", append(settings, idle)...).signIn("ada@example.org", plan.Pro)
		for _, g := range gates {
			var p wire.Problem
			resp := ada.call(g.method, g.path, g.in, &p)
			if off := resp.StatusCode == http.StatusForbidden && p.Code == wire.CodeOff; off != (g.feature == without) {
				t.Errorf("%s %s: %d %s %s", g.method, g.path, resp.StatusCode, p.Code, p.Detail)
			}
		}
	}
	t.Run("all on", func(t *testing.T) { try(t, "") })
	tried := map[plan.Feature]bool{}
	for _, g := range gates {
		if !tried[g.feature] {
			tried[g.feature] = true
			t.Run("without "+string(g.feature), func(t *testing.T) { try(t, g.feature, env("FEATURES", string(g.feature)+"=off")) })
		}
	}
}

// What a visitor reads in each phase (B39): plans name only what there is.
func TestPagesShowWhatThePhaseOffers(t *testing.T) {
	for phase, says := range map[string]struct{ has, lacks []string }{
		"1": {[]string{"free"}, []string{"$9.99", "enterprise", "Batches", "API keys", "Library synced", "Deep analysis"}},
		"2": {[]string{"$9.99", "API keys", "Library synced"}, []string{"Batches", "SP-404MK2 cards", "Deep analysis", "Your own name"}},
		"3": {[]string{"$9.99", "100 files at once", "API keys", "Your own name, logo, colours and host"}, nil},
	} {
		w := start(t, "", idle, env("PHASE", phase))
		_, page := w.visitor("", "").get("/pricing")
		page = page[strings.Index(page, "<main"):]
		for _, s := range says.has {
			if !strings.Contains(page, s) {
				t.Errorf("phase %s: the plans do not say %q", phase, s)
			}
		}
		for _, s := range says.lacks {
			if strings.Contains(page, s) {
				t.Errorf("phase %s: the plans say %q", phase, s)
			}
		}
		ada := w.browser("ada@example.org", plan.Pro)
		status, page := ada.get("/account/keys")
		if want := map[string]int{"1": 403, "2": 200, "3": 200}[phase]; status != want {
			t.Errorf("phase %s: the page of keys: %d, want %d", phase, status, want)
		}
		if phase == "1" && !strings.Contains(page, "does not offer") {
			t.Errorf("phase 1: %s", page)
		}
		if _, page = ada.get("/account"); strings.Contains(page, "API keys") != (phase != "1") {
			t.Errorf("phase %s: the account page and its link to keys", phase)
		}
		me := wire.Account{}
		(&user{w: w, token: w.signIn("bo@example.org", plan.Free).token}).call("GET", "/api/account", nil, &me)
		if me.CanTrial != (phase != "1") {
			t.Errorf("phase %s: trial offered: %v", phase, me.CanTrial)
		}
	}
}

// An operator's switch wins over the setting, is followed by other servers, and is written down.
func TestOperatorsSwitchFeatures(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		other := start(t, w.Config.DatabaseURL, beside(w))
		ada := w.signIn("ada@example.org", plan.Pro)
		there := &user{w: other, token: ada.token}
		if resp := there.call("GET", "/api/keys", nil, nil); resp.StatusCode != 200 {
			t.Fatalf("before: %d", resp.StatusCode)
		}
		if err := w.Features.Turn(t.Context(), "api-keys", "off", "admin:eve", ""); err == nil {
			t.Error("switched without a reason")
		}
		if err := w.Features.Turn(t.Context(), "api-keys", "off", "admin:eve", "a leak"); err != nil {
			t.Fatal(err)
		}
		var p wire.Problem
		if resp := ada.call("GET", "/api/keys", nil, &p); resp.StatusCode != 403 || p.Code != wire.CodeOff {
			t.Errorf("here: %d %s", resp.StatusCode, p.Code)
		}
		w.waitFor("the other server follows", func() bool {
			return there.call("GET", "/api/keys", nil, nil).StatusCode == 403
		})
		all, err := w.Features.All(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			if s.Name == plan.FeatureKeys && (s.On || s.By != "admin:eve" || s.Why != "a leak" || s.At.IsZero()) {
				t.Errorf("%+v", s)
			}
		}
		if err := w.Features.Turn(t.Context(), "api-keys", "default", "admin:eve", "mended"); err != nil {
			t.Fatal(err)
		}
		if resp := ada.call("GET", "/api/keys", nil, nil); resp.StatusCode != 200 {
			t.Errorf("after: %d", resp.StatusCode)
		}
		log, err := w.DB.AuditLog(t.Context(), "", "", 10)
		if err != nil || len(log) != 2 || log[1].Action != "feature.switched" || log[1].Actor != "admin:eve" || log[1].Detail.V["reason"] != "a leak" || log[1].Detail.V["to"] != "off" {
			t.Errorf("%v %+v", err, log)
		}
	}, idle)
}
