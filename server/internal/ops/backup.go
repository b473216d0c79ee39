package ops

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"sampleagent/server/internal/object"
	"sampleagent/server/internal/store"
)

// Backup copies an embedded database and its objects into a new folder, which serve --data
// runs on. It runs while the server does: the database first and the objects second, so that
// every row of the copy finds its object; objects that came later have no row and are swept.
func (s *Server) Backup(ctx context.Context, folder string) (objects int, err error) {
	local, ok := s.Meter.Store.(*object.Local)
	if s.DB.Postgres() != nil || !ok {
		return 0, errors.New("this server keeps its data in PostgreSQL or a bucket: use pg_dump and the bucket's own copies")
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		return 0, fmt.Errorf("backup folder: %w", err) // one that is there is not overwritten
	}
	if err := s.DB.Snapshot(ctx, filepath.Join(folder, store.SQLiteFile)); err != nil {
		return 0, err
	}
	to, err := object.NewLocal(filepath.Join(folder, "objects"), s.Config.PublicURL, nil, s.Now)
	if err != nil {
		return 0, err
	}
	for o, err := range local.List(ctx, "") {
		if err != nil {
			return objects, err
		}
		r, info, err := local.Get(ctx, o.Key)
		if errors.Is(err, object.ErrNotFound) {
			continue // removed meanwhile
		}
		if err != nil {
			return objects, err
		}
		err = to.Put(ctx, o.Key, r, info.Size, "")
		if err = errors.Join(err, r.Close()); err != nil {
			return objects, err
		}
		objects++
	}
	return objects, nil
}
