package store

import "context"

// Frequent says whether PostgreSQL's statistics make mayHold leave a word to the walk of the list.
func (db *DB) Frequent(ctx context.Context, userID, word string) (bool, error) {
	return db.frequent(ctx, []any{userID, word})
}
