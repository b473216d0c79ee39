package wire

import "time"

// Value sources, beside those of the analysis engine (sound, chunk, tag, name).
const (
	SourceHand  = "hand"
	SourceCloud = "cloud"
)

// Sample is a processed sound.
type Sample struct {
	ID       string `json:"id"`
	JobID    string `json:"job_id"`
	Version  int64  `json:"version" doc:"rises with each change; the ETag"`
	Filename string `json:"filename" doc:"as uploaded"`
	Title    string `json:"title"`

	Format     string  `json:"format"`
	Size       int64   `json:"size"`
	SHA256     string  `json:"sha256"`
	Duration   float64 `json:"duration"`
	SampleRate int     `json:"sample_rate"`
	Channels   int     `json:"channels"`
	BitDepth   *int    `json:"bit_depth"`

	Kind            *string  `json:"kind"`
	Class           *string  `json:"class"`
	ClassConfidence *float64 `json:"class_confidence"`
	BPM             *float64 `json:"bpm"`
	BPMConfidence   *float64 `json:"bpm_confidence"`
	BPMSource       *string  `json:"bpm_source"`
	Key             *string  `json:"key"`
	KeyConfidence   *float64 `json:"key_confidence"`
	KeySource       *string  `json:"key_source"`
	Genre           *string  `json:"genre"`

	Tags      []string `json:"tags"`
	Note      string   `json:"note"`
	Rating    int      `json:"rating"`
	Favourite bool     `json:"favourite"`

	Features *Features `json:"features,omitempty"` // in GET of one sample
	Vibe     *Vibe     `json:"vibe"`

	HasAudio  bool       `json:"has_audio" doc:"false once the cloud's copy was removed"`
	CreatedAt time.Time  `json:"created_at"`
	UpdatedAt time.Time  `json:"updated_at"`
	ExpiresAt *time.Time `json:"expires_at" doc:"when the cloud's copy of the audio is removed; null: kept"`
}

// Features is what was measured; every field of the desktop's analysis. Units as there.
type Features struct {
	Engine         string         `json:"engine"`
	Frames         int64          `json:"frames"`
	BPMCandidates  []BPMCandidate `json:"bpm_candidates"`
	BeatsInLoop    *int           `json:"beats_in_loop"`
	TuningCents    *float64       `json:"tuning_cents"`
	IntegratedLUFS *float64       `json:"integrated_lufs"`
	TruePeakDBTP   *float64       `json:"true_peak_dbtp"`
	SamplePeakDBFS *float64       `json:"sample_peak_dbfs"`
	SilenceStart   *float64       `json:"silence_start"`
	SilenceEnd     *float64       `json:"silence_end"`
	Onsets         []float64      `json:"onsets"`
	Beats          []float64      `json:"beats"`

	CentroidMean  *float64 `json:"spectral_centroid"`
	CentroidStd   *float64 `json:"spectral_centroid_std"`
	BandwidthMean *float64 `json:"spectral_bandwidth"`
	BandwidthStd  *float64 `json:"spectral_bandwidth_std"`
	RolloffMean   *float64 `json:"spectral_rolloff"`
	RolloffStd    *float64 `json:"spectral_rolloff_std"`
	FlatnessMean  *float64 `json:"spectral_flatness"`
	FlatnessStd   *float64 `json:"spectral_flatness_std"`
	ZCRMean       *float64 `json:"zero_crossing_rate"`
	ZCRStd        *float64 `json:"zero_crossing_rate_std"`
	RMSMean       *float64 `json:"rms_energy"`
	RMSStd        *float64 `json:"rms_energy_std"`
	HarmonicRatio *float64 `json:"harmonic_ratio"`

	MFCCMean   []float64 `json:"mfcc_mean"`
	MFCCStd    []float64 `json:"mfcc_std"`
	ChromaMean []float64 `json:"chroma_mean"`
	ChromaStd  []float64 `json:"chroma_std"`

	TookMS      float64   `json:"took_ms"`
	ExtractedAt time.Time `json:"extraction_timestamp"`
}

// BPMCandidate is one reading of the tempo.
type BPMCandidate struct {
	BPM    float64 `json:"bpm"`
	Weight float64 `json:"weight"`
}

// Sources of a vibe.
const (
	VibeFromAI    = "ai"
	VibeFromRules = "rules"
)

// Vibe is how a sound feels. Source says who thinks so: a model, or rules on what was measured.
type Vibe struct {
	Source           string   `json:"source" enum:"ai,rules"`
	Model            string   `json:"model"`
	Reason           string   `json:"reason,omitempty" doc:"why no model was asked"`
	Deep             bool     `json:"deep"`
	Mood             []string `json:"mood"`
	Genre            *string  `json:"genre"`
	Era              *string  `json:"era"`
	Energy           *float64 `json:"energy"`           // 0 to 1
	Danceability     *float64 `json:"danceability"`     // 0 to 1
	Acousticness     *float64 `json:"acousticness"`     // 0 to 1
	Instrumentalness *float64 `json:"instrumentalness"` // 0 to 1
	Texture          []string `json:"texture"`
	Descriptors      []string `json:"descriptors"`
	Tags             []string `json:"tags"`
	BestUse          *string  `json:"best_use"`
	WorksWith        []string `json:"works_with"`
	CompatibleKeys   []string `json:"compatible_keys"`
	CompatibleBPM    []string `json:"compatible_tempos"`
	OneLine          string   `json:"one_line"`
	Confidence       float64  `json:"confidence"` // 0 to 1
}

// SamplePage is a page of samples.
type SamplePage struct {
	Items []Sample `json:"items"`
	Next  string   `json:"next,omitempty"`
}

// SamplePatch changes what a person may change; absent fields stay. A BPM of 0 or an empty key
// takes the person's value back, so that the measured one counts again.
type SamplePatch struct {
	Title     *string   `json:"title,omitempty" minLength:"1" maxLength:"255"`
	BPM       *float64  `json:"bpm,omitempty" minimum:"0" maximum:"400"`
	Key       *string   `json:"key,omitempty" pattern:"^$|^[A-G]#? (major|minor)$"`
	Genre     *string   `json:"genre,omitempty" maxLength:"60"`
	Tags      *[]string `json:"tags,omitempty" maxItems:"50"`
	Note      *string   `json:"note,omitempty" maxLength:"4000"`
	Rating    *int      `json:"rating,omitempty" minimum:"0" maximum:"5"`
	Favourite *bool     `json:"favourite,omitempty"`
}

// Peaks is a sound's waveform as a page draws it.
type Peaks struct {
	Columns int     `json:"columns"`
	Seconds float64 `json:"seconds"`
	Peaks   []int8  `json:"peaks" doc:"lowest and highest of each column, 127 is full scale"`
}

// Link is a short-lived signed address.
type Link struct {
	URL         string    `json:"url"`
	ContentType string    `json:"content_type"`
	Filename    string    `json:"filename"`
	ExpiresAt   time.Time `json:"expires_at"`
}
