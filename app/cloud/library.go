package cloud

import (
	"context"

	"sampleagent/library/catalog"
	"sampleagent/sync/replica"
)

// library is a catalog as a replica.Store.
type library struct{ db *catalog.DB }

// Update runs f in one transaction of the catalog.
func (l library) Update(ctx context.Context, f func(replica.Tx) error) error {
	return l.db.SyncUpdate(ctx, func(tx *catalog.SyncTx) error { return f(objects{tx}) })
}
