package web

import (
	"errors"
	"io"
	"net/http"

	"github.com/go-chi/chi/v5"

	"sampleagent/server/internal/store"
	"sampleagent/server/internal/tenant"
	"sampleagent/sync/wire"
)

// tenantLine is a tenant in the operators' list.
type tenantLine struct {
	store.Tenant
	Owner   string // address
	Members int64
	Counts  bool // its host leads here
}

func (p *pages) adminTenants(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	all, err := p.API.DB.Tenants(ctx)
	var members map[string]int64
	if err == nil {
		members, err = p.API.DB.TenantMembers(ctx)
	}
	var lines []tenantLine
	for _, t := range all {
		var owner *store.User
		if owner, err = p.API.DB.User(ctx, t.OwnerID); errors.Is(err, store.ErrNotFound) {
			err = nil
			continue // being deleted
		}
		if err != nil {
			break
		}
		lines = append(lines, tenantLine{t, owner.Email, members[t.ID], tenant.Counts(&t, p.Accounts.Now())})
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.show(w, r, http.StatusOK, "admin-tenants", "Tenants", lines)
}

// adminTenantSet reads the form of a tenant: a file that is missing keeps the logo that is there.
func (p *pages) adminTenantSet(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, tenant.MaxLogoBytes+maxForm)
	if err := r.ParseMultipartForm(tenant.MaxLogoBytes + maxForm); err != nil {
		p.fail(w, r, &wire.Problem{Status: http.StatusRequestEntityTooLarge, Code: wire.CodeTooLarge, Title: "Not saved", Detail: "The form cannot be read; a logo may have 1 MB."})
		return
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }() // all of it is in memory
	field := func(name string) *string { v := r.FormValue(name); return &v }
	c := tenant.Change{Name: field("name"), Host: field("host"), Accent: field("accent"), Bar: field("bar")}
	if r.FormValue("plain") == "on" {
		*c.Bar = ""
	}
	if r.FormValue("nologo") == "on" {
		c.Logo = []byte{}
	} else if f, head, err := r.FormFile("logo"); err == nil {
		defer f.Close()
		if head.Size > 0 {
			if c.Logo, err = io.ReadAll(f); err != nil {
				p.fail(w, r, err)
				return
			}
		}
	}
	_, err := p.Tenants.Set(r.Context(), chi.URLParam(r, "id"), c, operator(r), r.FormValue("reason"))
	p.userChanged(w, r, err)
}
