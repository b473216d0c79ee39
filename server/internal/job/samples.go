package job

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"

	"sampleagent/audio/codec"
	"sampleagent/server/internal/notify"
	"sampleagent/server/internal/object"
	"sampleagent/server/internal/quota"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// cursor is where a page of samples ended.
type cursor struct {
	Sort  string `json:"s"`
	Value string `json:"v"`
	ID    string `json:"i"`
}

// Samples is a page of a user's samples.
func (s *Service) Samples(ctx context.Context, userID string, f store.SampleFilter, after string, limit int) (wire.SamplePage, error) {
	page := wire.SamplePage{Items: []wire.Sample{}}
	if !slices.Contains([]string{"", "created", "-created", "title", "-title", "bpm", "-bpm", "duration", "-duration"}, f.Sort) {
		return page, problem(http.StatusUnprocessableEntity, wire.CodeInvalid, "sort must be created, title, bpm or duration, with - in front for the other way round.")
	}
	if after != "" {
		var c cursor
		raw, err := base64.RawURLEncoding.DecodeString(after)
		if err != nil || json.Unmarshal(raw, &c) != nil || c.Sort != f.Sort || c.ID == "" {
			return page, problem(http.StatusUnprocessableEntity, wire.CodeInvalid, "The cursor is not one of this list; begin again without it.")
		}
		f.AfterValue, f.AfterID = c.Value, c.ID
	}
	rows, err := s.DB.Samples(ctx, userID, f, limit+1)
	if err != nil {
		return page, err
	}
	if len(rows) > limit {
		rows = rows[:limit]
		last := &rows[limit-1]
		raw, err := json.Marshal(cursor{f.Sort, last.AfterOf(f.Sort), last.ID})
		if err != nil {
			return page, err
		}
		page.Next = base64.RawURLEncoding.EncodeToString(raw)
	}
	ids := make([]string, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	vibes, err := s.DB.VibesOf(ctx, ids)
	if err != nil {
		return page, err
	}
	for i := range rows {
		page.Items = append(page.Items, notify.WireSample(&rows[i], nil, vibes[rows[i].ID]))
	}
	return page, nil
}

// Sample is one sample of a user with everything known of it.
func (s *Service) Sample(ctx context.Context, userID, id string) (*wire.Sample, error) {
	row, err := s.DB.Sample(ctx, userID, id)
	if err != nil {
		return nil, err
	}
	return s.whole(ctx, row)
}

func (s *Service) whole(ctx context.Context, row *store.Sample) (*wire.Sample, error) {
	f, err := s.DB.Features(ctx, row.ID)
	if err != nil && !notFound(err) {
		return nil, err
	}
	vibes, err := s.DB.VibesOf(ctx, []string{row.ID})
	if err != nil {
		return nil, err
	}
	w := notify.WireSample(row, f, vibes[row.ID])
	return &w, nil
}

// Patch changes what a person may change. version is the one the change is based on; 0: any.
func (s *Service) Patch(ctx context.Context, userID, id string, version int64, p wire.SamplePatch) (*wire.Sample, error) {
	stale := problem(http.StatusPreconditionFailed, wire.CodeStale, "The sample was changed meanwhile; load it again.")
	var row *store.Sample
	err := s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if row, err = tx.Sample(ctx, userID, id); err != nil {
			return err
		}
		if version != 0 && row.Version != version {
			return stale
		}
		if err := s.change(ctx, tx, row, p); err != nil {
			return err
		}
		vibes, err := tx.VibesOf(ctx, []string{id})
		if err != nil {
			return err
		}
		row.Search = row.SearchText(vibes[id])
		ok, err := tx.UpdateSample(ctx, row, s.Now())
		if err != nil {
			return err
		}
		if !ok {
			return stale
		}
		return s.Notify.Event(ctx, tx, userID, wire.EventSampleUpdated, wire.EventData{SampleID: id, Version: row.Version})
	})
	if err != nil {
		return nil, err
	}
	return s.whole(ctx, row)
}

// change applies a patch to a row. A tempo of 0 or an empty key gives the measured value back.
func (s *Service) change(ctx context.Context, tx *store.Tx, row *store.Sample, p wire.SamplePatch) error {
	if p.Title != nil {
		row.Title = cleanName(*p.Title)
	}
	if p.Genre != nil {
		row.Genre = *p.Genre
	}
	if p.Note != nil {
		row.Note = *p.Note
	}
	if p.Rating != nil {
		row.Rating = int64(*p.Rating)
	}
	if p.Favourite != nil {
		row.Favourite = *p.Favourite
	}
	if p.Tags != nil {
		row.Tags = cleanTags(*p.Tags)
	}
	if p.BPM == nil && p.Key == nil {
		return nil
	}
	f, err := tx.Features(ctx, row.ID)
	if err != nil && !notFound(err) {
		return err
	}
	if p.BPM != nil {
		row.BPMHand = *p.BPM
		row.BPM, row.BPMConf, row.BPMSource = *p.BPM, 1, wire.SourceHand
		if *p.BPM == 0 {
			row.BPM, row.BPMConf, row.BPMSource = 0, 0, ""
			if f != nil && f.BPM != nil {
				row.BPM, row.BPMConf, row.BPMSource = *f.BPM, or0(f.BPMConf), "sound"
			}
		}
	}
	if p.Key != nil {
		row.KeyHand = *p.Key
		row.Key, row.KeyConf, row.KeySource = *p.Key, 1, wire.SourceHand
		if *p.Key == "" {
			row.KeyConf, row.KeySource = 0, ""
			if f != nil && f.Key != nil && f.Scale != nil {
				row.Key, row.KeyConf, row.KeySource = *f.Key+" "+*f.Scale, or0(f.KeyConf), "sound"
			}
		}
	}
	return nil
}

func cleanTags(in []string) store.List[string] {
	out := store.List[string]{}
	for _, t := range in {
		t = strings.ToLower(strings.Join(strings.Fields(strings.ReplaceAll(t, `"`, "")), " "))
		if r := []rune(t); len(r) > 40 {
			t = string(r[:40])
		}
		if t != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// Delete removes a sample: links end at once, its objects go now or with the sweeper, its
// storage is given back.
func (s *Service) Delete(ctx context.Context, userID, id string) error {
	var row *store.Sample
	err := s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if row, err = tx.Sample(ctx, userID, id); err != nil {
			return err
		}
		if err := tx.DeleteSample(ctx, userID, id, s.Now()); err != nil {
			return err
		}
		if err := quota.Refund(ctx, tx, row.JobID, "sample deleted", s.Now(), quota.Storage); err != nil {
			return err
		}
		return s.Notify.Event(ctx, tx, userID, wire.EventSampleDeleted, wire.EventData{SampleID: id})
	})
	if err != nil {
		return err
	}
	if err := s.removeObjects(context.WithoutCancel(ctx), row); err != nil {
		s.Log.WarnContext(ctx, "objects of a deleted sample left for the sweeper", "sample", id, "error", err)
	}
	return nil
}

func (s *Service) removeObjects(ctx context.Context, row *store.Sample) error {
	var all error
	for _, key := range []string{row.FileKey, row.PreviewKey, row.PeaksKey} {
		if key != "" {
			all = errors.Join(all, s.Objects.Delete(ctx, key))
		}
	}
	return all
}

func (s *Service) audio(ctx context.Context, userID, id string) (*store.Sample, error) {
	row, err := s.DB.Sample(ctx, userID, id)
	if err == nil && row.AudioRemovedAt != 0 {
		return nil, problem(http.StatusGone, wire.CodeGone, "The audio of this sample was removed from the cloud on %s; its values stay.", row.AudioRemovedAt.Time().Format("2 January 2006"))
	}
	return row, err
}

// Play is a signed link to what a browser plays.
func (s *Service) Play(ctx context.Context, userID, id string) (*wire.Link, error) {
	row, err := s.audio(ctx, userID, id)
	if err != nil {
		return nil, err
	}
	if err := s.DB.Write(ctx, func(tx *store.Tx) error { return tx.TouchSample(ctx, id, s.Now()) }); err != nil {
		return nil, err
	}
	return s.playLink(ctx, row)
}

func (s *Service) playLink(ctx context.Context, row *store.Sample) (*wire.Link, error) {
	key, as := row.FileKey, formats[codec.Format(row.Format)]
	if row.PreviewKey != "" {
		key, as = row.PreviewKey, "audio/wav"
	}
	return s.link(ctx, key, object.Serve{ContentType: as, Filename: "preview" + path.Ext(key), Inline: true})
}

// Download is a signed link to the file as it was uploaded, under its name and true type.
func (s *Service) Download(ctx context.Context, userID, id string) (*wire.Link, error) {
	row, err := s.audio(ctx, userID, id)
	if err != nil {
		return nil, err
	}
	return s.downloadLink(ctx, row)
}

func (s *Service) downloadLink(ctx context.Context, row *store.Sample) (*wire.Link, error) {
	name := row.Filename
	if !strings.EqualFold(path.Ext(name), "."+row.Format) && (row.Format != "aiff" || !strings.EqualFold(path.Ext(name), ".aif")) {
		name += "." + row.Format
	}
	return s.link(ctx, row.FileKey, object.Serve{ContentType: formats[codec.Format(row.Format)], Filename: name})
}

// Peaks is the waveform.
func (s *Service) Peaks(ctx context.Context, userID, id string) (*wire.Peaks, error) {
	row, err := s.audio(ctx, userID, id)
	if err != nil {
		return nil, err
	}
	if row.PeaksKey != "" { // analysed while the waveform was an object
		return s.peaksObject(ctx, row.PeaksKey)
	}
	f, err := s.DB.Features(ctx, id)
	if err != nil {
		return nil, err
	}
	p := &wire.Peaks{Columns: len(f.Peaks) / 2, Seconds: f.Duration, Peaks: make([]int8, len(f.Peaks))}
	for i, b := range f.Peaks {
		p.Peaks[i] = int8(b)
	}
	return p, nil
}

func (s *Service) peaksObject(ctx context.Context, key string) (p *wire.Peaks, err error) {
	r, _, err := s.Objects.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := json.NewDecoder(r).Decode(&p); err != nil {
		return nil, fmt.Errorf("waveform %s: %w", key, err)
	}
	return p, nil
}

func (s *Service) link(ctx context.Context, key string, as object.Serve) (*wire.Link, error) {
	address, err := s.Objects.LinkGet(ctx, key, object.LinkTime, as)
	return &wire.Link{URL: address, ContentType: as.ContentType, Filename: as.Filename, ExpiresAt: s.Now().Add(object.LinkTime).UTC()}, err
}

// Links are what a webhook is told of a sample.
func (s *Service) Links(ctx context.Context, row *store.Sample) (play, download wire.Link, err error) {
	p, err1 := s.playLink(ctx, row)
	d, err2 := s.downloadLink(ctx, row)
	return *p, *d, errors.Join(err1, err2)
}
