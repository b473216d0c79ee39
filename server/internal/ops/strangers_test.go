package ops_test

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"sampleagent/server/internal/plan"
	"sampleagent/sync/wire"
)

// outside are API routes that are for other servers, not for users.
var outside = []string{"/api/billing/webhook"}

// publicPages have something in their address that is no id of an account's thing.
var publicPages = []string{"/unsubscribe/{token}", "/account/{what}", "/billing/{what}"}

// Every operation of the OpenAPI document, as another user, as nobody and with a revoked token.
// A new route is walked by itself; one with a new kind of id fails until things makes one.
func TestStrangersSeeNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ada, eve := w.signIn("ada@example.org", plan.Pro), w.signIn("eve@example.org", plan.Pro)
		out := w.signIn("out@example.org", plan.Pro)
		if resp := out.call("POST", "/api/auth/signout", nil, nil); resp.StatusCode != 204 {
			t.Fatalf("sign out: %d", resp.StatusCode)
		}
		nobody := &user{w: w}
		things := ada.things(t)
		var doc struct {
			Paths map[string]map[string]struct {
				Security    []any
				RequestBody *struct{ Content map[string]any }
			}
		}
		nobody.call("GET", "/openapi.json", nil, &doc)
		if len(doc.Paths) < 30 {
			t.Fatalf("%d paths", len(doc.Paths))
		}
		tried, owned := 0, 0
		for path, methods := range doc.Paths {
			for method, op := range methods {
				if len(op.Security) == 0 {
					continue
				}
				tried++
				method = strings.ToUpper(method)
				real := fill(path, things)
				if strings.Contains(real, "{") {
					t.Errorf("%s %s: this test has no thing for its id; add one to things", method, path)
					continue
				}
				body := bodies[method+" "+path]
				if body == nil && op.RequestBody != nil {
					body = map[string]any{}
				}
				for who, u := range map[string]*user{"nobody": nobody, "a revoked token": out} {
					if resp := u.call(method, real, body, nil); resp.StatusCode != 401 || !strings.Contains(resp.Header.Get("Content-Type"), "problem+json") {
						t.Errorf("%s %s as %s: %d", method, path, who, resp.StatusCode)
					}
				}
				if !strings.Contains(path, "{") {
					continue
				}
				owned++
				if bodies[method+" "+path] == nil && op.RequestBody != nil {
					t.Errorf("%s %s needs a body in this test", method, path)
				}
				if resp := eve.call(method, real, body, nil); resp.StatusCode != 404 {
					t.Errorf("%s %s as another user: %d", method, path, resp.StatusCode)
				}
			}
		}
		t.Logf("%d operations, %d with ids", tried, owned)
		// The document names every route: one that is mounted beside it would escape the walk.
		h, err := w.Handler()
		if err != nil {
			t.Fatal(err)
		}
		pages, evil := 0, w.browser("evil@example.org", plan.Pro)
		routes, ok := h.(chi.Routes)
		if !ok {
			t.Fatalf("%T lists no routes", h)
		}
		if err := chi.Walk(routes, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
			if strings.HasPrefix(route, "/api/") && doc.Paths[route] == nil && !slices.Contains(outside, route) {
				t.Errorf("%s %s is not in the OpenAPI document", method, route)
			}
			if method != http.MethodGet && method != http.MethodPost || strings.HasPrefix(route, "/api/") || strings.HasPrefix(route, "/admin/") || !strings.Contains(route, "{") || slices.Contains(publicPages, route) {
				return nil
			}
			address := strings.Replace(fill(route, things), "{what}", "cancel", 1)
			if strings.Contains(address, "{") {
				t.Errorf("page %s: this test has no thing for its id; add one to things", route)
				return nil
			}
			pages++
			try := evil.get
			if method == http.MethodPost {
				try = func(path string) (int, string) { return evil.post(path) }
			}
			if status, _ := try(address); status != http.StatusNotFound {
				t.Errorf("page %s %s as another user: %d", method, route, status)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		t.Logf("%d pages with ids", pages)
		// Nothing of Ada's was changed by all that.
		for _, path := range []string{"/api/jobs/" + things["job"], "/api/samples/" + things["sample"], "/api/batches/" + things["batch"], wire.PathSyncAudio + "/" + things["audio"]} {
			if resp := ada.call("GET", path, nil, nil); resp.StatusCode != 200 {
				t.Errorf("%s of its owner: %d", path, resp.StatusCode)
			}
		}
		// A foreign id in the body's place: completing another's upload was in the walk; the
		// admin pages do not exist for users.
		if resp := eve.call("GET", "/admin/queue", nil, nil); resp.StatusCode != 404 {
			t.Errorf("/admin/queue: %d", resp.StatusCode)
		}
	})
}

// bodies are valid requests, so that the owner is what refuses.
var bodies = map[string]any{
	"PATCH /api/samples/{id}":                map[string]any{"title": "stolen"},
	"PATCH /api/webhooks/{id}":               map[string]any{"enabled": false},
	"PUT /api/sync/audio/{sha256}/parts/{n}": "bytes",
}

// fill puts things in the place of a path's ids; what no thing is there for stays.
func fill(path string, things map[string]string) string {
	for part, thing := range map[string]string{"/jobs/": "job", "/samples/": "sample", "/batches/": "batch", "/uploads/": "upload", "/webhooks/": "webhook", "/keys/": "key", "/sessions/": "session", "/exports/": "export"} {
		if things[thing] != "" {
			path = strings.Replace(path, part+"{id}", part+things[thing], 1)
		}
	}
	return strings.NewReplacer("{delivery}", things["delivery"], "{sha256}", things["audio"], "{n}", "0").Replace(path)
}

// things makes one of everything that has an id.
func (u *user) things(t *testing.T) map[string]string {
	t.Helper()
	_, ok, p := u.upload("a.wav", wav(t, 0.3, 1))
	job := u.waitJob(ok.JobID)
	if job.SampleID == nil {
		t.Fatalf("%+v %+v", job, p)
	}
	var d wire.DirectUpload
	u.call("POST", "/api/uploads", announce("x.wav", wav(t, 0.3, 2)), &d)
	var b wire.BatchAccepted
	u.call("POST", "/api/batches", wire.BatchRequest{Files: []wire.UploadRequest{announce("x.wav", wav(t, 0.3, 3))}}, &b)
	var h wire.Webhook
	u.call("POST", "/api/webhooks", wire.WebhookRequest{URL: "http://192.0.2.1/hook", Events: []string{wire.EventSampleProcessed}}, &h)
	u.call("POST", "/api/webhooks/"+h.ID+"/test", nil, nil)
	var tries struct{ Items []wire.WebhookTry }
	u.call("GET", "/api/webhooks/"+h.ID+"/deliveries", nil, &tries)
	var k wire.Key
	u.call("POST", "/api/keys", wire.KeyRequest{Name: "k", Scopes: []string{"read"}}, &k)
	var s struct{ Items []wire.Session }
	u.call("GET", "/api/account/sessions", nil, &s)
	content := wav(t, 0.3, 4)
	file := announce("x.wav", content)
	var state wire.AudioState
	u.call("POST", wire.PathSyncAudio, wire.AudioRequest{SHA256: file.SHA256, Size: file.Size}, &state)
	req, err := http.NewRequest(http.MethodPut, u.w.url+wire.PathSyncAudio+"/"+file.SHA256+"/parts/0", bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if resp := u.do(req, nil); resp.StatusCode != http.StatusNoContent {
		t.Fatalf("audio to keep: %d %+v", resp.StatusCode, state)
	}
	var card wire.Export
	u.call("POST", "/api/exports", wire.ExportRequest{Samples: []string{*job.SampleID}}, &card)
	if d.UploadID == "" || card.ID == "" || b.BatchID == "" || h.ID == "" || k.ID == "" || len(s.Items) == 0 || len(tries.Items) == 0 {
		t.Fatalf("not everything was made: %+v %+v %+v %+v", d, b, h, k)
	}
	return map[string]string{"job": job.ID, "sample": *job.SampleID, "upload": d.UploadID, "batch": b.BatchID, "webhook": h.ID, "key": k.ID, "session": s.Items[0].ID, "delivery": tries.Items[0].ID, "audio": file.SHA256, "export": card.ID}
}
