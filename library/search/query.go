package search

import (
	"fmt"
	"strings"
	"unicode"

	"sampleagent/library/catalog"
)

// Query is a parsed query. The zero Query finds everything.
type Query struct {
	root node  // nil: everything
	like *like // nearest to a sample, within what root finds
	text []text
}

// Bounds of what Parse takes; a person never comes near them.
const (
	maxLength = 8192 // bytes
	maxDepth  = 24   // groups in groups
	maxTerms  = 200
)

// node is a condition on one sample.
type node interface {
	find(f *finder) (*catalog.Set, error)
}

type (
	allOf []node
	anyOf []node
	not   struct{ node }
)

// Parse reads a query; the language is described at the head of the package. Every error is an
// *Error.
func Parse(q string) (Query, error) {
	if len(q) > maxLength {
		return Query{}, &Error{Offset: maxLength, Reason: fmt.Sprintf("query is longer than %d bytes", maxLength)}
	}
	p := &parser{lexer: lexer{in: q}}
	p.advance()
	root, err := p.any(0)
	if err != nil {
		return Query{}, err
	}
	return Query{root: root, like: p.like, text: p.text}, nil
}

type parser struct {
	lexer lexer
	tok   token
	terms int
	like  *like
	text  []text // free words that every hit has, for relevance
	apart int    // above 0 inside of - or |, where like: cannot stand
}

func (p *parser) advance() { p.tok = p.lexer.next() }

// any reads alternatives until the end of the group.
func (p *parser) any(depth int) (node, error) {
	if depth > maxDepth {
		return nil, &Error{Offset: p.tok.offset, Word: p.tok.text, Reason: fmt.Sprintf("more than %d groups in groups", maxDepth)}
	}
	// Whether words are alternatives is only known at the first |: what was read until then as
	// required is taken back.
	words, nearest := len(p.text), p.like
	var alternatives anyOf
	var or token
	for {
		n, err := p.all(depth)
		if err != nil {
			return nil, err
		}
		if p.tok.kind != tokenOr {
			if alternatives == nil {
				return n, nil
			}
			if n == nil {
				return nil, &Error{Offset: or.offset, Word: "|", Reason: "nothing stands after it"}
			}
			return append(alternatives, n), nil
		}
		if p.like != nearest {
			return nil, p.like.misplaced()
		}
		if n == nil {
			return nil, &Error{Offset: p.tok.offset, Word: "|", Reason: "nothing stands before it"}
		}
		p.text = p.text[:words]
		if alternatives == nil {
			p.apart++
			defer func() { p.apart-- }()
		}
		alternatives = append(alternatives, n)
		or = p.tok
		p.advance()
	}
}

// all reads terms that must all hold, until | or the end of the group. nil is no term.
func (p *parser) all(depth int) (node, error) {
	var out allOf
	for {
		var n node
		var err error
		switch p.tok.kind {
		case tokenEnd, tokenClose, tokenOr:
			switch len(out) {
			case 0:
				return nil, nil
			case 1:
				return out[0], nil
			}
			return out, nil
		case tokenNot:
			n, err = p.negated(depth)
		default:
			n, err = p.term(depth)
		}
		if err != nil {
			return nil, err
		}
		if n != nil {
			out = append(out, n)
		}
	}
}

func (p *parser) negated(depth int) (node, error) {
	if depth > maxDepth {
		return nil, &Error{Offset: p.tok.offset, Word: p.tok.text, Reason: fmt.Sprintf("more than %d groups in groups", maxDepth)}
	}
	p.advance()
	p.apart++
	defer func() { p.apart-- }()
	n, err := func() (node, error) {
		if p.tok.kind == tokenNot {
			return p.negated(depth + 1)
		}
		return p.term(depth)
	}()
	if err != nil || n == nil {
		return nil, err
	}
	return not{n}, nil
}

// term reads a word or a group.
func (p *parser) term(depth int) (node, error) {
	if p.terms++; p.terms > maxTerms {
		return nil, &Error{Offset: p.tok.offset, Word: p.tok.text, Reason: fmt.Sprintf("more than %d words", maxTerms)}
	}
	t := p.tok
	if t.kind == tokenOpen {
		p.advance()
		n, err := p.any(depth + 1)
		if err != nil {
			return nil, err
		}
		if p.tok.kind == tokenClose { // one that is missing at the end is forgiven, as while typing
			p.advance()
		}
		return n, nil
	}
	if t.kind != tokenWord {
		return nil, &Error{Offset: t.offset, Word: t.text, Reason: "a word is expected here"}
	}
	p.advance()
	if t.field == "" {
		return p.free(t), nil
	}
	return p.named(t)
}

// free makes a condition of a free word or phrase; nil when it has no letter and no digit.
func (p *parser) free(t token) node {
	if !searchable(t.value) {
		return nil
	}
	n := text{words: t.value, prefix: !t.quoted}
	if p.apart == 0 {
		p.text = append(p.text, n)
	}
	return n
}

// searchable says whether the full-text index could have any token of s.
func searchable(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
}

func (p *parser) named(t token) (node, error) {
	if t.field == "like" {
		return nil, p.nearest(t)
	}
	f, ok := fieldsByName[t.field]
	if !ok {
		e := &Error{Offset: t.offset, Word: t.text, Reason: fmt.Sprintf("there is no field %s:", t.field)}
		if near, ok := nearest(t.field, fieldNames); ok {
			e.Suggestion = near + t.text[len(t.field):]
		} else {
			e.Suggestion = `"` + strings.ReplaceAll(t.text, `"`, `\"`) + `"`
		}
		return nil, e
	}
	parts := t.parts
	if f.whole {
		parts = []part{{t.parts[0].offset, t.value, t.quoted}}
	}
	var out anyOf
	for _, v := range parts {
		if strings.TrimSpace(v.text) == "" {
			return nil, &Error{Offset: t.offset, Word: t.text, Reason: fmt.Sprintf("%s: needs a value", t.field), Suggestion: f.Examples[0]}
		}
		n, problem, better := f.parse(v)
		if problem != "" {
			if better != "" {
				better = t.field + ":" + better
			}
			return nil, &Error{Offset: t.offset, Word: t.text, Reason: problem, Suggestion: better}
		}
		if n != nil {
			out = append(out, n)
		}
	}
	switch len(out) {
	case 0:
		return nil, nil
	case 1:
		return out[0], nil
	}
	return out, nil
}

// like asks for what sounds like a sample.
type like struct {
	id     string
	offset int
	word   string
}

func (l *like) misplaced() error {
	return &Error{Offset: l.offset, Word: l.word, Reason: "like: can stand only once, and not after - or beside |"}
}

func (p *parser) nearest(t token) error {
	l := &like{strings.TrimSpace(t.value), t.offset, t.text}
	if l.id == "" {
		return &Error{Offset: t.offset, Word: t.text, Reason: "like: needs a sample's id"}
	}
	if p.apart > 0 || p.like != nil {
		return l.misplaced()
	}
	p.like = l
	return nil
}
