package job

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"unicode"

	"sampleagent/audio/codec"
	"sampleagent/server/internal/job/lane"
	"sampleagent/server/internal/object"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/quota"
	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// Incoming is a file on its way in.
type Incoming struct {
	Name           string // as the user calls it: shown, never used as a path
	Body           io.Reader
	Length         int64 // of Body, or of something around it; -1: not said
	IdempotencyKey string
	Vibe           *bool      // nil: as the user's preferences say
	Model          plan.Model // empty: as they say
	SourceSHA256   string     // of the user's file, when these are the same samples in other bytes
}

// multipartSlack is how much larger than its file a multipart body may be.
const multipartSlack = 64 << 10

// formats are what the server takes in, with the type that content is served as.
var formats = map[codec.Format]string{
	codec.WAV: "audio/wav", codec.AIFF: "audio/aiff", codec.FLAC: "audio/flac", codec.MP3: "audio/mpeg", codec.Vorbis: "audio/ogg",
}

// Submit takes a file in: 403, 413, 415, 429, 422 in this order, then object, row, reservation
// and queue entry. replayed says that an idempotency key gave the job of an earlier request.
func (s *Service) Submit(ctx context.Context, who Who, in Incoming) (job *store.Job, replayed bool, err error) {
	if err := s.mayUpload(who); err != nil {
		return nil, false, err
	}
	if in.Length > who.Limits.FileBytes+multipartSlack {
		return nil, false, tooLarge(who.Limits)
	}
	f, done, err := s.tempFile()
	if err != nil {
		return nil, false, err
	}
	defer done()
	hash := sha256.New()
	size, err := io.Copy(io.MultiWriter(f, hash), io.LimitReader(in.Body, who.Limits.FileBytes+1))
	if err != nil {
		var big *http.MaxBytesError
		if errors.As(err, &big) {
			return nil, false, tooLarge(who.Limits)
		}
		if ours := (*fs.PathError)(nil); errors.As(err, &ours) {
			return nil, false, fmt.Errorf("take the upload in: %w", err)
		}
		return nil, false, problem(http.StatusBadRequest, wire.CodeBadRequest, "The upload broke off before its end; send it again.")
	}
	if size > who.Limits.FileBytes {
		return nil, false, tooLarge(who.Limits)
	}
	sum := hex.EncodeToString(hash.Sum(nil))
	if earlier, err := s.earlier(ctx, who.User.ID, in.IdempotencyKey, sum); earlier != nil || err != nil {
		return earlier, earlier != nil, err
	}
	heard, err := s.inspect(ctx, who, f, size)
	if err != nil {
		return nil, false, err
	}
	j, err := s.newJob(ctx, who, in)
	if err != nil {
		return nil, false, err
	}
	j.Format, j.Size, j.SHA256, j.Duration = string(heard.format), size, sum, heard.seconds
	j.FileKey = object.Pending(who.User.ID, j.ID, j.Format)
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, false, fmt.Errorf("read the upload back: %w", err)
	}
	if err := s.Objects.Put(ctx, j.FileKey, f, size, object.About{ContentType: formats[heard.format], Owner: j.UserID, Tier: string(j.Tier)}); err != nil {
		return nil, false, err
	}
	s.step("object stored")
	err = s.accept(ctx, who, j, true)
	if errors.Is(err, store.ErrUnsure) {
		taken, known := s.DB.JobByID(ctx, j.ID)
		if known == nil {
			return taken, false, nil
		}
		if !notFound(known) { // the row may be there and need its object; else the checker finds that
			return nil, false, err
		}
	}
	if err != nil {
		// Not taken: the object goes again. If that fails the checker finds it.
		if gone := s.Objects.Delete(context.WithoutCancel(ctx), j.FileKey); gone != nil {
			s.Log.WarnContext(ctx, "refused upload left behind", "key", j.FileKey, "error", gone)
		}
		if errors.Is(err, errTaken) {
			earlier, err := s.earlier(ctx, who.User.ID, in.IdempotencyKey, sum)
			return earlier, true, err
		}
		return nil, false, s.told(ctx, who, err)
	}
	s.step("accepted")
	return j, false, nil
}

// mayUpload is the 403: what the plan or the state of the account does not allow.
func (s *Service) mayUpload(who Who) error {
	if who.User.StorageBytes > who.Limits.StorageBytes {
		p := problem(http.StatusForbidden, wire.CodeOverQuota, "More is stored than your plan holds, so it is read-only. Remove samples or choose a larger plan.")
		return limited(p, who.Limits.StorageBytes, "bytes", true)
	}
	return nil
}

func tooLarge(l plan.Limits) error {
	p := problem(http.StatusRequestEntityTooLarge, wire.CodeTooLarge,
		"The file is larger than the %d MB of your plan. Lossless FLAC is about half as large as WAV.", l.FileBytes/plan.MiB)
	return limited(p, l.FileBytes, "bytes", l.Tier != plan.Enterprise)
}

// earlier is the job that an idempotency key made; 409 when it was made of other bytes.
func (s *Service) earlier(ctx context.Context, userID, key, sum string) (*store.Job, error) {
	if key == "" {
		return nil, nil
	}
	if len(key) > 255 {
		return nil, problem(http.StatusUnprocessableEntity, wire.CodeInvalid, "The idempotency key is longer than 255 bytes.")
	}
	j, err := s.DB.JobByIdempotency(ctx, userID, key)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err == nil && j.SHA256 != sum {
		return nil, problem(http.StatusConflict, wire.CodeIdempotency, "This idempotency key was used for another file.")
	}
	return j, err
}

type heard struct {
	format  codec.Format
	seconds float64 // 0: the header does not say
}

// inspect is 415, 429 and 422: format by content, room in the plan, and the header.
func (s *Service) inspect(ctx context.Context, who Who, f io.ReadSeeker, size int64) (heard, error) {
	head := make([]byte, min(size, codec.SniffLen))
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return heard{}, fmt.Errorf("read the upload back: %w", err)
	}
	if _, err := io.ReadFull(f, head); err != nil {
		return heard{}, fmt.Errorf("read the upload back: %w", err)
	}
	format, ok := codec.Sniff(head)
	if !ok || formats[format] == "" {
		p := problem(http.StatusUnsupportedMediaType, wire.CodeFormat, "This is not a WAV, AIFF, FLAC, MP3 or Ogg Vorbis file, whatever its name says.")
		return heard{}, s.invalid(ctx, who, p)
	}
	if p, err := quota.Peek(ctx, s.DB.Q, who.User, who.Limits, s.Now(), 1, size); err != nil {
		return heard{}, err
	} else if p != nil {
		return heard{}, s.told(ctx, who, p)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return heard{}, fmt.Errorf("read the upload back: %w", err)
	}
	info, _, err := codec.Probe(f)
	if inFile(err) {
		return heard{}, s.invalid(ctx, who, undecodable(err))
	}
	if err != nil {
		return heard{}, fmt.Errorf("read the upload back: %w", err)
	}
	h := heard{format: format}
	if info.Frames >= 0 {
		if info.Frames == 0 {
			return heard{}, s.invalid(ctx, who, undecodable(codec.ErrNoAudio))
		}
		h.seconds = float64(info.Frames) / float64(info.Rate)
		if tooLong(h.seconds, who.Limits) {
			return heard{}, s.invalid(ctx, who, durationProblem(h.seconds, who.Limits))
		}
	}
	return h, nil
}

func tooLong(seconds float64, l plan.Limits) bool {
	return seconds > l.Seconds+plan.DurationTolerance.Seconds()
}

func durationProblem(seconds float64, l plan.Limits) *wire.Problem {
	p := problem(http.StatusUnprocessableEntity, wire.CodeTooLong, "The sound is %.1f s long; your plan takes up to %.0f s. Cut it, or choose a larger plan.", seconds, l.Seconds)
	return limited(p, int64(l.Seconds), "seconds", l.Tier != plan.Enterprise)
}

func undecodable(err error) *wire.Problem {
	switch {
	case errors.Is(err, codec.ErrNoAudio), errors.Is(err, codec.ErrEmpty):
		return problem(http.StatusUnprocessableEntity, wire.CodeNoAudio, "There is no sound in this file.")
	case errors.Is(err, codec.ErrTooLarge):
		return problem(http.StatusUnprocessableEntity, wire.CodeTooLong, "There is more sound in this file than your plan takes.")
	case errors.Is(err, codec.ErrUnsupported):
		return problem(http.StatusUnprocessableEntity, wire.CodeUndecodable, "This file's coding is not read. Save it as WAV, AIFF or FLAC.")
	}
	return problem(http.StatusUnprocessableEntity, wire.CodeUndecodable, "This file cannot be read as sound; it is damaged or cut off.")
}

// invalid counts a file that was refused for what it is, and gives p back.
func (s *Service) invalid(ctx context.Context, who Who, p *wire.Problem) error {
	if err := s.DB.Write(ctx, func(tx *store.Tx) error { return quota.Invalid(ctx, tx, who.User.ID, s.Now()) }); err != nil {
		return err
	}
	return p
}

// told lets the user know, once a day, that a limit was met, and gives err back.
func (s *Service) told(ctx context.Context, who Who, err error) error {
	var p *wire.Problem
	if errors.As(err, &p) && p.Status == http.StatusTooManyRequests {
		if err := s.Notify.QuotaUsed(ctx, who.User.ID, p); err != nil {
			s.Log.WarnContext(ctx, "quota mail", "error", err)
		}
	}
	return err
}

// newJob is a job as it begins, without its file.
func (s *Service) newJob(ctx context.Context, who Who, in Incoming) (*store.Job, error) {
	prefs, err := s.DB.Preferences(ctx, who.User.ID)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	j := &store.Job{ID: store.NewID(), UserID: who.User.ID, Status: wire.Pending, Tier: who.Limits.Tier, Queue: who.Limits.Queue, Priority: 1,
		OriginalName: cleanName(in.Name), IdempotencyKey: in.IdempotencyKey, SampleID: store.NewID(),
		CreatedAt: store.At(now), UpdatedAt: store.At(now), DeadlineAt: store.At(now.Add(who.Limits.Promise))}
	j.Options.V = store.JobOptions{Vibe: prefs.AutoVibe, Model: plan.Model(prefs.VibeModel), SourceSHA256: in.SourceSHA256}
	if in.Vibe != nil {
		j.Options.V.Vibe = *in.Vibe
	}
	if in.Model != "" {
		j.Options.V.Model = in.Model
	}
	return j, nil
}

var errTaken = errors.New("the idempotency key was taken meanwhile")

// accept writes row, reservation and queue entry in one transaction.
func (s *Service) accept(ctx context.Context, who Who, j *store.Job, reserve bool) error {
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		return s.acceptIn(ctx, tx, who, j, reserve)
	})
}

func (s *Service) acceptIn(ctx context.Context, tx *store.Tx, who Who, j *store.Job, reserve bool) error {
	if reserve {
		if err := quota.Reserve(ctx, tx, who.User, who.Limits, s.Now(), quota.Item{JobID: j.ID, Bytes: j.Size}); err != nil {
			return err
		}
	}
	live, err := tx.LiveJobs(ctx, j.UserID, j.Queue)
	if err != nil {
		return err
	}
	j.Priority = lane.Priority(live, who.Limits.PerUser)
	added, err := tx.AddJob(ctx, j)
	if err != nil {
		return err
	}
	if !added {
		return errTaken
	}
	if err := s.enqueue(ctx, tx, j); err != nil {
		return err
	}
	return s.Notify.Event(ctx, tx, j.UserID, wire.EventJobUpdated, wire.EventData{JobID: j.ID, Status: wire.Pending, BatchID: j.BatchID, Name: j.OriginalName})
}

// cleanName is a user's file name as we show it: its last part, without control characters, at
// most 255 bytes.
func cleanName(name string) string {
	name = strings.ToValidUTF8(name, "")
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u202e' || r == '\u2066' || r == '\u2067' || r == '\u2068' || r == '\u2069' || r == '\u202d' {
			return -1
		}
		return r
	}, name)
	name = strings.TrimSpace(name)
	for len(name) > 255 {
		r := []rune(name)
		name = string(r[:len(r)-1])
	}
	if name == "" || name == "." || name == ".." || name == "/" {
		return "unnamed"
	}
	return name
}
