package search

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind int

const (
	tokenEnd tokenKind = iota
	tokenWord
	tokenOpen  // (
	tokenClose // )
	tokenOr    // |
	tokenNot   // - before a word or group
)

// token is one piece of a query.
type token struct {
	kind   tokenKind
	offset int    // bytes before it
	text   string // as typed
	field  string // before the colon, small letters; "" for free text
	value  string // after the colon, quotes taken off
	quoted bool   // a part of value stood in quotes
	parts  []part // value at its commas, but for those in quotes
}

// part is one of several values: `key:Am,C`.
type part struct {
	offset int
	text   string
	quoted bool
}

// lexer cuts a query into tokens. It never fails: a quote that is not closed reaches to the end,
// as it does while one types.
type lexer struct {
	in   string
	at   int
	open int // groups that are open: only then does ) close one
}

func (l *lexer) next() token {
	for l.at < len(l.in) {
		r, n := utf8.DecodeRuneInString(l.in[l.at:])
		if !unicode.IsSpace(r) {
			break
		}
		l.at += n
	}
	start := l.at
	if start == len(l.in) {
		return token{kind: tokenEnd, offset: start}
	}
	one := func(k tokenKind) token {
		l.at++
		return token{kind: k, offset: start, text: l.in[start:l.at]}
	}
	switch c := l.in[start]; {
	case c == '(':
		l.open++
		return one(tokenOpen)
	case c == ')' && l.open > 0:
		l.open--
		return one(tokenClose)
	case c == '|':
		return one(tokenOr)
	case c == '-' && start+1 < len(l.in) && !l.ends(start+1):
		return one(tokenNot)
	}
	return l.word()
}

// ends says whether a word stops before the byte at i.
func (l *lexer) ends(i int) bool {
	r, _ := utf8.DecodeRuneInString(l.in[i:])
	return unicode.IsSpace(r) || r == '|' || r == ')' && l.open > 0
}

func (l *lexer) word() token {
	t := token{kind: tokenWord, offset: l.at}
	var value strings.Builder
	var cur strings.Builder
	curStart, curQuoted := l.at, false
	endPart := func() {
		t.parts = append(t.parts, part{curStart, cur.String(), curQuoted})
		cur.Reset()
		curQuoted = false
	}
	put := func(s string) {
		value.WriteString(s)
		cur.WriteString(s)
	}
	for l.at < len(l.in) && !l.ends(l.at) {
		c := l.in[l.at]
		switch {
		case c == '"':
			t.quoted, curQuoted = true, true
			put(l.quote())
			continue
		case c == ':' && t.field == "" && !t.quoted && letters(l.in[t.offset:l.at]):
			t.field = strings.ToLower(l.in[t.offset:l.at])
			value.Reset()
			cur.Reset()
			l.at++
			curStart = l.at
			continue
		case c == ',':
			value.WriteByte(c)
			endPart()
			l.at++
			curStart = l.at
			continue
		}
		_, n := utf8.DecodeRuneInString(l.in[l.at:])
		put(l.in[l.at : l.at+n])
		l.at += n
	}
	endPart()
	t.text, t.value = l.in[t.offset:l.at], value.String()
	return t
}

// quote reads "..." with \" and \\ inside, and returns what stands between.
func (l *lexer) quote() string {
	var b strings.Builder
	for l.at++; l.at < len(l.in); l.at++ {
		c := l.in[l.at]
		if c == '"' {
			l.at++
			break
		}
		if c == '\\' && l.at+1 < len(l.in) && (l.in[l.at+1] == '"' || l.in[l.at+1] == '\\') {
			l.at++
			c = l.in[l.at]
		}
		b.WriteByte(c)
	}
	return b.String()
}

// letters says whether s can be the name of a field.
func letters(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return s != ""
}
