package api

import (
	"archive/zip"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"

	"sampleagent/server/internal/account"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// exportRoute gives an account everything that is kept about it (B38), but for the bytes of its
// sounds: they may be larger than a zip should be, and each has a download of its own.
func (a *API) exportRoute(r chi.Router) {
	op := Op(http.MethodGet, "/api/account/export", Session, "Everything kept about the account, as a zip of JSON files")
	op.Responses = map[string]*huma.Response{"200": {Description: "A zip", Content: map[string]*huma.MediaType{"application/zip": {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}}
	a.raw(r, op, a.exportAccount)
}

func (a *API) exportAccount(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	p := Principal(ctx)
	me, err := a.Describe(ctx)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", `attachment; filename="sample-agent-account.zip"`)
	z := zip.NewWriter(w)
	if err := a.fillExport(r, z, p, me); err != nil {
		// The head has gone out: the zip is left without its end, so no reader takes it for whole.
		a.Log.ErrorContext(ctx, "account export", "error", err)
		return nil
	}
	return z.Close()
}

func (a *API) fillExport(r *http.Request, z *zip.Writer, p *account.Principal, me *wire.Account) error {
	ctx := r.Context()
	put := func(name string, v any) error {
		f, err := z.Create(name)
		if err != nil {
			return err
		}
		enc := json.NewEncoder(f)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	}
	if err := put("account.json", me); err != nil {
		return err
	}
	sessions, err := a.Accounts.Sessions(ctx, p)
	if err != nil {
		return err
	}
	keys, err := a.Accounts.Keys(ctx, p)
	if err != nil {
		return err
	}
	prefs, err := a.DB.Preferences(ctx, p.User.ID)
	if err != nil {
		return err
	}
	usage, err := a.DB.UsageOf(ctx, p.User.ID, 100_000)
	if err != nil {
		return err
	}
	var audit []store.Audit
	for before := ""; ; {
		rows, err := a.DB.AuditLog(ctx, p.User.ID, before, 500)
		if err != nil {
			return err
		}
		audit = append(audit, rows...)
		if len(rows) < 500 {
			break
		}
		before = rows[len(rows)-1].ID
	}
	hooks, err := a.Notify.Hooks(ctx, p.User.ID)
	if err != nil {
		return err
	}
	exports, err := a.Exports.List(ctx, p.User.ID)
	if err != nil {
		return err
	}
	bills, err := a.invoices(ctx, 10_000)
	if err != nil {
		return err
	}
	kept, err := a.keptAudio(ctx)
	if err != nil {
		return err
	}
	for name, v := range map[string]any{"sessions.json": sessions, "keys.json": keys, "preferences.json": preferences(prefs), "ai_calls.json": usage, "audit.json": audit,
		"webhooks.json": hooks, "exports.json": exports, "bills.json": bills, "kept_audio.json": kept} {
		if err := put(name, v); err != nil {
			return err
		}
	}
	for n, since := 0, int64(0); ; n++ { // libraries of machines: what was typed, tags, collections, kits
		const page = 2000
		rows, err := a.DB.SyncCells(ctx, p.User.ID, since, page)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		cells := make([]wire.Cell, len(rows))
		for i := range rows {
			cells[i], since = rows[i].Cell.V, rows[i].Seq
		}
		if err := put(fmt.Sprintf("sync-%03d.json", n), cells); err != nil {
			return err
		}
	}
	n := 0
	for cursor := ""; ; n++ {
		page, err := a.Jobs.Jobs(ctx, p.User.ID, "", "", cursor, 200)
		if err == nil {
			err = put(fmt.Sprintf("jobs-%03d.json", n), page.Items)
		}
		if err != nil {
			return err
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	n = 0
	for cursor := ""; ; n++ {
		page, err := a.Jobs.Samples(ctx, p.User.ID, store.SampleFilter{Sort: "created"}, cursor, 200)
		if err != nil {
			return err
		}
		whole := make([]*wire.Sample, 0, len(page.Items))
		for _, s := range page.Items {
			full, err := a.Jobs.Sample(ctx, p.User.ID, s.ID)
			if err != nil {
				return err
			}
			whole = append(whole, full)
		}
		if err := put(fmt.Sprintf("samples-%03d.json", n), whole); err != nil {
			return err
		}
		if cursor = page.Next; cursor == "" {
			return nil
		}
	}
}

// keptFile is audio that an account keeps for its machines.
type keptFile struct {
	SHA256    string    `json:"sha256"`
	Size      int64     `json:"size"`
	CreatedAt time.Time `json:"created_at"`
}

func (a *API) keptAudio(ctx context.Context) ([]keptFile, error) {
	rows, err := a.DB.AudioOf(ctx, Principal(ctx).User.ID)
	files := make([]keptFile, len(rows))
	for i := range rows {
		files[i] = keptFile{rows[i].SHA256, rows[i].Size, rows[i].CreatedAt.Time()}
	}
	return files, err
}
