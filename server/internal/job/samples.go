package job

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"sampleagent/audio/codec"
	"sampleagent/server/internal/job/queue"
	"sampleagent/server/internal/notify"
	"sampleagent/server/internal/object"
	"sampleagent/server/internal/quota"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/vibe"
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
		var more []string
		if v := vibes[id]; v != nil {
			more = append(append(append(more, v.Mood...), v.Tags...), v.OneLine)
		}
		row.Search = row.SearchText(more...)
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
		row.Title = CleanName(*p.Title)
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

// Peaks is a signed link to the waveform.
func (s *Service) Peaks(ctx context.Context, userID, id string) (*wire.Link, error) {
	row, err := s.audio(ctx, userID, id)
	if err != nil {
		return nil, err
	}
	return s.link(ctx, row.PeaksKey, object.Serve{ContentType: "application/json", Filename: "peaks.json", Inline: true})
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

// DeepArgs is a job queue entry: ask the large model about a sample.
type DeepArgs struct {
	UserID   string `json:"user_id"`
	SampleID string `json:"sample_id" river:"unique"`
}

// Kind names the entry.
func (DeepArgs) Kind() string { return "deep_analysis" }

// Deep asks for a deep analysis of a sample. The plan's share is counted; beyond it the
// operator's billing decides.
func (s *Service) Deep(ctx context.Context, who Who, id string) error {
	if _, err := s.DB.Sample(ctx, who.User.ID, id); err != nil {
		return err
	}
	if who.Limits.DeepShare == 0 || len(who.Limits.Models) < 2 {
		p := problem(http.StatusForbidden, wire.CodeTier, "Deep analysis is part of the pro plan.")
		p.Upgrade = true
		return p
	}
	if !s.Vibe.On() {
		return problem(http.StatusForbidden, wire.CodeOff, "This server has no AI provider, so there is no deep analysis.")
	}
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		month := who.Limits.UploadWindow(s.Now(), who.User.PeriodStart.Time())
		ok, err := tx.Take(ctx, who.User.ID, "deep", month, 1, who.Limits.DeepShare)
		if err != nil {
			return err
		}
		if !ok {
			p := limited(problem(http.StatusTooManyRequests, wire.CodeBudget, "The %d deep analyses of this month are used.", who.Limits.DeepShare), who.Limits.DeepShare, "analyses", false)
			p.ResetAt, p.RetryAfter = &month.End, month.End.Sub(s.Now())
			return p
		}
		_, err = s.Queue.Insert(ctx, tx, DeepArgs{who.User.ID, id}, &river.InsertOpts{Queue: string(who.Limits.Queue), Priority: 2, MaxAttempts: 4})
		return err
	})
}

type deepWorker struct {
	river.WorkerDefaults[DeepArgs]
	s *Service
}

func (*deepWorker) Timeout(*river.Job[DeepArgs]) time.Duration { return workTime }

func (d *deepWorker) Work(ctx context.Context, rj *river.Job[DeepArgs]) error {
	s := d.s
	u, err := s.DB.User(ctx, rj.Args.UserID)
	if notFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	row, err := s.DB.Sample(ctx, u.ID, rj.Args.SampleID)
	if notFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	f, err := s.DB.Features(ctx, row.ID)
	if err != nil {
		return err
	}
	l, err := s.Limits(u)
	if err != nil {
		return err
	}
	v, took, err := s.Vibe.Describe(ctx, vibe.Ask{User: u, Limits: l, SampleID: row.ID, Facts: storedFacts(row, f), Deep: true})
	if err != nil {
		return err
	}
	if v.Source != wire.VibeFromAI && rj.Attempt < rj.MaxAttempts {
		return errors.New("deep analysis: " + v.Reason)
	}
	ctx = context.WithoutCancel(ctx)
	now := s.Now()
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		if v.Source == wire.VibeFromAI {
			if err := tx.AddVibe(ctx, &store.Vibe{ID: store.NewID(), SampleID: row.ID, UserID: u.ID, Source: v.Source, Model: v.Model, Deep: true,
				Vibe: store.JSON[wire.Vibe]{V: *v}, Confidence: v.Confidence, TookMS: took.Milliseconds(), CreatedAt: store.At(now)}); err != nil {
				return err
			}
			if _, err := tx.UpdateSample(ctx, row, now); err != nil {
				return err
			}
		} else { // not done, so not counted
			month := l.UploadWindow(now, u.PeriodStart.Time())
			if err := tx.Give(ctx, u.ID, "deep", store.At(month.Start), 1); err != nil {
				return err
			}
		}
		if err := s.Notify.Event(ctx, tx, u.ID, wire.EventSampleUpdated, wire.EventData{SampleID: row.ID, Version: row.Version}); err != nil {
			return err
		}
		return queue.Complete(ctx, tx, rj)
	})
}

func storedFacts(row *store.Sample, f *store.Features) vibe.Facts {
	x := vibe.Facts{Name: row.Filename, Duration: row.Duration, Kind: row.Kind, Class: row.Class, BPM: f.BPM, BPMConf: f.BPMConf, KeyConf: f.KeyConf,
		LUFS: f.LUFS, Centroid: f.CentroidMean, Bandwidth: f.BandwidthMean, Rolloff: f.RolloffMean, Flatness: f.FlatnessMean, ZCR: f.ZCRMean, RMS: f.RMSMean, Harmonic: f.HarmonicRatio}
	if row.BPM > 0 {
		x.BPM = &row.BPM
	}
	if row.Key != "" {
		x.Key = &row.Key
	}
	if row.Duration > 0 {
		x.OnsetsPerSec = float64(f.OnsetCount) / row.Duration
	}
	return x
}
