package dsp

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestMedian17(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{0, 1, 15, 16, 17, 31, 112, 128} {
		for _, stride := range []int{1, 3, 128} {
			for _, span := range []int{2, 5, 60000} {
				src := make([]int16, n+16*stride)
				for i := range src {
					src[i] = int16(r.IntN(span) - span/2)
				}
				got := make([]int16, n)
				Median17(got, src, stride)
				for i := range got {
					var v [17]int16
					for k := range v {
						v[k] = src[i+k*stride]
					}
					slices.Sort(v[:])
					if got[i] != v[8] {
						t.Fatalf("n=%d, stride %d: median %d is %d, want %d", n, stride, i, got[i], v[8])
					}
				}
			}
		}
	}
}

func BenchmarkMedian17(b *testing.B) {
	src, dst := make([]int16, 17*128), make([]int16, 128)
	for i := range src {
		src[i] = int16(i * 7919)
	}
	for b.Loop() {
		Median17(dst, src, 128)
	}
}
