//go:build sqlite_fts5 || fts5

package catalog

import (
	"fmt"
	"testing"

	"sampleagent/audio/analysis"
)

// What the cloud heard counts where this machine heard nothing or was less sure; what a file or a
// person says stays, before and after.
func TestTheCloudsValuesCountWhereItIsSurer(t *testing.T) {
	ctx := t.Context()
	cloud := Heard{BPM: ptr(93.0), BPMConfidence: 0.8, Key: "C major", KeyConfidence: 0.75, Kind: "loop", Class: "bass", ClassConfidence: 0.9}
	for name, c := range map[string]struct {
		change func(r *analysis.Report)
		typed  map[Field]string
		want   string // tempo, its source, key, its source, class
	}{
		"this machine is surer of the tempo": {func(*analysis.Report) {}, nil, "120 sound, C major cloud, bass"},
		"this machine heard nothing":         {func(r *analysis.Report) { r.BPM, r.Key, r.Class, r.Kind = nil, nil, nil, nil }, nil, "93 cloud, C major cloud, bass"},
		"the file says":                      {func(r *analysis.Report) { r.BPMConfidence, r.BPMSource = ptr(0.1), ptr(analysis.FromChunk) }, nil, "120 chunk, C major cloud, bass"},
		"a person says":                      {func(r *analysis.Report) { r.BPM = nil }, map[Field]string{FieldBPM: "77", FieldKey: "D minor", FieldClass: "keys"}, "77 hand, D minor hand, keys"},
		"a person says that it has none":     {func(*analysis.Report) {}, map[Field]string{FieldBPM: ""}, "0 hand, C major cloud, bass"},
		"a one-shot has no tempo":            {func(r *analysis.Report) { r.BPM, r.Kind = nil, ptr(analysis.OneShot) }, nil, "0 , C major cloud, bass"},
	} {
		t.Run(name, func(t *testing.T) {
			db := openNew(t)
			rows := add(t, db, "loop.wav")
			r := loopReport("/sounds/loop.wav")
			c.change(r)
			batch := []Analysis{{Row: rows[0], Report: r}}
			if err := db.Store(ctx, batch); err != nil {
				t.Fatal(err)
			}
			typeIn := func() {
				for f, v := range c.typed {
					if err := db.SetField(ctx, rows, f, v); err != nil {
						t.Fatal(err)
					}
				}
			}
			check := func(when string) {
				t.Helper()
				s, err := db.Sample(ctx, rows[0])
				if err != nil {
					t.Fatal(err)
				}
				if got := fmt.Sprintf("%g %s, %s %s, %s", s.BPM, s.BPMSource, s.Key, s.KeySource, s.Class); got != c.want {
					t.Errorf("%s: %s, want %s", when, got, c.want)
				}
			}
			typeIn()
			if err := db.SetCloud(ctx, rows[0], Cloud{RemoteID: "r", Description: "dusty", Heard: cloud}); err != nil {
				t.Fatal(err)
			}
			check("the cloud after the person")
			typeIn()
			check("the person after the cloud")
			if err := db.Store(ctx, batch); err != nil {
				t.Fatal(err)
			}
			check("analysed here again")
			values, err := db.Values(ctx, rows[0])
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range values {
				if v.Field == FieldKey && (v.Found != "C major" || v.Source != analysis.FromCloud) {
					t.Errorf("the key was found as %q by %q", v.Found, v.Source)
				}
			}
			if said, ok, err := db.Cloud(ctx, rows[0]); err != nil || !ok || said.Heard.Key != "C major" || *said.Heard.BPM != 93 {
				t.Errorf("%v %v %v", said, ok, err)
			}
		})
	}
}
