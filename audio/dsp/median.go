package dsp

// MedianTaps is the number of values of which Median17 takes the median.
const MedianTaps = 17

// Median17 sets dst[i] to the median of the seventeen values src[i], src[i+stride], ...,
// src[i+16*stride]: a median filter along a row (stride 1) or across rows (their length).
func Median17(dst, src []int16, stride int) {
	n := len(dst)
	if n == 0 {
		return
	}
	src = src[:n+(MedianTaps-1)*stride]
	m := n &^ 15
	median17(dst[:m], src, stride)
	median17Go(dst[m:], src[m:], stride)
}

func median17Go(dst, src []int16, stride int) {
	for i := range dst {
		var sorted [MedianTaps]int16
		for k := range sorted {
			v := src[i+k*stride]
			at := k
			for at > 0 && sorted[at-1] > v {
				sorted[at] = sorted[at-1]
				at--
			}
			sorted[at] = v
		}
		dst[i] = sorted[MedianTaps/2]
	}
}
