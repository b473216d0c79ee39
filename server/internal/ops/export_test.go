package ops_test

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"sampleagent/server/internal/plan"
	"sampleagent/sync/wire"
)

func TestAccountExportHoldsEverything(t *testing.T) {
	w := start(t, "")
	ada := w.signIn("ada@example.org", plan.Pro)
	_, ok, _ := ada.upload("kick_90bpm.wav", wav(t, 0.3, 1))
	ada.waitJob(ok.JobID)
	ada.push(map[string]map[string]any{"kit/k1": {"name": "Night bus"}})
	kept := []byte("kept for the other machines")
	sum := sumOf(kept)
	ada.call("POST", wire.PathSyncAudio, wire.AudioRequest{SHA256: sum, Size: int64(len(kept))}, nil)
	var hook wire.Webhook
	ada.call("POST", "/api/webhooks", wire.WebhookRequest{URL: "https://192.0.2.7/hook", Events: []string{wire.EventSampleFailed}}, &hook)
	req, err := http.NewRequest("GET", w.url+"/api/account/export", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+ada.token)
	resp, err := w.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatalf("%d: %v", resp.StatusCode, err)
	}
	all := ""
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all += f.Name + "\n" + string(text)
	}
	for _, want := range []string{"account.json", "ada@example.org", "samples-000.json", "kick_90bpm.wav", "mfcc_mean", "session.opened", "tier.changed", ok.JobID,
		"sync-000.json", "Night bus", "kept_audio.json", sum, "webhooks.json", "https://192.0.2.7/hook", "exports.json", "bills.json"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in the export", want)
		}
	}
	if strings.Contains(all, ada.token) || strings.Contains(all, hook.Secret) || hook.Secret == "" || strings.Contains(all, "sa_") && strings.Contains(all, "Hash") {
		t.Error("secrets in the export")
	}
}
