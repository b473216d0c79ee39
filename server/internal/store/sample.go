package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sampleagent/sync/wire"
)

// Sample is a processed sound. BPM and Key are the values that win; *Hand is a person's.
type Sample struct {
	ID             string       `db:"id"`
	UserID         string       `db:"user_id"`
	JobID          string       `db:"job_id"`
	Version        int64        `db:"version"`
	Filename       string       `db:"filename"` // as uploaded
	Title          string       `db:"title"`
	Search         string       `db:"search"` // lower-case text that free text searches
	FileKey        string       `db:"file_key"`
	PreviewKey     string       `db:"preview_key"`
	PeaksKey       string       `db:"peaks_key"` // of older samples; now Features.Peaks
	Format         string       `db:"format"`
	Size           int64        `db:"size"`
	SHA256         string       `db:"sha256"`
	SourceSHA256   string       `db:"source_sha256"` // of the uploader's file, when other bytes were sent
	Duration       float64      `db:"duration"`
	SampleRate     int64        `db:"sample_rate"`
	Channels       int64        `db:"channels"`
	BitDepth       int64        `db:"bit_depth"`
	Kind           string       `db:"kind"`
	Class          string       `db:"class"`
	ClassConf      float64      `db:"class_confidence"`
	BPM            float64      `db:"bpm"` // 0: not known
	BPMConf        float64      `db:"bpm_confidence"`
	BPMSource      string       `db:"bpm_source"`
	BPMHand        float64      `db:"bpm_hand"`
	Key            string       `db:"musical_key"` // "": not known
	KeyConf        float64      `db:"key_confidence"`
	KeySource      string       `db:"key_source"`
	KeyHand        string       `db:"key_hand"`
	Genre          string       `db:"genre"`
	Tags           List[string] `db:"tags"`
	Note           string       `db:"note"`
	Rating         int64        `db:"rating"`
	Favourite      bool         `db:"favourite"`
	CreatedAt      Millis       `db:"created_at"`
	UpdatedAt      Millis       `db:"updated_at"`
	AnalyzedAt     Millis       `db:"analyzed_at"`
	LastAccessedAt Millis       `db:"last_accessed_at"`
	ExpiresAt      Millis       `db:"expires_at"`
	Warned7At      Millis       `db:"warned_7_at"`
	Warned1At      Millis       `db:"warned_1_at"`
	AudioRemovedAt Millis       `db:"audio_removed_at"`
	DeletedAt      Millis       `db:"deleted_at"`
}

var samples = tableOf[Sample]("samples")

// SearchText builds what free text searches; v may be nil.
func (s *Sample) SearchText(v *wire.Vibe) string {
	parts := append([]string{s.Title, s.Filename, s.Genre, s.Class, s.Kind, s.Note}, s.Tags...)
	if v != nil {
		parts = append(parts, v.OneLine)
		parts = slices.Concat(parts, v.Mood, v.Tags, v.Descriptors, v.Texture)
	}
	return strings.ToLower(strings.Join(parts, "\n"))
}

// AddSample writes a sample; false if its job has one.
func (tx *Tx) AddSample(ctx context.Context, s *Sample) (bool, error) {
	n, err := samples.insert(ctx, tx.Q, s, "ON CONFLICT DO NOTHING")
	return n > 0, err
}

// Sample reads a user's sample.
func (q Q) Sample(ctx context.Context, userID, id string) (*Sample, error) {
	return samples.get(ctx, q, "WHERE id = ? AND user_id = ? AND deleted_at = 0", id, userID)
}

// UpdateSample writes what a person may change, if the version is still s.Version; false if
// it is not. s.Version rises.
func (tx *Tx) UpdateSample(ctx context.Context, s *Sample, now time.Time) (bool, error) {
	n, err := tx.exec(ctx, `UPDATE samples SET version = version + 1, title = ?, search = ?, bpm = ?, bpm_confidence = ?, bpm_source = ?, bpm_hand = ?,
		musical_key = ?, key_confidence = ?, key_source = ?, key_hand = ?, genre = ?, tags = ?, note = ?, rating = ?, favourite = ?, updated_at = ?
		WHERE id = ? AND user_id = ? AND version = ? AND deleted_at = 0`,
		s.Title, s.Search, s.BPM, s.BPMConf, s.BPMSource, s.BPMHand, s.Key, s.KeyConf, s.KeySource, s.KeyHand, s.Genre, s.Tags,
		s.Note, s.Rating, s.Favourite, At(now), s.ID, s.UserID, s.Version)
	if err == nil && n > 0 {
		s.Version++
		s.UpdatedAt = At(now)
	}
	return n > 0, err
}

// DeleteSample hides a sample; its objects go with the sweeper.
func (tx *Tx) DeleteSample(ctx context.Context, userID, id string, now time.Time) error {
	return tx.must(ctx, "UPDATE samples SET deleted_at = ?, updated_at = ?, version = version + 1 WHERE id = ? AND user_id = ? AND deleted_at = 0", At(now), At(now), id, userID)
}

// TouchSample notes that a sample was played, at most once a minute.
func (tx *Tx) TouchSample(ctx context.Context, id string, now time.Time) error {
	_, err := tx.exec(ctx, "UPDATE samples SET last_accessed_at = ? WHERE id = ? AND last_accessed_at < ?", At(now), id, At(now.Add(-time.Minute)))
	return err
}

// DropSample removes a deleted sample's row for good.
func (tx *Tx) DropSample(ctx context.Context, id string) error {
	_, err := tx.exec(ctx, "DELETE FROM samples WHERE id = ? AND deleted_at > 0", id)
	return err
}

// DeletedSamples lists samples whose objects and rows are to go.
func (q Q) DeletedSamples(ctx context.Context, limit int) ([]Sample, error) {
	return samples.list(ctx, q, "WHERE deleted_at > 0 ORDER BY deleted_at LIMIT ?", limit)
}

// ExpiringSamples lists samples whose audio ends before a time and whose warning (7 or 1 days
// before) was not sent.
func (q Q) ExpiringSamples(ctx context.Context, before time.Time, days, limit int) ([]Sample, error) {
	return samples.list(ctx, q, "WHERE expires_at > 0 AND expires_at < ? AND audio_removed_at = 0 AND deleted_at = 0 AND "+warned(days)+" = 0 ORDER BY user_id, id LIMIT ?", At(before), limit)
}

// WarnedSample notes a warning; false if it was noted.
func (tx *Tx) WarnedSample(ctx context.Context, id string, days int, now time.Time) (bool, error) {
	n, err := tx.exec(ctx, "UPDATE samples SET "+warned(days)+" = ? WHERE id = ? AND "+warned(days)+" = 0", At(now), id)
	return n > 0, err
}

// warned is the column of the warning so many days before the end.
func warned(days int) string {
	if days == 1 {
		return "warned_1_at"
	}
	return "warned_7_at"
}

// noticeTime is how old the last warning must be before anything goes: a day, and an hour for the
// sweeps' own rhythm.
const noticeTime = 23 * time.Hour

// ExpiredSamples lists samples whose audio has ended and is still there. The last warning must
// be at least a day old: a file never goes without notice.
func (q Q) ExpiredSamples(ctx context.Context, now time.Time, limit int) ([]Sample, error) {
	return samples.list(ctx, q, `WHERE expires_at > 0 AND expires_at <= ? AND warned_1_at > 0 AND warned_1_at <= ? AND audio_removed_at = 0 AND deleted_at = 0
		ORDER BY expires_at LIMIT ?`, At(now), At(now.Add(-noticeTime)), limit)
}

// RemovedAudio notes that a sample's audio is gone; false if it was gone.
func (tx *Tx) RemovedAudio(ctx context.Context, id string, now time.Time) (bool, error) {
	n, err := tx.exec(ctx, "UPDATE samples SET audio_removed_at = ?, updated_at = ?, version = version + 1 WHERE id = ? AND audio_removed_at = 0", At(now), At(now), id)
	return n > 0, err
}

// SetExpiry gives a user's samples an end, or with 0 takes it away.
func (tx *Tx) SetExpiry(ctx context.Context, userID string, days int, now time.Time) error {
	if days == 0 {
		_, err := tx.exec(ctx, "UPDATE samples SET expires_at = 0, warned_7_at = 0, warned_1_at = 0 WHERE user_id = ? AND audio_removed_at = 0", userID)
		return err
	}
	_, err := tx.exec(ctx, "UPDATE samples SET expires_at = ?, warned_7_at = 0, warned_1_at = 0 WHERE user_id = ? AND expires_at = 0 AND audio_removed_at = 0", At(now.AddDate(0, 0, days)), userID)
	return err
}

// SampleStats counts a user's samples and the bytes of their audio.
func (q Q) SampleStats(ctx context.Context, userID string) (count, bytes int64, err error) {
	err = q.each(ctx, func(scan func(...any) error) error { return scan(&count, &bytes) },
		"SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN audio_removed_at = 0 THEN size ELSE 0 END), 0) AS BIGINT) FROM samples WHERE user_id = ? AND deleted_at = 0", userID)
	return count, bytes, err
}

// KnownSamples says which of some ids are samples that still have their audio.
func (q Q) KnownSamples(ctx context.Context, ids []string) (map[string]bool, error) {
	// A job that lives may be about to write its sample: its id counts as known.
	return q.which(ctx, ids, "SELECT id FROM samples WHERE audio_removed_at = 0 AND id IN (@ids) UNION SELECT sample_id FROM processing_jobs WHERE status IN ('pending', 'processing') AND sample_id IN (@ids)")
}

// SampleFilter narrows a list. Zero fields do not narrow.
type SampleFilter struct {
	Text             string // all its words must be in the sample's text, also inside of words
	BPMMin, BPMMax   float64
	HalfDouble       bool // tempo also at half and double time
	Keys             []string
	Kind, Class      string
	Genre            string
	Tag              string
	DurationMin      float64
	DurationMax      float64
	RatingMin        int64
	Favourite        bool
	UpdatedSince     time.Time
	Sort             string // created, -created (default), title, -title, bpm, -bpm, duration, -duration
	AfterValue       string // of the sort column, of the last row of the page before
	AfterID          string
	afterIsText      bool
	column, ordering string
}

func (f *SampleFilter) order() error {
	f.column, f.ordering = strings.TrimPrefix(f.Sort, "-"), "ASC"
	if strings.HasPrefix(f.Sort, "-") {
		f.ordering = "DESC"
	}
	switch f.column {
	case "":
		f.column, f.ordering = "created_at", "DESC"
	case "created":
		f.column = "created_at"
	case "title":
		f.afterIsText = true
	case "bpm", "duration":
	default:
		return fmt.Errorf("no order is called %q", f.Sort)
	}
	return nil
}

// Samples lists a page of a user's samples.
func (q Q) Samples(ctx context.Context, userID string, f SampleFilter, limit int) ([]Sample, error) {
	if err := f.order(); err != nil {
		return nil, err
	}
	where, args := []string{"user_id = ?", "deleted_at = 0"}, []any{userID}
	and := func(text string, v ...any) { where, args = append(where, text), append(args, v...) }
	words := strings.Fields(strings.ToLower(f.Text))
	for _, word := range words {
		and("search LIKE ? ESCAPE '!'", "%"+escapeLike(word)+"%")
	}
	if few, named, err := q.mayHold(ctx, userID, words); err != nil {
		return nil, err
	} else if few != "" {
		// An expression, which no index of the list's order knows: the few are fetched and then sorted.
		where[0] = "user_id || '' = ?"
		and(few, named...)
	}
	if f.BPMMax > 0 || f.BPMMin > 0 {
		top := f.BPMMax
		if top == 0 {
			top = 1e9
		}
		if f.HalfDouble {
			and("(bpm BETWEEN ? AND ? OR bpm BETWEEN ? AND ? OR bpm BETWEEN ? AND ?)", f.BPMMin, top, f.BPMMin/2, top/2, f.BPMMin*2, top*2)
		} else {
			and("bpm BETWEEN ? AND ?", f.BPMMin, top)
		}
	}
	switch {
	case len(f.Keys) == 1: // not IN: an index then gives the order too
		and("musical_key = ?", f.Keys[0])
	case len(f.Keys) > 1:
		var keys []any
		for _, k := range f.Keys {
			keys = append(keys, k)
		}
		and("musical_key IN ("+marks(len(keys))+")", keys...)
	}
	for _, eq := range []struct{ column, value string }{{"kind", f.Kind}, {"class", f.Class}, {"genre", f.Genre}} {
		if eq.value != "" {
			and(eq.column+" = ?", eq.value)
		}
	}
	if f.Tag != "" {
		and("tags LIKE ? ESCAPE '!'", "%"+escapeLike(`"`+f.Tag+`"`)+"%")
	}
	if f.DurationMin > 0 {
		and("duration >= ?", f.DurationMin)
	}
	if f.DurationMax > 0 {
		and("duration <= ?", f.DurationMax)
	}
	if f.RatingMin > 0 {
		and("rating >= ?", f.RatingMin)
	}
	if f.Favourite {
		and("favourite = ?", true)
	}
	if !f.UpdatedSince.IsZero() {
		and("updated_at >= ?", At(f.UpdatedSince))
	}
	if f.AfterID != "" {
		sign := ">"
		if f.ordering == "DESC" {
			sign = "<"
		}
		value := any(f.AfterValue)
		if !f.afterIsText {
			var n float64
			if _, err := fmt.Sscan(f.AfterValue, &n); err != nil {
				return nil, fmt.Errorf("cursor: %w", err)
			}
			value = n
			if f.column == "created_at" {
				value = int64(n)
			}
		}
		and("("+f.column+" "+sign+" ? OR ("+f.column+" = ? AND id "+sign+" ?))", value, value, f.AfterID)
	}
	return samples.list(ctx, q, "WHERE "+strings.Join(where, " AND ")+" ORDER BY "+f.column+" "+f.ordering+", id "+f.ordering+" LIMIT ?", append(args, limit)...)
}

// AfterOf is the cursor's value of a row for a sort.
func (s *Sample) AfterOf(sort string) string {
	switch strings.TrimPrefix(sort, "-") {
	case "title":
		return s.Title
	case "bpm":
		return fmt.Sprintf("%.17g", s.BPM)
	case "duration":
		return fmt.Sprintf("%.17g", s.Duration)
	}
	return fmt.Sprint(int64(s.CreatedAt))
}

// Features is what was measured of a sample; nil is not known.
type Features struct {
	SampleID      string                  `db:"sample_id"`
	Engine        string                  `db:"engine"`
	Duration      float64                 `db:"duration_seconds"`
	SampleRate    int64                   `db:"sample_rate"`
	Channels      int64                   `db:"num_channels"`
	Frames        int64                   `db:"num_samples"`
	Peaks         []byte                  `db:"peaks"` // pairs of lowest and highest as int8, 127 full scale
	BPM           *float64                `db:"bpm"`
	BPMConf       *float64                `db:"bpm_confidence"`
	BPMCandidates List[wire.BPMCandidate] `db:"bpm_candidates"`
	BeatsInLoop   *int64                  `db:"beats_in_loop"`
	Beats         List[float64]           `db:"beats"`
	Key           *string                 `db:"key_name"` // C to B, sharps
	Scale         *string                 `db:"scale"`    // major, minor
	KeyConf       *float64                `db:"key_confidence"`
	TuningCents   *float64                `db:"tuning_cents"`
	Kind          *string                 `db:"sample_type"`
	Class         *string                 `db:"class"`
	ClassConf     *float64                `db:"class_confidence"`
	LUFS          *float64                `db:"integrated_lufs"`
	TruePeak      *float64                `db:"true_peak_dbtp"`
	SamplePeak    *float64                `db:"sample_peak_dbfs"`
	SilenceStart  *float64                `db:"silence_start"`
	SilenceEnd    *float64                `db:"silence_end"`
	Onsets        List[float64]           `db:"onsets"`
	OnsetCount    int64                   `db:"onset_count"`
	CentroidMean  *float64                `db:"spectral_centroid"`
	CentroidStd   *float64                `db:"spectral_centroid_std"`
	BandwidthMean *float64                `db:"spectral_bandwidth"`
	BandwidthStd  *float64                `db:"spectral_bandwidth_std"`
	RolloffMean   *float64                `db:"spectral_rolloff"`
	RolloffStd    *float64                `db:"spectral_rolloff_std"`
	FlatnessMean  *float64                `db:"spectral_flatness"`
	FlatnessStd   *float64                `db:"spectral_flatness_std"`
	ZCRMean       *float64                `db:"zero_crossing_rate"`
	ZCRStd        *float64                `db:"zero_crossing_rate_std"`
	RMSMean       *float64                `db:"rms_energy"`
	RMSStd        *float64                `db:"rms_energy_std"`
	HarmonicRatio *float64                `db:"harmonic_ratio"`
	MFCCMean      List[float64]           `db:"mfcc_mean"`
	MFCCStd       List[float64]           `db:"mfcc_std"`
	ChromaMean    List[float64]           `db:"chroma_mean"`
	ChromaStd     List[float64]           `db:"chroma_std"`
	Embedding     List[float32]           `db:"embedding"`
	TookMS        float64                 `db:"took_ms"`
	ExtractedAt   Millis                  `db:"extraction_timestamp"`
}

var features = tableOf[Features]("audio_features")

// AddFeatures writes what was measured.
func (tx *Tx) AddFeatures(ctx context.Context, f *Features) error {
	_, err := features.insert(ctx, tx.Q, f, "")
	return err
}

// Features reads what was measured.
func (q Q) Features(ctx context.Context, sampleID string) (*Features, error) {
	return features.get(ctx, q, "WHERE sample_id = ?", sampleID)
}

// Vibe is how a sample feels, as one model or the rules said at one time.
type Vibe struct {
	ID         string          `db:"id"`
	SampleID   string          `db:"sample_id"`
	UserID     string          `db:"user_id"`
	Source     string          `db:"source"`
	Model      string          `db:"model"`
	Reason     string          `db:"reason"`
	Deep       bool            `db:"deep"`
	Vibe       JSON[wire.Vibe] `db:"vibe"`
	Confidence float64         `db:"confidence"`
	TookMS     int64           `db:"took_ms"`
	CreatedAt  Millis          `db:"created_at"`
}

var vibes = tableOf[Vibe]("vibe_analyses")

// AddVibe writes one; older ones stay as history.
func (tx *Tx) AddVibe(ctx context.Context, v *Vibe) error {
	_, err := vibes.insert(ctx, tx.Q, v, "")
	return err
}

// VibesOf reads the newest vibe of each of some samples.
func (q Q) VibesOf(ctx context.Context, sampleIDs []string) (map[string]*wire.Vibe, error) {
	newest := map[string]*wire.Vibe{}
	if len(sampleIDs) == 0 {
		return newest, nil
	}
	args := make([]any, len(sampleIDs))
	for i, id := range sampleIDs {
		args[i] = id
	}
	rows, err := vibes.list(ctx, q, "WHERE sample_id IN ("+marks(len(args))+") ORDER BY created_at, id", args...)
	for _, r := range rows {
		newest[r.SampleID] = &r.Vibe.V
	}
	return newest, err
}

// OverQuotaUsers lists accounts that have stored more than their plan holds since before a time.
func (q Q) OverQuotaUsers(ctx context.Context, before time.Time, limit int) ([]User, error) {
	return users.list(ctx, q, "WHERE over_quota_since > 0 AND over_quota_since < ? AND deleted_at = 0 ORDER BY over_quota_since LIMIT ?", At(before), limit)
}

// OldestKept lists a user's samples whose audio has no end, oldest first.
func (q Q) OldestKept(ctx context.Context, userID string, limit int) ([]Sample, error) {
	return samples.list(ctx, q, "WHERE user_id = ? AND expires_at = 0 AND audio_removed_at = 0 AND deleted_at = 0 ORDER BY created_at, id LIMIT ?", userID, limit)
}

// EndingBytes sums a user's audio that has an end: of samples, and what is kept for other machines.
func (q Q) EndingBytes(ctx context.Context, userID string) (n int64, err error) {
	err = q.one(ctx, &n, `SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM (
		SELECT size FROM samples WHERE user_id = ? AND expires_at > 0 AND audio_removed_at = 0 AND deleted_at = 0
		UNION ALL SELECT size FROM sync_audio WHERE user_id = ? AND expires_at > 0) AS ending`, userID, userID)
	return n, err
}

// EndAudio gives a sample's audio an end.
func (tx *Tx) EndAudio(ctx context.Context, id string, at time.Time) error {
	_, err := tx.exec(ctx, "UPDATE samples SET expires_at = ?, warned_7_at = 0, warned_1_at = 0 WHERE id = ? AND audio_removed_at = 0", At(at), id)
	return err
}
