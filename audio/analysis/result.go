// Package analysis listens: tempo, key, loudness, spectral features, onsets, class and an
// embedding from one walk over the frames, the same on the desktop and in the server's worker.
//
// It knows sound as numbers and nothing else: no database, no screen, no network. What is not
// known is nil; nothing is invented.
package analysis

// Kind says what a sound is for.
type Kind string

// The kinds.
const (
	OneShot  Kind = "one-shot"
	LoopKind Kind = "loop"
	Music    Kind = "music"
)

// Source says where a value came from. A person's value always wins.
type Source string

// The sources, as printed.
const (
	FromSound Source = "sound"
	FromChunk Source = "chunk"
	FromTag   Source = "tag"
	FromName  Source = "name"
	FromHand  Source = "hand"
	FromCloud Source = "cloud"
)

// Heard says whether an ear, here or in the cloud, found the value: it may be wrong, and has a
// confidence. Others are stated by a file or a person.
func (s Source) Heard() bool { return s == FromSound || s == FromCloud }

// BPMCandidate is one reading of the tempo; weights of all candidates sum to 1.
type BPMCandidate struct {
	BPM    float64 `json:"bpm"`
	Weight float64 `json:"weight"`
}

// Spectral holds means and population standard deviations over frames (2048-sample periodic
// Hann windows, hop 512, centred), definitions as in librosa 0.10.2.
type Spectral struct {
	CentroidMean  float64 `json:"centroid_mean"`  // Hz
	CentroidStd   float64 `json:"centroid_std"`   // Hz
	BandwidthMean float64 `json:"bandwidth_mean"` // Hz
	BandwidthStd  float64 `json:"bandwidth_std"`  // Hz
	RolloffMean   float64 `json:"rolloff_mean"`   // Hz, 85 %
	RolloffStd    float64 `json:"rolloff_std"`    // Hz
	FlatnessMean  float64 `json:"flatness_mean"`  // 0 to 1
	FlatnessStd   float64 `json:"flatness_std"`
	ZCRMean       float64 `json:"zcr_mean"` // crossings per sample, 0 to 1
	ZCRStd        float64 `json:"zcr_std"`
	RMSMean       float64 `json:"rms_mean"` // linear
	RMSStd        float64 `json:"rms_std"`
	HarmonicRatio float64 `json:"harmonic_ratio"` // 0 to 1, harmonic / (harmonic + percussive)
}

// Result is everything the ear found out from the sound alone.
type Result struct {
	Kind            Kind    // "" for silence
	KindConfidence  float64 // 0 to 1
	Class           string  // kick, snare, hat, clap, cymbal, tom, percussion, bass, tonal; loops: drums, bass, chords, melody...; "" when unknown
	ClassConfidence float64 // 0 to 1

	BPM           *float64 // nil for one-shots, silence and whatever has no pulse
	BPMConfidence float64  // 0 to 1, calibrated: of what is said at 0.8 four in five are right
	BPMCandidates []BPMCandidate
	BeatsInLoop   *int
	Beats         []float64 // s, the beat grid; nil without BPM

	Key           *string // "A minor", "F# major"
	KeyConfidence float64 // 0 to 1, calibrated
	KeyCandidates []KeyCandidate
	TuningCents   *float64 // deviation from A440, -50 to 50

	IntegratedLUFS *float64 // nil when nothing passes the gate
	TruePeakDBTP   *float64 // 4x oversampled; nil for digital silence
	SamplePeakDBFS *float64
	SilenceStart   float64 // s of silence before the first sound
	SilenceEnd     float64 // s of silence after the last
	Onsets         []float64

	Spectral   *Spectral
	MFCCMean   []float64 // 13
	MFCCStd    []float64 // 13
	ChromaMean []float64 // 12, C first
	ChromaStd  []float64 // 12
	Embedding  []float32 // for "sounds like this"; unit length
}

// KeyCandidate is one reading of the key; weights of all candidates sum to 1.
type KeyCandidate struct {
	Key    string  `json:"key"`
	Weight float64 `json:"weight"`
}

// Report is one file as `analyze --json` and `import --json` print it: what the container says,
// what the sound says, and which of them won. A nil field is not known.
type Report struct {
	Path   string  `json:"path"`
	OK     bool    `json:"ok"`
	Error  *string `json:"error"`
	Format *string `json:"format"`

	SampleRate *int     `json:"sample_rate"`
	Channels   *int     `json:"channels"`
	BitDepth   *int     `json:"bit_depth"`
	Frames     *int64   `json:"frames"`
	Duration   *float64 `json:"duration"`
	SHA256     *string  `json:"sha256"`

	Kind            *Kind    `json:"kind"`
	Class           *string  `json:"class"`
	ClassConfidence *float64 `json:"class_confidence"`

	BPM           *float64       `json:"bpm"`
	BPMConfidence *float64       `json:"bpm_confidence"`
	BPMSource     *Source        `json:"bpm_source"`
	BPMCandidates []BPMCandidate `json:"bpm_candidates"`
	BeatsInLoop   *int           `json:"beats_in_loop"`

	Key           *string  `json:"key"`
	KeyConfidence *float64 `json:"key_confidence"`
	KeySource     *Source  `json:"key_source"`
	TuningCents   *float64 `json:"tuning_cents"`

	IntegratedLUFS *float64 `json:"integrated_lufs"`
	TruePeakDBTP   *float64 `json:"true_peak_dbtp"`
	SamplePeakDBFS *float64 `json:"sample_peak_dbfs"`
	SilenceStart   *float64 `json:"silence_start"`
	SilenceEnd     *float64 `json:"silence_end"`

	Onsets     []float64 `json:"onsets"`
	Beats      []float64 `json:"beats"`
	Spectral   *Spectral `json:"spectral"`
	MFCCMean   []float64 `json:"mfcc_mean"`
	MFCCStd    []float64 `json:"mfcc_std"`
	ChromaMean []float64 `json:"chroma_mean"`
	ChromaStd  []float64 `json:"chroma_std"`

	Engine string  `json:"engine"`
	TookMS float64 `json:"took_ms"`

	Embedding []float32 `json:"-"` // for "sounds like this", unit length; nil when there is none
}
