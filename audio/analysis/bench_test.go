package analysis

import (
	"context"
	"testing"

	"sampleagent/audio/analysis/internal/labset"
)

// BenchmarkAnalyze gives the full Result's speed in seconds of sound per second.
func BenchmarkAnalyze(b *testing.B) {
	dir, err := labset.Find()
	if err != nil {
		b.Skip(err)
	}
	items, err := labset.Load(dir)
	if err != nil {
		b.Skip(err)
	}
	for _, name := range []string{"audio/orin-drums-pop-C-16b.flac", "audio/stargate-Guitar_Db_Minor_74BPM.flac", "audio/os-kick-sonicpi-bd_tek.flac"} {
		for _, it := range items {
			if it.Path != name {
				continue
			}
			buf, err := it.Read()
			if err != nil {
				b.Fatal(err)
			}
			b.Run(name[6:], func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := Analyze(context.Background(), buf); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(buf.Seconds()*float64(b.N)/b.Elapsed().Seconds(), "x")
			})
		}
	}
}
