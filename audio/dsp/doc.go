// Package dsp is the arithmetic under the ear and the player: windows, a fast real FFT in
// float32, framing, filter banks, resampling, time-stretch and pitch-shift.
//
// It works on slices of samples. It must never know what a sample is for: no files, no
// musical decisions, no devices, no databases. Nothing here allocates per frame or per call once
// its plan exists; plans that hold scratch belong to one goroutine, tables are shared.
//
// Every kernel exists in plain Go. Where assembly beats it by a measured factor, the assembly
// performs the same operations in the same order, so both give the same bits (a test compares
// them), and a result does not depend on the machine.
package dsp
