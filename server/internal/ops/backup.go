package ops

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"sampleagent/server/internal/object"
	"sampleagent/server/internal/store"
)

// Backup copies an embedded database and its objects into a new folder, which serve --data
// runs on. It runs while the server does, mostly in a process of its own: no object is deleted
// while the database is copied and its objects are linked, so that every row of the copy finds
// its object; objects that came later have no row and are swept. The folder has its name only
// once it is whole.
func (s *Server) Backup(ctx context.Context, folder string) (objects int, err error) {
	local, ok := s.Meter.Store.(*object.Local)
	if s.DB.Postgres() != nil || !ok {
		return 0, errors.New("this server keeps its data in PostgreSQL or a bucket: use pg_dump and the bucket's own copies")
	}
	if _, err := os.Lstat(folder); err == nil {
		return 0, fmt.Errorf("backup folder %s is there already and is not overwritten", folder)
	}
	unfinished := filepath.Clean(folder) + ".unfinished"
	if err := os.Mkdir(unfinished, 0o700); errors.Is(err, fs.ErrExist) {
		return 0, fmt.Errorf("%s was left by an interrupted backup, or another one runs: remove it", unfinished)
	} else if err != nil {
		return 0, fmt.Errorf("backup folder: %w", err)
	}
	if objects, err = s.backupInto(ctx, local, unfinished); err == nil {
		err = os.Rename(unfinished, folder)
	}
	if err != nil {
		return objects, errors.Join(err, os.RemoveAll(unfinished))
	}
	return objects, nil
}

func (s *Server) backupInto(ctx context.Context, local *object.Local, folder string) (objects int, err error) {
	to, err := object.NewLocal(filepath.Join(folder, "objects"), s.Config.PublicURL, nil, s.Now)
	if err != nil {
		return 0, err
	}
	frozen, release, err := local.Freeze(ctx, func() error { return s.DB.Snapshot(ctx, filepath.Join(folder, store.SQLiteFile)) })
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, release()) }()
	if s.crash != nil {
		s.crash("objects linked")
	}
	for o, err := range frozen.List(ctx, "") {
		if err != nil {
			return objects, err
		}
		r, info, err := frozen.Get(ctx, o.Key)
		if err != nil {
			return objects, err
		}
		err = to.Put(ctx, o.Key, r, info.Size, object.About{})
		if err = errors.Join(err, r.Close()); err != nil {
			return objects, err
		}
		objects++
	}
	return objects, nil
}
