package store

import (
	"context"
	"time"
)

// Tenant is the own name, logo, colours and host of an enterprise account.
type Tenant struct {
	ID        string        `db:"id"`
	OwnerID   string        `db:"owner_id"`
	Name      string        `db:"name"`
	Host      string        `db:"host"` // lower-case ASCII, without a port
	Colours   JSON[Colours] `db:"colours"`
	Logo      string        `db:"logo"`      // PNG in base64, "" for none
	ProvenAt  Millis        `db:"proven_at"` // when the host was last shown to lead here; 0: never
	LookedAt  Millis        `db:"looked_at"`
	Wrong     string        `db:"wrong"` // what the last look found, "" when all was well
	CreatedAt Millis        `db:"created_at"`
	UpdatedAt Millis        `db:"updated_at"`
}

// Colours are a tenant's as they were chosen, #rrggbb each; Bar may be "".
type Colours struct {
	Accent string `json:"accent"`        // buttons and links
	Bar    string `json:"bar,omitempty"` // the bar on top of pages
}

var tenants = tableOf[Tenant]("tenants")

// Tenants lists all.
func (q Q) Tenants(ctx context.Context) ([]Tenant, error) {
	return tenants.list(ctx, q, "ORDER BY name, id")
}

// TenantOf reads the tenant that an account owns.
func (q Q) TenantOf(ctx context.Context, ownerID string) (*Tenant, error) {
	return tenants.get(ctx, q, "WHERE owner_id = ?", ownerID)
}

// AddTenant writes a new one.
func (tx *Tx) AddTenant(ctx context.Context, t *Tenant) error {
	_, err := tenants.insert(ctx, tx.Q, t, "")
	return err
}

// SaveTenant writes what may change of one.
func (tx *Tx) SaveTenant(ctx context.Context, t *Tenant) error {
	return tx.must(ctx, "UPDATE tenants SET name = ?, host = ?, colours = ?, logo = ?, proven_at = ?, looked_at = ?, wrong = ?, updated_at = ? WHERE id = ?",
		t.Name, t.Host, t.Colours, t.Logo, t.ProvenAt, t.LookedAt, t.Wrong, t.UpdatedAt, t.ID)
}

// LookedAtHost notes what a look at a tenant's host found, "" when it leads here; not when the
// host was changed meanwhile.
func (tx *Tx) LookedAtHost(ctx context.Context, id, host, wrong string, now time.Time) error {
	_, err := tx.exec(ctx, `UPDATE tenants SET looked_at = ?, wrong = ?, proven_at = CASE WHEN ? = '' THEN ? ELSE proven_at END
		WHERE id = ? AND host = ?`, At(now), wrong, wrong, At(now), id, host)
	return err
}

// DropTenant removes one; accounts that belonged to it belong to none.
func (tx *Tx) DropTenant(ctx context.Context, id string) error {
	if _, err := tx.exec(ctx, "UPDATE users SET tenant_id = '' WHERE tenant_id = ?", id); err != nil {
		return err
	}
	return tx.must(ctx, "DELETE FROM tenants WHERE id = ?", id)
}

// JoinTenant says to whom an account belongs; "" for nobody.
func (tx *Tx) JoinTenant(ctx context.Context, userID, tenantID string) error {
	return tx.must(ctx, "UPDATE users SET tenant_id = ? WHERE id = ? AND deleted_at = 0", tenantID, userID)
}

// TenantMembers counts the accounts of each tenant.
func (q Q) TenantMembers(ctx context.Context) (map[string]int64, error) {
	counts := map[string]int64{}
	err := q.each(ctx, func(scan func(...any) error) error {
		var id string
		var n int64
		if err := scan(&id, &n); err != nil {
			return err
		}
		counts[id] = n
		return nil
	}, "SELECT tenant_id, COUNT(*) FROM users WHERE tenant_id <> '' AND deleted_at = 0 GROUP BY tenant_id")
	return counts, err
}
