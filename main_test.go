package main

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sampleagent/app"
	"sampleagent/app/settings"
	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
	"sampleagent/audio/playback"
	"sampleagent/library/catalog"
	"sampleagent/library/search"
)

// library is an open application with a WAV and a FLAC of ten seconds, and the real player.
func library(tb testing.TB) (*app.App, []catalog.Row) {
	tb.Helper()
	dir := tb.TempDir()
	b := &pcm.Buffer{Rate: 44100, Channels: 2}
	for i := range 10 * 44100 {
		x := float32(0.3 * math.Sin(float64(i)*0.05) * math.Sin(float64(i%22050)*0.001))
		b.Samples = append(b.Samples, x, x)
	}
	for name, encode := range map[string]func(f *os.File) error{
		"ten.wav":  func(f *os.File) error { return codec.EncodeWAV(f, b, codec.WAVOptions{}) },
		"ten.flac": func(f *os.File) error { return codec.EncodeFLAC(f, b, codec.FLACOptions{}) },
	} {
		f, err := os.Create(filepath.Join(dir, "sounds-"+name))
		if err != nil {
			tb.Fatal(err)
		}
		if err := encode(f); err != nil {
			tb.Fatal(err)
		}
		if err := f.Close(); err != nil {
			tb.Fatal(err)
		}
	}
	a, err := app.Open(context.Background(), app.Options{
		Folders: &settings.Folders{Config: filepath.Join(dir, "c"), Data: filepath.Join(dir, "d"), Cache: filepath.Join(dir, "x"), State: filepath.Join(dir, "s")},
		Sound:   func() (app.Sound, error) { return playback.OpenSound(), nil },
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := a.Close(); err != nil {
			tb.Error(err)
		}
	})
	id, err := a.Import(dir)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := a.WaitTask(context.Background(), id); err != nil {
		tb.Fatal(err)
	}
	rows, err := a.Search(context.Background(), "sounds", search.Sort{By: search.Name})
	if err != nil || len(rows) != 2 {
		tb.Fatalf("%d samples, %v", len(rows), err)
	}
	return a, rows
}

// sounding waits until the player was handed the first frames.
func sounding(tb testing.TB, a *app.App, row catalog.Row) {
	tb.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(100 * time.Microsecond) {
		t := a.Transport()
		if t.Row == row && t.State == app.Playing {
			return
		}
		if t.Error != "" || time.Now().After(end) {
			tb.Fatalf("%+v", t)
		}
	}
}

func TestTheRealPlayerPlaysWhatTheLibraryHolds(t *testing.T) {
	a, rows := library(t)
	if err := a.UpdateSettings(func(s *settings.Settings) { s.Playback.LoopLoops = false }); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		a.Audition(row, app.Audition{})
		sounding(t, a, row)
		// A machine without a sound device finds out a moment after it was opened.
		for end := time.Now().Add(3 * time.Second); a.Transport().Position == 0 && time.Now().Before(end); {
			time.Sleep(5 * time.Millisecond)
		}
		if now := a.Transport(); now.State != app.Playing || now.Position <= 0 || now.Position > 1 || math.Abs(now.Length-10) > 0.01 {
			t.Errorf("%+v", now)
		}
		a.TogglePlay()
		at := a.Transport().Position
		time.Sleep(50 * time.Millisecond)
		if now := a.Transport(); now.State != app.Paused || math.Abs(now.Position-at) > 0.001 {
			t.Errorf("paused at %v: %+v", at, now)
		}
		a.TogglePlay()
		a.Seek(9.7)
		time.Sleep(100 * time.Millisecond)
		if now := a.Transport(); now.State != app.Playing || now.Position < 9.6 {
			t.Errorf("after a seek to the end: %+v", now)
		}
	}
	a.Audition(rows[0], app.Audition{From: 9.8})
	sounding(t, a, rows[0])
	for end := time.Now().Add(3 * time.Second); a.Transport().State != app.Stopped; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it does not end: %+v", a.Transport())
		}
	}
	a.TogglePlay()
	if now := a.Transport(); now.State != app.Playing {
		t.Errorf("what has ended does not start again: %+v", now)
	}
}

// BenchmarkKeyPressToSound is the time from the wish to hear a sample of ten seconds to its first
// frames being handed to the player; the file is in the page cache, its sound is not in memory.
// Goal: under 10 ms.
func BenchmarkKeyPressToSound(b *testing.B) {
	a, rows := library(b)
	for i, name := range []string{"flac", "wav"} {
		b.Run(name, func(b *testing.B) {
			s, err := a.Sample(b.Context(), rows[i])
			if err != nil {
				b.Fatal(err)
			}
			for n := range b.N {
				b.StopTimer()
				a.Stop()
				// Another time makes it another sound to the memory of decoded ones.
				at := time.Now().Add(time.Duration(n+1) * time.Second)
				if err := os.Chtimes(s.Path, at, at); err != nil {
					b.Fatal(err)
				}
				time.Sleep(30 * time.Millisecond) // the former decoding ends
				b.StartTimer()
				a.Audition(rows[i], app.Audition{})
				sounding(b, a, rows[i])
			}
		})
	}
}
