package dsp

import "slices"

// Functions on whole vectors of samples. Slices that are read together have equal lengths; the
// first one decides. Sums run in 32 lanes that are added pairwise, so their error stays near that
// of a single rounding.

// Dot is the sum of a[i]*b[i].
func Dot(a, b []float32) float32 {
	n := len(a) &^ 7
	b = b[:len(a)]
	s := dot(a[:n], b[:n])
	for i := n; i < len(a); i++ {
		s += float32(a[i] * b[i])
	}
	return s
}

// SumSquares is the sum of a[i]².
func SumSquares(a []float32) float32 { return Dot(a, a) }

// Sum is the sum of a[i].
func Sum(a []float32) float32 {
	n := len(a) &^ 7
	s := sum(a[:n])
	for _, v := range a[n:] {
		s += v
	}
	return s
}

// Spread is the sum of w[i]*(a[i]-c)².
func Spread(w, a []float32, c float32) float32 {
	n := len(w) &^ 7
	a = a[:len(w)]
	s := spread(w[:n], a[:n], c)
	for i := n; i < len(w); i++ {
		d := a[i] - c
		s += float32(float32(d*d) * w[i])
	}
	return s
}

// Rise is the sum of max(0, a[i]-b[i]): the spectral flux from b to a.
func Rise(a, b []float32) float32 {
	n := len(a) &^ 7
	b = b[:len(a)]
	s := rise(a[:n], b[:n])
	for i := n; i < len(a); i++ {
		if d := a[i] - b[i]; d > 0 {
			s += d
		}
	}
	return s
}

// MaxAbs is the largest |a[i]|, 0 for an empty slice. NaN is passed over.
func MaxAbs(a []float32) float32 {
	n := len(a) &^ 7
	m := maxAbs(a[:n])
	for _, v := range a[n:] {
		if v < 0 {
			v = -v
		}
		if v > m {
			m = v
		}
	}
	return m
}

// MinMax are the lowest and the highest value, +Inf and -Inf for an empty slice. NaN is passed over;
// which of two zeros is given is open.
func MinMax(a []float32) (lo, hi float32) {
	n := len(a) &^ 7
	lo, hi = minMax(a[:n])
	l, h := minMaxGo(a[n:])
	return min(lo, l), max(hi, h)
}

// Sqrt sets dst[i] to the square root of a[i]; dst may be a.
func Sqrt(dst, a []float32) {
	n := len(dst) &^ 7
	a = a[:len(dst)]
	sqrt(dst[:n], a[:n])
	sqrtGo(dst[n:], a[n:])
}

// AtLeast sets dst[i] to the larger of a[i] and floor; dst may be a. NaN becomes floor.
func AtLeast(dst, a []float32, floor float32) {
	n := len(dst) &^ 7
	a = a[:len(dst)]
	atLeast(dst[:n], a[:n], floor)
	atLeastGo(dst[n:], a[n:], floor)
}

// Mul sets dst[i] to a[i]*b[i]; dst may be a or b.
func Mul(dst, a, b []float32) {
	n := len(dst) &^ 7
	a, b = a[:len(dst)], b[:len(dst)]
	mul(dst[:n], a[:n], b[:n])
	mulGo(dst[n:], a[n:], b[n:])
}

// Axpy adds g*a[i] to dst[i].
func Axpy(dst []float32, g float32, a []float32) {
	n := len(dst) &^ 7
	a = a[:len(dst)]
	axpy(dst[:n], g, a[:n])
	axpyGo(dst[n:], g, a[n:])
}

// Log sets dst[i] to the natural logarithm of max(a[i]*scale+bias, floor); dst may be a. floor is
// a normal positive number; NaN counts as floor. The error is below 2e-7 of the larger of the
// result and 1.
func Log(dst, a []float32, scale, bias, floor float32) {
	n := len(dst) &^ 7
	a = a[:len(dst)]
	logv(dst[:n], a[:n], scale, bias, floor)
	logGo(dst[n:], a[n:], scale, bias, floor)
}

// SignChanges counts the places i in 1..len(a)-1 where a[i] and a[i-1] are of unlike sign; values
// from -floor to floor count as positive zero, as in librosa's zero_crossings.
func SignChanges(a []float32, floor float32) int {
	if len(a) < 2 {
		return 0
	}
	n := (len(a) - 1) &^ 7
	c := signChanges(a[:n+1], floor)
	return c + signChangesGo(a[n:], floor)
}

// FIRMax is the largest |sum over k of h[k]*x[i+k]| for i in 0..len(x)-len(h).
func FIRMax(x, h []float32) float32 {
	n := len(x) - len(h) + 1
	if n <= 0 {
		return 0
	}
	m := n &^ 31
	top := float32(0)
	if m > 0 {
		top = firMax(x[:m+len(h)-1], h)
	}
	return max(top, firMaxGo(x[m:], h))
}

// Bank is a set of filters over spectrum bins, most of whose weights are zero.
type Bank struct {
	bins    int
	spans   []int32   // per row: first bin, number of eights
	weights []float32 // per row: eight times that many
}

// NewBank keeps the span of each row's weights that are not zero. All rows are equally long.
func NewBank(rows [][]float32) *Bank {
	b := &Bank{bins: (len(rows[0]) + 7) &^ 7}
	for _, row := range rows {
		row = append(slices.Clip(row), make([]float32, b.bins-len(row))...)
		from, to := 0, len(row)
		for from < to && row[from] == 0 {
			from++
		}
		for to > from && row[to-1] == 0 {
			to--
		}
		eights := max(1, (to-from+7)/8)
		if from+8*eights > len(row) { // the kernels read whole eights: begin earlier
			from = len(row) - 8*eights
		}
		b.spans = append(b.spans, int32(from), int32(eights))
		for i := range 8 * eights {
			b.weights = append(b.weights, row[from+i])
		}
	}
	return b
}

// Rows is the number of filters.
func (b *Bank) Rows() int { return len(b.spans) / 2 }

// Bins is the length of the vectors that Apply reads: that of the rows, rounded up to whole eights.
func (b *Bank) Bins() int { return b.bins }

// Apply sets dst[r] to the weighted sum of x over filter r. x has Bins values; those beyond the
// rows count for nothing but must be finite (zeros).
func (b *Bank) Apply(dst, x []float32) {
	bank(dst[:b.Rows()], x[:b.bins], b.weights, b.spans)
}
