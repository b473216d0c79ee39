package ops_test

import (
	"bytes"
	"encoding/binary"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
	"sampleagent/server/internal/plan"
	"sampleagent/sync/wire"
)

// Small files that hold minutes of sound, and whose headers say a moment or nothing. Frames of MP3 are
// counted while it is accepted; the worker decodes others to a second behind what the plan allows and
// does not go on to their end. (A failure that a later try may mend has another code and text.)
func TestBombsAreStopped(t *testing.T) {
	w := start(t, "")
	ada := w.signIn("ada@example.org", plan.Free)
	if status, _, p := ada.upload("long.mp3", mp3Bomb(120)); status != http.StatusUnprocessableEntity || p.Code != wire.CodeTooLong {
		t.Errorf("MP3: %d %+v", status, p)
	}
	for name, bomb := range map[string][]byte{"long.flac": flacBomb(t, 600), "long.ogg": oggBomb(t, 200)} {
		status, ok, p := ada.upload(name, bomb)
		if status != http.StatusAccepted {
			t.Fatalf("%s of %d bytes: %d %+v", name, len(bomb), status, p)
		}
		j := ada.waitJob(ok.JobID)
		if j.Status != wire.Failed || *j.ErrorCode != wire.CodeTooLong || *j.Error != "There is more sound in this file than your plan takes." {
			t.Errorf("%s: %s %s %s", name, j.Status, *j.ErrorCode, *j.Error)
		}
	}
}

// flacBomb is silence in a FLAC file that does not say how long it is.
func flacBomb(t *testing.T, seconds int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := codec.EncodeFLAC(&b, &pcm.Buffer{Rate: 8000, Channels: 1, Samples: make([]float32, 8000*seconds)}, codec.FLACOptions{}); err != nil {
		t.Fatal(err)
	}
	return lengthHidden(b.Bytes())
}

// mp3Bomb is silent frames of 32 kbit/s behind a Xing header that counts a hundred.
func mp3Bomb(seconds int) []byte {
	frame := make([]byte, 104) // 144 * 32000 / 44100
	copy(frame, "\xff\xfb\x10\xc4")
	first := bytes.Clone(frame)
	copy(first[4+17:], "Xing\x00\x00\x00\x01\x00\x00\x00\x64") // behind the side information of one channel
	return append(first, bytes.Repeat(frame, seconds*44100/1152)...)
}

// oggBomb is a tone's only page of sound again and again; the last says the length of one round.
func oggBomb(t *testing.T, seconds float64) []byte {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("..", "..", "..", "audio", "codec", "testdata", "tone.ogg"))
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.LastIndex(file, []byte("OggS"))
	page, le := file[at:], binary.LittleEndian // RFC 3533, section 6
	frames := le.Uint64(page[6:])
	bomb, rounds := bytes.Clone(file[:at]), uint64(seconds*44100)/frames
	for round := range rounds {
		last := round == rounds-1
		page[5] = 0
		le.PutUint64(page[6:], (round+1)*frames)
		if last {
			page[5] = 4
			le.PutUint64(page[6:], frames)
		}
		le.PutUint32(page[18:], uint32(2+round))
		le.PutUint32(page[22:], 0)
		le.PutUint32(page[22:], oggSum(page))
		bomb = append(bomb, page...)
	}
	return bomb
}

// oggSum is a page's checksum: CRC-32 of the polynomial 0x04c11db7, highest bit first.
func oggSum(page []byte) (sum uint32) {
	for _, b := range page {
		sum ^= uint32(b) << 24
		for range 8 {
			top := sum >> 31
			sum = sum<<1 ^ top*0x04c11db7
		}
	}
	return sum
}
