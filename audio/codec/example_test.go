package codec_test

import (
	"bytes"
	"context"
	"fmt"

	"sampleagent/audio/codec"
	"sampleagent/audio/pcm"
)

func Example() {
	sound := &pcm.Buffer{Rate: 48000, Channels: 2, Samples: make([]float32, 2*4800)}
	var file bytes.Buffer
	err := codec.EncodeWAV(&file, sound, codec.WAVOptions{Marks: []codec.Mark{{Frame: 2400, Name: "snare"}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	clip, err := codec.Decode(context.Background(), bytes.NewReader(file.Bytes()), codec.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(clip.Format, clip.Rate, clip.Channels, clip.BitDepth, clip.Audio.Duration(), clip.Marks)
	// Output: wav 48000 2 16 100ms [{2400 snare}]
}

func ExampleParseName() {
	fmt.Println(codec.ParseName("Amen_165bpm_F#min.wav"))
	fmt.Println(codec.ParseName("SP404 kick 01.wav"))
	// Output:
	// 165 F# minor
	// 0
}
