package vibe

import (
	"fmt"
	"strconv"
	"strings"
)

// Price is what a model costs, in micro-dollars for a million tokens.
type Price struct {
	Input, Output int64
	Version       string // where and when it was read
}

// Prices is the table by the provider's model name.
type Prices map[string]Price

// BuiltIn are list prices of OpenRouter as this program's makers last knew them; an operator
// sets the real ones by vibe_prices, and the provider's own figure in a reply wins over both.
var BuiltIn = Prices{
	"qwen/qwen3-8b":               {Input: 50_000, Output: 400_000, Version: "built-in 2026-11"},
	"anthropic/claude-sonnet-4.5": {Input: 3_000_000, Output: 15_000_000, Version: "built-in 2026-11"},
}

// ParsePrices adds model=input/output@date,... to the built-in table.
func ParsePrices(text string) (Prices, error) {
	p := Prices{}
	for m, v := range BuiltIn {
		p[m] = v
	}
	for entry := range strings.SplitSeq(text, ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		model, rest, ok := strings.Cut(entry, "=")
		both, date, dated := strings.Cut(rest, "@")
		in, out, two := strings.Cut(both, "/")
		i, err1 := strconv.ParseInt(in, 10, 64)
		o, err2 := strconv.ParseInt(out, 10, 64)
		if !ok || !dated || !two || err1 != nil || err2 != nil || i < 0 || o < 0 {
			return nil, fmt.Errorf("setting vibe_prices: %q is not model=input/output@date", entry)
		}
		p[model] = Price{i, o, "settings " + date}
	}
	return p, nil
}

// Of is the price of a model.
func (p Prices) Of(model string) (Price, error) {
	v, ok := p[model]
	if !ok {
		return v, fmt.Errorf("no price is known for the model %q; set vibe_prices", model)
	}
	return v, nil
}

// Cost is the price of a call, rounded up.
func (p Price) Cost(input, output int64) int64 {
	return (input*p.Input + output*p.Output + 999_999) / 1_000_000
}

// Worst is the most that a call can cost: no token is shorter than a byte.
func (p Price) Worst(messages []Message, maxOutput int64) int64 {
	var bytes int64
	for _, m := range messages {
		bytes += int64(len(m.Content)) + 16
	}
	return p.Cost(bytes+int64(len(schema)), maxOutput)
}
