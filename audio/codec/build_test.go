package codec

import (
	"encoding/binary"
	"math"
)

// Builders of files and tags by hand, for what no encoder writes.

func chunkLE(id string, body []byte) []byte { return chunkBytes(binary.LittleEndian, id, body) }

func chunkBE(id string, body []byte) []byte { return chunkBytes(binary.BigEndian, id, body) }

func join(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func wavFile(chunks ...[]byte) []byte {
	body := join(chunks...)
	return join([]byte("RIFF"), u32(len(body)+4), []byte("WAVE"), body)
}

func aiffFile(form string, chunks ...[]byte) []byte {
	body := join(chunks...)
	return join([]byte("FORM"), binary.BigEndian.AppendUint32(nil, uint32(len(body)+4)), []byte(form), body)
}

func u32(v int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(v)) }

func plainFmt(tag, channels, rate, bits int) []byte {
	le := binary.LittleEndian
	b := le.AppendUint16(nil, uint16(tag))
	b = le.AppendUint16(b, uint16(channels))
	b = le.AppendUint32(b, uint32(rate))
	b = le.AppendUint32(b, uint32(rate*channels*bits/8))
	b = le.AppendUint16(b, uint16(channels*((bits+7)/8)))
	b = le.AppendUint16(b, uint16(bits))
	return chunkLE("fmt ", b)
}

func extensible(channels, rate, bits, sub int) []byte {
	b := plainFmt(waveExtensible, channels, rate, bits)[8:]
	b = append(b, 22, 0, byte(bits), 0, 0, 0, 0, 0, byte(sub), byte(sub>>8))
	b = append(b, "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xAA\x00\x38\x9B\x71"...)
	return chunkLE("fmt ", b)
}

func comm(channels, frames, bits, rate int, kind string) []byte {
	be := binary.BigEndian
	b := be.AppendUint16(nil, uint16(channels))
	b = be.AppendUint32(b, uint32(frames))
	b = be.AppendUint16(b, uint16(bits))
	b = append(b, make([]byte, 10)...)
	putExtended80(b[8:], uint32(rate))
	if kind != "" {
		b = append(append(b, kind...), 0, 0)
	}
	return chunkBE("COMM", b)
}

func ssnd(data []byte) []byte { return chunkBE("SSND", append(make([]byte, 8), data...)) }

func acid(flags, root, beats int, tempo float32) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(nil, uint32(flags))
	b = le.AppendUint16(b, uint16(root))
	b = append(b, make([]byte, 6)...)
	b = le.AppendUint32(b, uint32(beats))
	b = append(b, 4, 0, 4, 0)
	return chunkLE("acid", le.AppendUint32(b, math.Float32bits(tempo)))
}

func safe(n int) []byte {
	return []byte{byte(n >> 21 & 127), byte(n >> 14 & 127), byte(n >> 7 & 127), byte(n & 127)}
}

func id3Tag(version int, frames ...[]byte) []byte {
	body := append(join(frames...), make([]byte, 20)...)
	return join([]byte{'I', 'D', '3', byte(version), 0, 0}, safe(len(body)), body)
}

func id3Frame(version int, id, body string) []byte {
	size := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	if version == 4 {
		size = safe(len(body))
	}
	return join([]byte(id), size, []byte{0, 0}, []byte(body))
}

func vorbisComments(comments ...string) []byte {
	b := join(u32(6), []byte("vendor"), u32(len(comments)))
	for _, c := range comments {
		b = join(b, u32(len(c)), []byte(c))
	}
	return b
}
