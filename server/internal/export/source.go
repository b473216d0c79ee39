package export

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"sampleagent/audio/pack"
	"sampleagent/library/kit"
	"sampleagent/library/sp404"
	"sampleagent/server/internal/object"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// sound is the audio of a pad, and where it lies: a sample that was uploaded, or a file that a
// person keeps in the cloud for their other machines.
type sound struct {
	key    string // of its object
	name   string
	bpm    float64
	packed bool   // by audio/pack
	sum    string // SHA-256 that the file must have; "" for what the server has looked at
}

func ofSample(row *store.Sample) sound {
	bpm := row.BPM
	if row.BPMHand > 0 {
		bpm = row.BPMHand
	}
	return sound{key: row.FileKey, name: row.Title, bpm: bpm}
}

// kit is what goes to the card, with the sounds that its pads name.
func (s *Service) kit(ctx context.Context, e *store.Export) (kit.Kit, map[string]sound, error) {
	if e.Request.V.Kit == "" {
		return s.ofSamples(ctx, e)
	}
	cells, err := s.cells(ctx, e.UserID, "kit/"+e.Request.V.Kit)
	if err != nil {
		return kit.Kit{}, nil, err
	}
	k, err := kit.Parts(cells).PutTogether(e.Request.V.Kit, func(sum string) (string, error) { return sum, nil })
	if err != nil {
		return k, nil, refused{"This kit cannot be read: " + err.Error() + "."}
	}
	var sums []string
	for _, slot := range k.Filled() {
		sums = append(sums, k.Pad(slot).SampleID)
	}
	slices.Sort(sums)
	sums = slices.Compact(sums)
	rows, err := s.DB.SamplesByContent(ctx, e.UserID, sums)
	if err != nil {
		return k, nil, err
	}
	sounds := map[string]sound{}
	for _, sum := range sums {
		if rows[sum] != nil {
			sounds[sum] = ofSample(rows[sum])
			continue
		}
		kept, ok, err := s.kept(ctx, e.UserID, sum)
		if err != nil {
			return k, nil, err
		}
		if ok {
			sounds[sum] = kept
		}
	}
	if len(sounds) == 0 {
		return k, nil, refused{"None of this kit’s sounds is in the cloud: upload them from the desktop, or keep them there, first."}
	}
	e.Name = k.Name
	return k, sounds, nil
}

// ofSamples puts samples on pads in the order in which they were asked for.
func (s *Service) ofSamples(ctx context.Context, e *store.Export) (kit.Kit, map[string]sound, error) {
	k, sounds := kit.Kit{ID: e.ID, Name: e.Name}, map[string]sound{}
	for i, id := range e.Request.V.Samples {
		row, err := s.DB.Sample(ctx, e.UserID, id)
		if errors.Is(err, store.ErrNotFound) || err == nil && row.AudioRemovedAt != 0 {
			continue // deleted since it was asked for
		}
		if err != nil {
			return k, nil, err
		}
		sounds[id] = ofSample(row)
		if err := k.SetPad(kit.Slot(i), kit.Pad{SampleID: id}); err != nil {
			return k, nil, err
		}
	}
	if len(sounds) == 0 {
		return k, nil, refused{"None of these samples is in the cloud any more."}
	}
	return k, sounds, nil
}

// cells are the fields of a synced object.
func (s *Service) cells(ctx context.Context, userID, name string) (map[string]json.RawMessage, error) {
	rows, err := s.DB.SyncObject(ctx, userID, name)
	fields := map[string]json.RawMessage{}
	for _, c := range rows {
		if v := c.Cell.V.Value(); v != nil {
			fields[c.Field] = v
		}
	}
	return fields, err
}

// field reads a field of an object; false where there is none, or one of a newer program that
// cannot be read.
func field[T any](fields map[string]json.RawMessage, name string) (v T, ok bool) {
	ok = len(fields[name]) > 0 && json.Unmarshal(fields[name], &v) == nil
	return v, ok
}

// kept finds a file that the account keeps in the cloud; false where there is none. What its
// machines say of the sample gives name and tempo, as the desktop would take them.
func (s *Service) kept(ctx context.Context, userID, sum string) (sound, bool, error) {
	fields, err := s.cells(ctx, userID, "sample/"+sum)
	if err != nil {
		return sound{}, false, err
	}
	audio, ok := field[wire.KeptAudio](fields, "audio")
	if !ok || audio.Object == "" {
		return sound{}, false, nil
	}
	row, err := s.DB.Audio(ctx, userID, audio.Object)
	if errors.Is(err, store.ErrNotFound) || err == nil && row.State != store.AudioStored {
		return sound{}, false, nil
	}
	if err != nil {
		return sound{}, false, err
	}
	out := sound{key: object.Kept(userID, row.ID), name: audio.Name, packed: audio.Form == wire.KeptPacked, sum: sum}
	type found struct {
		Name   string
		Report struct{ BPM *float64 }
	}
	if f, ok := field[found](fields, "found"); ok {
		if f.Name != "" {
			out.name = f.Name
		}
		if f.Report.BPM != nil {
			out.bpm = *f.Report.BPM
		}
	}
	if name, ok := field[string](fields, "name"); ok && name != "" {
		out.name = name
	}
	if bpm, ok := field[string](fields, "bpm"); ok {
		out.bpm = 0 // a person took the tempo away, unless they typed one
		if v, err := strconv.ParseFloat(strings.Replace(bpm, ",", ".", 1), 64); err == nil {
			out.bpm = v
		}
	}
	return out, true, nil
}

// fetch brings the audio into files, each sound once.
func (s *Service) fetch(ctx context.Context, dir string, sounds map[string]sound) (map[string]sp404.Sample, error) {
	samples := map[string]sp404.Sample{}
	for id, from := range sounds {
		path := filepath.Join(dir, fmt.Sprintf("sound-%03d", len(samples)))
		err := s.fetchOne(ctx, path, from)
		switch {
		case errors.Is(err, object.ErrNotFound):
			continue // removed meanwhile: the plan lists its pad as left out
		case errors.Is(err, errOtherFile), errors.Is(err, pack.ErrDamaged):
			s.Log.WarnContext(ctx, "a kept file is not what its account’s machines say; its pads are left out", "key", from.key, "error", err)
			continue
		case err != nil:
			return nil, err
		}
		samples[id] = sp404.Sample{ID: id, Name: from.name, Path: path, BPM: from.bpm}
	}
	return samples, nil
}

var errOtherFile = errors.New("the bytes are those of another file")

func (s *Service) fetchOne(ctx context.Context, path string, from sound) error {
	r, info, err := s.Objects.Get(ctx, from.key)
	if err != nil {
		return err
	}
	defer r.Close()
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	h := sha256.New()
	out := bufio.NewWriter(io.MultiWriter(f, h))
	if from.packed {
		err = s.unpack(ctx, path+".packed", r, info.Size, out)
	} else {
		_, err = io.Copy(out, contextReader{ctx, r})
	}
	if err = errors.Join(err, out.Flush(), f.Close()); err != nil {
		return fmt.Errorf("fetch %s: %w", from.key, err)
	}
	if from.sum != "" && hex.EncodeToString(h.Sum(nil)) != from.sum {
		return fmt.Errorf("fetch %s: %w", from.key, errOtherFile)
	}
	return nil
}

// unpack brings a packed file to the disk first: its parts are not read in order.
func (s *Service) unpack(ctx context.Context, path string, r io.Reader, size int64, w io.Writer) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, contextReader{ctx, r})
	if err == nil {
		err = pack.Unpack(ctx, f, size, w)
	}
	return errors.Join(err, f.Close(), os.Remove(path))
}
