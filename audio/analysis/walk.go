package analysis

import "sampleagent/audio/dsp"

// The frames of the shared short-time spectrum, at the sound's own rate: librosa's defaults.
const (
	walkFrame = 2048
	walkHop   = 512
)

// walk cuts a stream into centred frames and hands each one's power spectrum to who needs it.
type walk struct {
	fft   *dsp.FFT
	win   []float32
	buf   []float32
	power []float32
	each  func(frame, power []float32)
}

func (w *walk) reset() error {
	if w.fft == nil {
		fft, err := dsp.NewFFT(walkFrame)
		if err != nil {
			return err
		}
		w.fft, w.win, w.power = fft, dsp.Hann(walkFrame), make([]float32, fft.Bins())
	}
	w.buf = append(w.buf[:0], make([]float32, walkFrame/2)...)
	return nil
}

func (w *walk) feed(x []float32) {
	w.buf = append(w.buf, x...)
	from := 0
	for ; from+walkFrame <= len(w.buf); from += walkHop {
		f := w.buf[from : from+walkFrame]
		w.fft.Power(w.power, f, w.win)
		w.each(f, w.power)
	}
	w.buf = w.buf[:copy(w.buf, w.buf[from:])]
}

// finish completes the frames whose centre lies within the stream or at its end.
func (w *walk) finish() {
	var zeros [walkFrame / 2]float32
	w.feed(zeros[:])
}
