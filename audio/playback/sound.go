package playback

import (
	"context"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
	"sampleagent/audio/play"
)

// Sound is a Player as a transport wants it: frames as int64, one thing playing at a time.
type Sound struct{ player *Player }

// OpenSound opens the system's sound device, or silence where there is none.
func OpenSound() *Sound { return &Sound{Open()} }

// NewSound plays through an engine.
func NewSound(e Engine) *Sound { return &Sound{NewPlayer(e)} }

// PlayPad, ReleasePad, StopPads, Pads, Now and KeepAwake are the player's.
func (s *Sound) PlayPad(pad play.Pad)  { s.player.PlayPad(pad) }
func (s *Sound) ReleasePad(pad int)    { s.player.ReleasePad(pad) }
func (s *Sound) StopPads(pads ...int)  { s.player.StopPads(pads...) }
func (s *Sound) Pads() []play.Sounding { return s.player.Pads() }
func (s *Sound) Now() int64            { return s.player.Now() }
func (s *Sound) KeepAwake(on bool)     { s.player.KeepAwake(on) }

// Play cuts what plays and starts b, which must not be changed any more, at frame from.
func (s *Sound) Play(b *pcm.Buffer, from int64) { s.player.Play(b, Options{From: int(from)}) }

// PlayFile is Play of a file that begins to sound while it is being decoded; see Player.PlayFile.
func (s *Sound) PlayFile(ctx context.Context, path string, from int64, whole func(*pcm.Buffer, error)) error {
	_, err := s.player.PlayFile(ctx, path, codec.Limits{}, Options{From: int(from)}, whole)
	return err
}

// Stop ends it.
func (s *Sound) Stop() { s.player.Stop() }

// Pause holds it where it is.
func (s *Sound) Pause() { s.player.Pause() }

// Resume lets it go on.
func (s *Sound) Resume() { s.player.Resume() }

// SeekTo goes on from frame.
func (s *Sound) SeekTo(frame int64) { s.player.Seek(int(frame)) }

// SetLoop makes frames start to end repeat; end 0 means to the end of the sound.
func (s *Sound) SetLoop(on bool, start, end int64) { s.player.SetLoop(on, int(start), int(end)) }

// SetVolume takes 0 to 1.
func (s *Sound) SetVolume(v float64) { s.player.SetVolume(v) }

// Position is the frame that is heard now; playing is false when it is paused or has ended.
func (s *Sound) Position() (frame int64, playing bool) {
	at, playing := s.player.Position()
	return int64(at), playing
}

// Device names the device; silent means that there is none, and time runs all the same.
func (s *Sound) Device() (name string, silent bool) { return s.player.Device() }

// Close ends everything.
func (s *Sound) Close() error { return s.player.Close() }
