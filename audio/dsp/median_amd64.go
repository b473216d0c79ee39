package dsp

//go:noescape
func median17AVX2(dst, src *int16, stride, n int)

// median17 takes a multiple of sixteen.
func median17(dst, src []int16, stride int) {
	if useAVX2 && len(dst) > 0 {
		median17AVX2(&dst[0], &src[0], 2*stride, len(dst))
		return
	}
	median17Go(dst, src, stride)
}
