package vibe

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"sampleagent/sync/wire"
)

// answer is what a model must say.
type answer struct {
	Mood             []string `json:"mood"`
	Genre            *string  `json:"genre"`
	Era              *string  `json:"era"`
	Energy           *float64 `json:"energy"`
	Danceability     *float64 `json:"danceability"`
	Acousticness     *float64 `json:"acousticness"`
	Instrumentalness *float64 `json:"instrumentalness"`
	Texture          []string `json:"texture"`
	Descriptors      []string `json:"descriptors"`
	Tags             []string `json:"tags"`
	BestUse          *string  `json:"best_use"`
	WorksWith        []string `json:"works_with"`
	OneLine          string   `json:"one_line"`
	Confidence       *float64 `json:"confidence"`
}

// schema is answer as JSON Schema, strict: all fields there, none else.
var schema = func() json.RawMessage {
	words := func(most int) map[string]any {
		return map[string]any{"type": "array", "maxItems": most, "items": map[string]any{"type": "string", "maxLength": 40}}
	}
	share := map[string]any{"type": []string{"number", "null"}, "minimum": 0, "maximum": 1}
	word := map[string]any{"type": []string{"string", "null"}, "maxLength": 60}
	properties := map[string]any{
		"mood": words(3), "genre": word, "era": word, "energy": share, "danceability": share, "acousticness": share, "instrumentalness": share,
		"texture": words(5), "descriptors": words(8), "tags": words(10), "best_use": map[string]any{"type": []string{"string", "null"}, "maxLength": 120},
		"works_with": words(6), "one_line": map[string]any{"type": "string", "maxLength": 160}, "confidence": map[string]any{"type": "number", "minimum": 0, "maximum": 1},
	}
	required := []string{"mood", "genre", "era", "energy", "danceability", "acousticness", "instrumentalness", "texture", "descriptors", "tags", "best_use", "works_with", "one_line", "confidence"}
	b, err := json.Marshal(map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false})
	if err != nil {
		panic(err) // of constants
	}
	return b
}()

// read takes a model's text apart. Models wrap JSON in prose and code fences: the first object
// counts. Every field is checked; what is out of range makes the answer invalid.
func read(text string) (*wire.Vibe, error) {
	from := strings.IndexByte(text, '{')
	if from < 0 {
		return nil, errors.New("there is no JSON object in it")
	}
	var a answer
	if err := json.NewDecoder(strings.NewReader(text[from:])).Decode(&a); err != nil {
		return nil, fmt.Errorf("the JSON cannot be read: %w", err)
	}
	v := &wire.Vibe{Genre: word(a.Genre, 60), Era: word(a.Era, 60), BestUse: word(a.BestUse, 120), OneLine: clean(a.OneLine, 160)}
	for _, n := range []struct {
		name string
		from *float64
		to   **float64
	}{{"energy", a.Energy, &v.Energy}, {"danceability", a.Danceability, &v.Danceability}, {"acousticness", a.Acousticness, &v.Acousticness}, {"instrumentalness", a.Instrumentalness, &v.Instrumentalness}} {
		if n.from != nil && (*n.from < 0 || *n.from > 1 || math.IsNaN(*n.from)) {
			return nil, fmt.Errorf("%s must be from 0 to 1", n.name)
		}
		*n.to = n.from
	}
	if a.Confidence == nil || *a.Confidence < 0 || *a.Confidence > 1 {
		return nil, errors.New("confidence must be from 0 to 1")
	}
	v.Confidence = *a.Confidence
	if len(a.Mood) == 0 || len(a.Mood) > 3 {
		return nil, errors.New("mood must have one to three words")
	}
	if v.OneLine == "" {
		return nil, errors.New("one_line must not be empty")
	}
	v.Mood, v.Texture, v.Descriptors = words(a.Mood, 3), words(a.Texture, 5), words(a.Descriptors, 8)
	v.Tags, v.WorksWith = words(a.Tags, 10), words(a.WorksWith, 6)
	return v, nil
}

func word(s *string, most int) *string {
	if s == nil {
		return nil
	}
	c := clean(*s, most)
	if c == "" || strings.EqualFold(c, "unknown") || strings.EqualFold(c, "not known") {
		return nil
	}
	return &c
}

func words(in []string, most int) []string {
	out := []string{}
	seen := map[string]bool{}
	for _, s := range in {
		c := strings.ToLower(clean(s, 40))
		if c != "" && !seen[c] && len(out) < most {
			seen[c] = true
			out = append(out, c)
		}
	}
	return out
}

func clean(s string, most int) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < ' ' || r == ' ' }), " ")
	if r := []rune(s); len(r) > most {
		s = strings.TrimSpace(string(r[:most]))
	}
	return s
}
