package pack

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"

	"pgregory.net/rapid"
)

// wavFile is a WAV of integers with chunks before and behind its samples.
func wavFile(bits, channels int, data, before, behind []byte) []byte {
	var b bytes.Buffer
	chunk := func(id string, body []byte) {
		b.WriteString(id)
		b.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(body))))
		b.Write(body)
		if len(body)%2 == 1 {
			b.WriteByte(0)
		}
	}
	b.WriteString("RIFF\x00\x00\x00\x00WAVE")
	f := binary.LittleEndian.AppendUint16(nil, 1)
	f = binary.LittleEndian.AppendUint16(f, uint16(channels))
	f = binary.LittleEndian.AppendUint32(f, 44100)
	f = binary.LittleEndian.AppendUint32(f, uint32(44100*channels*bits/8))
	f = binary.LittleEndian.AppendUint16(f, uint16(channels*bits/8))
	f = binary.LittleEndian.AppendUint16(f, uint16(bits))
	chunk("fmt ", f)
	chunk("LIST", before)
	chunk("data", data)
	chunk("smpl", behind)
	out := b.Bytes()
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out
}

// Whatever a file holds, what is packed comes back bit for bit; what would not is not packed.
func TestPackedComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.SampledFrom([]int{8, 16, 24}).Draw(t, "bits")
		channels := rapid.IntRange(1, 3).Draw(t, "channels")
		frames := rapid.IntRange(0, 3000).Draw(t, "frames")
		data := make([]byte, frames*channels*bits/8+rapid.IntRange(0, 2).Draw(t, "odd"))
		slow := rapid.IntRange(1, 200).Draw(t, "slow")
		for i := range data {
			data[i] = byte(i / slow)
		}
		file := wavFile(bits, channels, data, rapid.SliceOfN(rapid.Byte(), 0, 50).Draw(t, "before"), rapid.SliceOfN(rapid.Byte(), 0, 50).Draw(t, "behind"))
		if cut := rapid.IntRange(0, 60).Draw(t, "cut"); cut < 30 {
			file = file[:len(file)-cut]
		}
		packed, err := Pack(t.Context(), file)
		if err != nil {
			return
		}
		if len(packed) >= len(file) {
			t.Fatalf("%d bytes were packed into %d", len(file), len(packed))
		}
		var back bytes.Buffer
		if err := Unpack(t.Context(), bytes.NewReader(packed), int64(len(packed)), &back); err != nil || !bytes.Equal(back.Bytes(), file) {
			t.Fatalf("%d bytes came back as %d, %v", len(file), back.Len(), err)
		}
	})
}

func FuzzUnpack(f *testing.F) {
	if packed, err := Pack(f.Context(), wavFile(16, 2, make([]byte, 4000), nil, nil)); err != nil {
		f.Fatal(err)
	} else {
		f.Add(packed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := Unpack(t.Context(), bytes.NewReader(b), int64(len(b)), io.Discard); err != nil {
			return
		}
	})
}
