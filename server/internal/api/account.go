package api

import (
	"context"
	"net/http"
	"time"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// None is an answer without a body.
type None struct{}

// Body is an answer with a body.
type Body[T any] struct{ Body T }

func body[T any](v *T, err error) (*Body[T], error) {
	if err != nil {
		return nil, err
	}
	return &Body[T]{*v}, nil
}

// Items is a list as a body.
type Items[T any] struct {
	Body struct {
		Items []T `json:"items"`
	}
}

func items[T any](list []T, err error) (*Items[T], error) {
	if err != nil {
		return nil, err
	}
	out := &Items[T]{}
	out.Body.Items = list
	if list == nil {
		out.Body.Items = []T{}
	}
	return out, nil
}

// In is a request with a body.
type In[T any] struct{ Body T }

// ByID is a request for one thing.
type ByID struct {
	ID string `path:"id" maxLength:"80"`
}

func (a *API) authRoutes() {
	op := Op(http.MethodPost, "/api/auth/code", Public, "Ask for a sign-in mail; the answer is the same for every address")
	op.DefaultStatus = http.StatusAccepted
	Register(a, op, func(ctx context.Context, in *In[wire.CodeRequest]) (*None, error) {
		return &None{}, a.Accounts.RequestCode(ctx, in.Body.Email, ClientIP(ctx))
	})
	Register(a, Op(http.MethodPost, "/api/auth/token", Public, "Exchange an e-mail code, a code from the browser or a refresh token for tokens"),
		func(ctx context.Context, in *In[wire.TokenRequest]) (*Body[wire.Tokens], error) {
			return body(a.Accounts.Exchange(ctx, in.Body, ClientIP(ctx)))
		})
	Register(a, Op(http.MethodPost, "/api/auth/signout", Session, "End this session"), func(ctx context.Context, _ *struct{}) (*None, error) {
		p := Principal(ctx)
		return &None{}, a.Accounts.Revoke(ctx, p, p.SessionID, ClientIP(ctx))
	})
	Register(a, Op(http.MethodPost, wire.PathRevoke, Public, "End the session that a refresh token belongs to"), func(ctx context.Context, in *In[wire.RevokeRequest]) (*None, error) {
		return &None{}, a.Accounts.RevokeToken(ctx, in.Body.RefreshToken, ClientIP(ctx))
	})
	// One-click opt-out of RFC 8058: mail programs post to the address in the mail itself.
	Register(a, Op(http.MethodPost, "/unsubscribe/{token}", Public, "Switch all mails of an account off"),
		func(ctx context.Context, in *struct {
			Token string `path:"token" maxLength:"80"`
		}) (*None, error) {
			_, err := a.Accounts.Unsubscribe(ctx, in.Token)
			return &None{}, err
		})
}

func (a *API) accountRoutes() {
	Register(a, Op(http.MethodGet, "/api/account", Read, "The account, its plan and what of it is used"), func(ctx context.Context, _ *struct{}) (*Body[wire.Account], error) {
		return body(a.Describe(ctx))
	})
	Register(a, Op(http.MethodPatch, "/api/account", Session, "Change name or mail switches"), func(ctx context.Context, in *In[wire.AccountPatch]) (*Body[wire.Account], error) {
		if err := a.Accounts.Change(ctx, Principal(ctx), in.Body); err != nil {
			return nil, err
		}
		return body(a.Describe(ctx))
	})
	Register(a, Op(http.MethodDelete, "/api/account", Session, "Delete the account and everything in it"), func(ctx context.Context, _ *struct{}) (*None, error) {
		p := Principal(ctx)
		return &None{}, a.Accounts.Delete(ctx, p.User.ID, "user:"+p.User.ID, ClientIP(ctx))
	})
	Register(a, behind(plan.FeaturePro, Op(http.MethodPost, "/api/account/trial", Session, "Begin the one day of trial")), func(ctx context.Context, _ *struct{}) (*None, error) {
		return &None{}, a.Accounts.StartTrial(ctx, Principal(ctx), ClientIP(ctx))
	})
	Register(a, Op(http.MethodGet, "/api/account/usage", Read, "What was used by day and model"), func(ctx context.Context, in *struct {
		Days int `query:"days" minimum:"1" maximum:"366" default:"30"`
	}) (*Body[wire.UsageReport], error) {
		return body(a.usage(ctx, in.Days))
	})
	Register(a, Op(http.MethodGet, "/api/account/preferences", Read, "What is done with uploads unless they say otherwise"), func(ctx context.Context, _ *struct{}) (*Body[wire.Preferences], error) {
		p, err := a.DB.Preferences(ctx, Principal(ctx).User.ID)
		if err != nil {
			return nil, err
		}
		w := preferences(p)
		return &Body[wire.Preferences]{w}, nil
	})
	Register(a, Op(http.MethodPut, "/api/account/preferences", Session, "Set them"), func(ctx context.Context, in *In[wire.Preferences]) (*Body[wire.Preferences], error) {
		w := in.Body
		p := &store.Preferences{UserID: Principal(ctx).User.ID, AutoVibe: w.AutoVibe, AutoFeatures: w.AutoFeatures, VibeModel: w.VibeModel, BatchModel: w.BatchModel,
			BatchAutoAnalyze: w.BatchAutoAnalyze, ExportFormat: w.ExportFormat, ExportLayout: w.ExportLayout, SanitizeNames: w.SanitizeNames}
		if w.MaxCostMicro != nil {
			p.MaxCostMicro = *w.MaxCostMicro
		}
		err := a.DB.Write(ctx, func(tx *store.Tx) error { return tx.SavePreferences(ctx, p, a.Accounts.Now()) })
		return &Body[wire.Preferences]{w}, err
	})
	Register(a, Op(http.MethodGet, "/api/account/sessions", Session, "Where the account is signed in"), func(ctx context.Context, _ *struct{}) (*Items[wire.Session], error) {
		return items(a.Accounts.Sessions(ctx, Principal(ctx)))
	})
	Register(a, Op(http.MethodDelete, "/api/account/sessions/{id}", Session, "Sign one of them out"), func(ctx context.Context, in *ByID) (*None, error) {
		return &None{}, a.Accounts.Revoke(ctx, Principal(ctx), in.ID, ClientIP(ctx))
	})
	Register(a, Op(http.MethodDelete, "/api/account/sessions", Session, "Sign all others out"), func(ctx context.Context, _ *struct{}) (*None, error) {
		return &None{}, a.Accounts.RevokeOthers(ctx, Principal(ctx), ClientIP(ctx))
	})
	Register(a, Op(http.MethodGet, "/api/account/audit", Session, "What happened to the account, newest first"), func(ctx context.Context, in *struct {
		Before string `query:"before" maxLength:"80"`
	}) (*Items[AuditLine], error) {
		rows, err := a.DB.AuditLog(ctx, Principal(ctx).User.ID, in.Before, 100)
		var lines []AuditLine
		for _, r := range rows {
			lines = append(lines, AuditLine{r.ID, r.Actor, r.Action, r.Subject, r.Detail.V, r.IP, r.CreatedAt.Time()})
		}
		return items(lines, err)
	})
}

// AuditLine is one line of the account's log.
type AuditLine struct {
	ID      string            `json:"id"`
	Actor   string            `json:"actor"`
	Action  string            `json:"action"`
	Subject string            `json:"subject"`
	Detail  map[string]string `json:"detail"`
	IP      string            `json:"ip"`
	At      time.Time         `json:"at"`
}

func preferences(p *store.Preferences) wire.Preferences {
	w := wire.Preferences{AutoVibe: p.AutoVibe, AutoFeatures: p.AutoFeatures, VibeModel: p.VibeModel, BatchModel: p.BatchModel,
		BatchAutoAnalyze: p.BatchAutoAnalyze, ExportFormat: p.ExportFormat, ExportLayout: p.ExportLayout, SanitizeNames: p.SanitizeNames}
	if p.MaxCostMicro > 0 {
		w.MaxCostMicro = &p.MaxCostMicro
	}
	return w
}

func (a *API) usage(ctx context.Context, days int) (*wire.UsageReport, error) {
	acc, err := a.Describe(ctx)
	if err != nil {
		return nil, err
	}
	since := plan.Day(a.Accounts.Now()).Start.AddDate(0, 0, 1-days)
	rows, err := a.DB.UsageByDay(ctx, acc.ID, since)
	if err != nil {
		return nil, err
	}
	r := &wire.UsageReport{Now: acc.Usage, Limits: acc.Limits, Days: []wire.UsageDay{}}
	for _, d := range rows {
		r.Days = append(r.Days, wire.UsageDay{Day: time.Unix(d.Day*86400, 0).UTC().Format(time.DateOnly), Model: d.Model, Operation: d.Operation,
			Calls: d.Calls, InputTok: d.InputTokens, OutputTok: d.OutputTokens, CostMicro: d.CostMicro, CostMeasure: d.CostSource})
	}
	return r, nil
}
