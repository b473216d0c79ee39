package app

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sampleagent/app/history"
	"sampleagent/audio/codec"
	"sampleagent/audio/edit"
	"sampleagent/audio/pcm"
	"sampleagent/library/catalog"
	"sampleagent/library/ingest"
)

// editsFolder is where edited sounds go, inside the managed folder: packs of others stay as they
// are.
const editsFolder = "Edits"

// Reshape makes new sounds of a sample, one for each recipe, and takes them into the library with
// the sample's tags, source and licence. The sample's own file is only read. Undo takes the new
// sounds out of the library and removes their files; redo makes them again. The rows come in the
// order of the recipes.
func (a *App) Reshape(ctx context.Context, row catalog.Row, recipes []edit.Recipe) ([]catalog.Row, error) {
	s, err := a.db.Sample(ctx, row)
	if err != nil {
		return nil, err
	}
	if len(recipes) == 0 {
		return nil, fmt.Errorf("edit %s: there is nothing to make", s.Name)
	}
	source, err := a.db.Source(ctx, row)
	if err != nil {
		return nil, err
	}
	source.OriginalFilename = cmp.Or(source.OriginalFilename, filepath.Base(s.Path))
	a.editing.Lock()
	defer a.editing.Unlock()
	files, err := a.newNames(s, recipes)
	if err != nil {
		return nil, err
	}
	var rows []catalog.Row
	var gone *catalog.Taken // after an undo
	name := "Edit " + s.Name
	if len(recipes) > 1 {
		name = fmt.Sprintf("Chop %s into %d", s.Name, len(recipes))
	}
	err = a.history.Do(ctx, history.Command{
		Name: name,
		Do: func(ctx context.Context) error {
			if err := a.render(ctx, s, recipes, files); err != nil {
				return err
			}
			if gone != nil {
				return a.db.PutBack(ctx, *gone)
			}
			var err error
			if rows, err = a.takeIn(ctx, files); err != nil {
				return errors.Join(err, removeMade(files))
			}
			return a.inherit(ctx, s, source, rows)
		},
		Undo: func(ctx context.Context) error {
			t, err := a.db.TakeOut(ctx, rows)
			if err != nil {
				return err
			}
			gone = &t
			return removeMade(files)
		},
	})
	return rows, err
}

// PreviewReshape plays what a recipe makes of a sample; nothing is stored.
func (a *App) PreviewReshape(row catalog.Row, r edit.Recipe) {
	a.player.load(Transport{Row: row, Edited: true}, func(ctx context.Context, t *Transport) (rendered, error) {
		s, err := a.db.Sample(ctx, row)
		if err != nil {
			return rendered{}, err
		}
		t.ID, t.Name = s.ID, s.Name
		b, err := a.player.decode(ctx, s.Path)
		if err != nil {
			return rendered{}, err
		}
		out, err := r.Apply(b)
		if err != nil {
			return rendered{}, err
		}
		return rendered{buf: out, rate: float64(out.Rate), loop: a.player.preferences().Loop}, nil
	})
}

// newNames finds a free file name for each recipe's sound.
func (a *App) newNames(s catalog.Sample, recipes []edit.Recipe) ([]string, error) {
	dir := filepath.Join(a.managedFolder(), editsFolder)
	stem := strings.TrimSuffix(filepath.Base(s.Path), filepath.Ext(s.Path))
	free := func(path string) (string, error) {
		ext := filepath.Ext(path)
		for n, try := 2, path; ; n++ {
			switch _, err := os.Lstat(try); {
			case errors.Is(err, fs.ErrNotExist):
				return try, nil
			case err != nil:
				return "", fmt.Errorf("edit %s: %w", s.Name, err)
			}
			try = fmt.Sprintf("%s (%d)%s", strings.TrimSuffix(path, ext), n, ext)
		}
	}
	if len(recipes) == 1 {
		path, err := free(filepath.Join(dir, strings.TrimSpace(stem+" "+recipes[0].Words())+".wav"))
		return []string{path}, err
	}
	folder, err := free(filepath.Join(dir, stem+" chops"))
	if err != nil {
		return nil, err
	}
	files := make([]string, len(recipes))
	for i := range files {
		files[i] = filepath.Join(folder, fmt.Sprintf("%s %02d.wav", stem, i+1))
	}
	return files, nil
}

// render writes the sound of each recipe; when one fails none is left.
func (a *App) render(ctx context.Context, s catalog.Sample, recipes []edit.Recipe, files []string) (err error) {
	b, err := a.player.decode(ctx, s.Path)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, removeMade(files))
		}
	}()
	for i, r := range recipes {
		if err := ctx.Err(); err != nil {
			return err
		}
		out, err := r.Apply(b)
		if err != nil {
			return fmt.Errorf("edit %s: %w", s.Name, err)
		}
		if err := writeSound(files[i], out, depth(s)); err != nil {
			return fmt.Errorf("edit %s: %w", s.Name, err)
		}
	}
	return nil
}

// depth is how an edit is stored: as its original where that is linear PCM, so that a mere cut
// changes no bit; what was compressed or float comes out as float.
func depth(s catalog.Sample) codec.PCMOptions {
	switch {
	case (s.Format == "wav" || s.Format == "aiff" || s.Format == "flac") && (s.BitDepth == 16 || s.BitDepth == 24):
		return codec.PCMOptions{Bits: s.BitDepth}
	default:
		return codec.PCMOptions{Float: true}
	}
}

// writeSound writes a WAV file that is whole or not there.
func writeSound(path string, b *pcm.Buffer, o codec.PCMOptions) error {
	var data bytes.Buffer
	if err := codec.EncodeWAV(&data, b, codec.WAVOptions{PCMOptions: o}); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	part := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".part")
	if err := os.WriteFile(part, data.Bytes(), 0o644); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return os.Rename(part, path)
}

// takeIn imports files that the program made.
func (a *App) takeIn(ctx context.Context, files []string) ([]catalog.Row, error) {
	if _, err := ingest.Run(ctx, a.db, files, ingest.Options{Workers: a.settings.Get().Library.Jobs}); err != nil {
		return nil, err
	}
	rows := make([]catalog.Row, len(files))
	for i, f := range files {
		s, err := a.db.SampleByPath(ctx, f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		rows[i] = s.Row
	}
	return rows, nil
}

// inherit gives new sounds what is true of them because it is true of the sound they were made of.
func (a *App) inherit(ctx context.Context, from catalog.Sample, source catalog.Source, rows []catalog.Row) error {
	if len(from.Tags) > 0 {
		if err := a.db.AddTags(ctx, rows, from.Tags...); err != nil {
			return err
		}
	}
	return a.db.SetSource(ctx, rows, source)
}

// removeMade removes files that Reshape wrote, and their folder if nothing else is in it.
func removeMade(files []string) error {
	var errs []error
	for _, f := range files {
		if err := os.Remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if len(files) > 1 {
		_ = os.Remove(filepath.Dir(files[0])) // not empty: somebody put something there
	}
	return errors.Join(errs...)
}
