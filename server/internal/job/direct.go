package job

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"sampleagent/audio/codec"
	"sampleagent/server/internal/object"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/quota"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// types that a client may announce, with the format they mean. What the bytes are is found out
// from the bytes.
var types = map[string]codec.Format{
	"audio/wav": codec.WAV, "audio/x-wav": codec.WAV, "audio/wave": codec.WAV, "audio/vnd.wave": codec.WAV,
	"audio/aiff": codec.AIFF, "audio/x-aiff": codec.AIFF, "audio/flac": codec.FLAC, "audio/x-flac": codec.FLAC,
	"audio/mpeg": codec.MP3, "audio/mp3": codec.MP3, "audio/ogg": codec.Vorbis, "audio/vorbis": codec.Vorbis,
	"application/ogg": codec.Vorbis,
}

// Announce promises an address for the bytes of one file: 403, 413, 415, 429 at once, 422 when
// the upload is completed. The upload and its bytes are reserved until the address ends.
func (s *Service) Announce(ctx context.Context, who Who, r wire.UploadRequest, idempotencyKey string) (*wire.DirectUpload, error) {
	if err := s.mayUpload(who); err != nil {
		return nil, err
	}
	if idempotencyKey != "" {
		u, err := s.DB.UploadByIdempotency(ctx, who.User.ID, idempotencyKey)
		if err == nil && u.SHA256 != r.SHA256 {
			return nil, problem(http.StatusConflict, wire.CodeIdempotency, "This idempotency key was used for another file.")
		}
		if err == nil {
			return s.direct(ctx, who, u)
		}
		if !notFound(err) {
			return nil, err
		}
	}
	all, err := s.announce(ctx, who, []wire.UploadRequest{r}, "", idempotencyKey)
	if err != nil {
		return nil, err
	}
	return s.direct(ctx, who, &all[0])
}

// AnnounceBatch promises addresses for up to the plan's number of files, all or none.
func (s *Service) AnnounceBatch(ctx context.Context, who Who, r wire.BatchRequest) (*wire.BatchAccepted, error) {
	if who.Limits.Batch == 0 {
		return nil, limited(problem(http.StatusForbidden, wire.CodeTier, "Batches are part of the pro plan. Upload the files one by one."), 0, "files", true)
	}
	if err := s.mayUpload(who); err != nil {
		return nil, err
	}
	if len(r.Files) > who.Limits.Batch {
		return nil, limited(problem(http.StatusUnprocessableEntity, wire.CodeInvalid, "A batch of your plan has at most %d files.", who.Limits.Batch), int64(who.Limits.Batch), "files", false)
	}
	batchID := store.NewID()
	all, err := s.announce(ctx, who, r.Files, batchID, r.Name)
	if err != nil {
		return nil, err
	}
	out := &wire.BatchAccepted{BatchID: batchID}
	for i := range all {
		d, err := s.direct(ctx, who, &all[i])
		if err != nil {
			return nil, err
		}
		out.Uploads = append(out.Uploads, *d)
	}
	return out, nil
}

// announce reserves and writes uploads in one transaction. text is the idempotency key of one
// upload or the name of a batch.
func (s *Service) announce(ctx context.Context, who Who, files []wire.UploadRequest, batchID, text string) ([]store.Upload, error) {
	now := s.Now()
	all := make([]store.Upload, len(files))
	items := make([]quota.Item, len(files))
	for _, r := range files {
		if r.Size > who.Limits.FileBytes {
			return nil, tooLarge(who.Limits)
		}
	}
	for i, r := range files {
		format, ok := types[r.ContentType]
		if !ok {
			return nil, problem(http.StatusUnsupportedMediaType, wire.CodeFormat, "%q is not a type the server takes; say audio/wav, audio/aiff, audio/flac, audio/mpeg or audio/ogg.", r.ContentType)
		}
		jobID := store.NewID()
		all[i] = store.Upload{ID: store.NewID(), UserID: who.User.ID, BatchID: batchID, JobID: jobID, FileKey: object.Pending(who.User.ID, jobID, string(format)),
			Name: cleanName(r.Name), Size: r.Size, SHA256: r.SHA256, SourceSHA256: r.SourceSHA256, ContentType: r.ContentType, State: "open",
			CreatedAt: store.At(now), ExpiresAt: store.At(now.Add(object.LinkTime))}
		if batchID == "" {
			all[i].IdempotencyKey = text
		}
		items[i] = quota.Item{JobID: jobID, Bytes: r.Size}
	}
	if p, err := invalidBefore(ctx, s, who); p != nil || err != nil {
		return nil, errors.Join(problemOrNil(p), err)
	}
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		if err := quota.Reserve(ctx, tx, who.User, who.Limits, now, items...); err != nil {
			return err
		}
		if batchID != "" {
			if err := tx.AddBatch(ctx, &store.Batch{ID: batchID, UserID: who.User.ID, Name: cleanBatch(text), Files: int64(len(files)), CreatedAt: store.At(now)}); err != nil {
				return err
			}
		}
		for i := range all {
			added, err := tx.AddUpload(ctx, &all[i])
			if err != nil {
				return err
			}
			if !added {
				return problem(http.StatusConflict, wire.CodeConflict, "The same upload is being announced at this moment; ask again.")
			}
		}
		return nil
	})
	return all, s.told(ctx, who, err)
}

// cleanBatch is a batch's name as we show it.
func cleanBatch(name string) string {
	if name == "" {
		return ""
	}
	return cleanName(name)
}

func problemOrNil(p *wire.Problem) error {
	if p == nil {
		return nil
	}
	return p
}

// invalidBefore refuses who sent too many files that are not sound today.
func invalidBefore(ctx context.Context, s *Service, who Who) (*wire.Problem, error) {
	none := who.Limits
	none.Uploads, none.StorageBytes = plan.Unlimited, 1<<62
	return quota.Peek(ctx, s.DB.Q, who.User, none, s.Now(), 0, 0)
}

// direct signs the address of an open upload.
func (s *Service) direct(ctx context.Context, who Who, u *store.Upload) (*wire.DirectUpload, error) {
	if u.State != "open" {
		return nil, problem(http.StatusConflict, wire.CodeConflict, "This upload was completed or has ended.")
	}
	sum, err := hex.DecodeString(u.SHA256)
	if err != nil {
		return nil, fmt.Errorf("upload %s: hash: %w", u.ID, err)
	}
	left := u.ExpiresAt.Time().Sub(s.Now())
	if left < time.Second {
		return nil, problem(http.StatusConflict, wire.CodeConflict, "The address of this upload has expired; announce it again.")
	}
	address, headers, err := s.Objects.LinkPut(ctx, u.FileKey, left, object.Announce{Size: u.Size, SHA256: sum,
		About: object.About{ContentType: u.ContentType, Owner: u.UserID, Tier: string(who.Limits.Tier)}})
	if err != nil {
		return nil, err
	}
	d := &wire.DirectUpload{UploadID: u.ID, Method: http.MethodPut, URL: address, Headers: map[string]string{}, ExpiresAt: u.ExpiresAt.Time(), Complete: "/api/uploads/" + u.ID + "/complete"}
	for k, v := range headers {
		if k != "Content-Length" { // every client sets it from the body
			d.Headers[k] = v[0]
		}
	}
	return d, nil
}

// Complete turns an announced upload whose bytes have arrived into a job. Completing it again
// gives the same job.
func (s *Service) Complete(ctx context.Context, who Who, uploadID string) (job *store.Job, err error) {
	u, err := s.DB.Upload(ctx, who.User.ID, uploadID)
	if err != nil {
		return nil, err
	}
	if u.State == "completed" {
		return s.DB.Job(ctx, who.User.ID, u.JobID)
	}
	if u.State != "open" {
		return nil, problem(http.StatusConflict, wire.CodeConflict, "This upload has ended; announce it again.")
	}
	r, info, err := s.Objects.Get(ctx, u.FileKey)
	if errors.Is(err, object.ErrNotFound) || (err == nil && info.Size != u.Size) {
		if err == nil {
			err = r.Close()
		}
		return nil, errors.Join(problem(http.StatusConflict, wire.CodeDirectNotComplete, "The bytes have not arrived. PUT them to the address first."), ignoreNotFound(err))
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	h, err := s.inspectDirect(ctx, who, r, u)
	if err != nil {
		var p *wire.Problem
		if errors.As(err, &p) {
			return nil, errors.Join(err, s.drop(ctx, u, "refused: "+string(p.Code)))
		}
		return nil, err
	}
	in := Incoming{Name: u.Name, IdempotencyKey: u.IdempotencyKey}
	j, err := s.newJob(ctx, who, in)
	if err != nil {
		return nil, err
	}
	j.ID, j.BatchID, j.FileKey, j.Format = u.JobID, u.BatchID, u.FileKey, string(h.format)
	j.Size, j.SHA256, j.Duration = u.Size, u.SHA256, h.seconds
	if j.BatchID != "" {
		prefs, err := s.DB.Preferences(ctx, who.User.ID)
		if err != nil {
			return nil, err
		}
		j.Options.V = store.JobOptions{Vibe: prefs.BatchAutoAnalyze, Model: plan.Model(prefs.BatchModel)}
	}
	j.Options.V.SourceSHA256 = u.SourceSHA256
	s.step("bytes arrived")
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		closed, err := tx.CloseUpload(ctx, u.ID, "completed")
		if err != nil {
			return err
		}
		if !closed {
			return errTaken
		}
		return s.acceptIn(ctx, tx, who, j, false)
	})
	if errors.Is(err, errTaken) {
		return s.DB.Job(ctx, who.User.ID, u.JobID)
	}
	if err == nil {
		s.step("completed")
	}
	return j, err
}

func ignoreNotFound(err error) error {
	if errors.Is(err, object.ErrNotFound) {
		return nil
	}
	return err
}

// inspectDirect is inspect for bytes that are stored already: room was reserved before.
func (s *Service) inspectDirect(ctx context.Context, who Who, r io.ReadSeeker, u *store.Upload) (heard, error) {
	free := who
	free.Limits.Uploads, free.Limits.StorageBytes = plan.Unlimited, 1<<62
	return s.inspect(ctx, free, r, u.Size)
}

// drop ends an open upload: reservation and bytes go.
func (s *Service) drop(ctx context.Context, u *store.Upload, why string) error {
	ctx = context.WithoutCancel(ctx)
	state := "expired"
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		closed, err := tx.CloseUpload(ctx, u.ID, state)
		if err != nil || !closed {
			return err
		}
		if err := quota.Refund(ctx, tx, u.JobID, why, s.Now(), quota.Upload, quota.Storage); err != nil {
			return err
		}
		if u.BatchID != "" {
			return s.Notify.BatchDone(ctx, tx, u.UserID, u.BatchID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.step("upload dropped")
	return s.Objects.Delete(ctx, u.FileKey)
}
