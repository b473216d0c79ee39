package cloud

import (
	"context"
	"errors"

	"sampleagent/library/catalog"
	"sampleagent/sync/replica"
)

// library is a catalog as a replica.Store, as long as it is kept in sync with one account.
type library struct {
	db      *catalog.DB
	account string // as syncName has it
}

// errLeft says that a library is no longer kept in sync with an account: a person switched, signed
// out or stopped it, perhaps while a sync ran. Nothing of one account is merged into another's.
var errLeft = errors.New("this library is no longer synced with that account")

// Update runs f in one transaction of the catalog. Error: errLeft.
func (l library) Update(ctx context.Context, f func(replica.Tx) error) error {
	return l.db.SyncUpdate(ctx, func(tx *catalog.SyncTx) error {
		now, err := tx.Account()
		if err != nil {
			return err
		}
		if now != l.account {
			return errLeft
		}
		o := objects{tx, new(bool)}
		if err := f(o); err != nil || !*o.moved {
			return err
		}
		return o.nest()
	})
}
