package store_test

import (
	"errors"
	"reflect"
	"testing"

	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/testbed"
)

func TestContractsAndFlagsComeBack(t *testing.T) {
	testbed.OnBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		many := int64(7)
		c := store.Contract{ID: store.NewID(), UserID: "u", Tier: plan.Enterprise, Terms: store.JSON[plan.Overrides]{V: plan.Overrides{Uploads: &many}},
			FromAt: 1, ToAt: 2, Actor: "admin:x", Reason: "why", CreatedAt: 3}
		f := store.Flag{Name: "export", On: true, Actor: "admin:x", Reason: "why", CreatedAt: 4}
		write(t, db, func(tx *store.Tx) error { return errors.Join(tx.AddContract(ctx, &c), tx.AddFlag(ctx, &f)) })
		if got, err := db.Contracts(ctx, "u"); err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], c) {
			t.Errorf("%v %+v", err, got)
		}
		if got, err := db.Flags(ctx); err != nil || len(got) != 1 || got[0] != f {
			t.Errorf("%v %+v", err, got)
		}
		err := db.Write(ctx, func(tx *store.Tx) error { return tx.EndContract(ctx, "another", c.ID, "admin:y", "no", now) })
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("another's contract was ended: %v", err)
		}
	})
}
