// Package fakestripe is a payment provider for tests: it speaks the part of Stripe's HTTP
// protocol that we use (form-encoded requests, JSON answers, lists by page, expansion,
// idempotency keys, signed events), keeps state, and has a clock that tests move: subscriptions
// renew, cards are declined and tried again, cancelled plans end.
//
// stripe-mock knows the shapes and keeps nothing; this keeps everything and knows only our
// shapes. What Stripe does is written from its documentation (API version 2026-03-25.dahlia).
// Only tests import it. It must never know our server.
package fakestripe

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// obj is an object of the API.
type obj = map[string]any

// Stripe is one account of the provider.
type Stripe struct {
	URL string

	mu      sync.Mutex
	now     time.Time
	all     map[string]obj
	order   []string // ids, oldest first
	answers map[string]answer
	usage   []usage
	events  []Event
	cards   map[string]bool // customer -> its card is accepted
	fail    func(method, path string) bool
	calls   map[string]int
}

type answer struct {
	request string
	status  int
	body    []byte
}

// Event is a message that Stripe would send.
type Event struct {
	ID, Type string
	Body     []byte
}

// New starts a provider whose clock stands at now. close stops it.
func New(now time.Time) (s *Stripe, stop func()) {
	s = &Stripe{now: now.UTC().Truncate(time.Second), all: map[string]obj{}, answers: map[string]answer{}, cards: map[string]bool{}, calls: map[string]int{}}
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	s.URL = server.URL
	return s, server.Close
}

// Break makes requests for which f says yes do their work and then lose their answer (500).
func (s *Stripe) Break(f func(method, path string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = f
}

// Calls counts the requests of a kind, "POST /v1/customers".
func (s *Stripe) Calls(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[what]
}

// Events are all messages so far, oldest first.
func (s *Stripe) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

// Get is an object as it is now; nil when there is none.
func (s *Stripe) Get(id string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.all[id])
}

// All are the objects of a kind, oldest first.
func (s *Stripe) All(kind string) []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list(kind, nil)
}

func (s *Stripe) list(kind string, keep func(obj) bool) []obj {
	var out []obj
	for _, id := range s.order {
		if o := s.all[id]; o["object"] == kind && (keep == nil || keep(o)) {
			out = append(out, o)
		}
	}
	return out
}

// number counts over all providers of the process, so that ids of two never meet in a database.
var number atomic.Int64

func (s *Stripe) id(prefix string) string { return fmt.Sprintf("%s_%06d", prefix, number.Add(1)) }

// add keeps an object and says so.
func (s *Stripe) add(prefix, kind string, o obj) obj {
	if o["id"] == nil {
		o["id"] = s.id(prefix)
	}
	o["object"], o["created"], o["livemode"] = kind, s.now.Unix(), false
	id := o["id"].(string)
	s.all[id] = o
	s.order = append(s.order, id)
	return o
}

// tell writes a message about an object as it is now.
func (s *Stripe) tell(kind string, o obj) {
	id := s.id("evt")
	body, err := json.Marshal(obj{"id": id, "object": "event", "type": kind, "api_version": "2026-03-25.dahlia", "created": s.now.Unix(), "livemode": false,
		"data": obj{"object": o}})
	if err != nil {
		panic(err) // maps of plain values
	}
	s.events = append(s.events, Event{id, kind, body})
}

type refusal struct {
	status int
	kind   string
	code   string
	msg    string
}

func (r *refusal) Error() string { return r.msg }

func bad(format string, args ...any) *refusal {
	return &refusal{http.StatusBadRequest, "invalid_request_error", "", fmt.Sprintf(format, args...)}
}

// serve answers one request. A key that was used is answered as the first time.
func (s *Stripe) serve(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/v1/") {
		s.page(w, r)
		return
	}
	if _, _, ok := r.BasicAuth(); !ok && !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer sk_") {
		http.Error(w, `{"error":{"type":"invalid_request_error","message":"No API key"}}`, http.StatusUnauthorized)
		return
	}
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[r.Method+" "+r.URL.Path]++
	key := r.Header.Get("Idempotency-Key")
	request := r.Method + r.URL.Path + r.Form.Encode()
	a, known := s.answers[key]
	if key == "" || !known || r.Method == http.MethodGet {
		a = s.first(r, request)
		if key != "" && r.Method != http.MethodGet {
			s.answers[key] = a
		}
	} else if a.request != request {
		a = refused(&refusal{http.StatusBadRequest, "idempotency_error", "", "Keys for idempotent requests can only be used with the same parameters."})
	}
	if s.fail != nil && s.fail(r.Method, r.URL.Path) {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Request-Id", "req_fake")
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // the client has gone
}

func refused(e *refusal) answer {
	body, err := json.Marshal(obj{"error": obj{"type": e.kind, "code": e.code, "message": e.msg}})
	if err != nil {
		panic(err) // three strings
	}
	return answer{"", e.status, body}
}

func (s *Stripe) first(r *http.Request, request string) answer {
	form := nested(r.Form)
	v, err := s.route(r.Method, strings.Split(strings.Trim(strings.TrimPrefix(r.URL.Path, "/v1/"), "/"), "/"), form)
	if err != nil {
		a := refused(err)
		a.request = request
		return a
	}
	if expand, ok := form["expand"].(obj); ok {
		v = clone(v)
		for _, path := range expand {
			s.expand(v, strings.Split(path.(string), "."))
		}
	}
	body, e := json.Marshal(v)
	if e != nil {
		panic(e) // maps of plain values
	}
	return answer{request, http.StatusOK, body}
}

func clone(v any) any {
	switch v := v.(type) {
	case obj:
		c := obj{}
		for k, x := range v {
			c[k] = clone(x)
		}
		return c
	case []obj:
		c := make([]any, len(v))
		for i, x := range v {
			c[i] = clone(x)
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i, x := range v {
			c[i] = clone(x)
		}
		return c
	}
	return v
}

// expand puts objects where their ids stand.
func (s *Stripe) expand(v any, path []string) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			s.expand(x, path)
		}
	case obj:
		if len(path) == 0 {
			return
		}
		if id, ok := v[path[0]].(string); ok && s.all[id] != nil {
			v[path[0]] = clone(s.all[id])
		}
		if v["object"] == "charge" && path[0] == "refunds" {
			v["refunds"] = clone(page(s.list("refund", func(o obj) bool { return o["charge"] == v["id"] })))
		}
		s.expand(v[path[0]], path[1:])
	}
}

func page(items []obj) obj {
	if items == nil {
		items = []obj{}
	}
	return obj{"object": "list", "data": items, "has_more": false, "url": "/"}
}

// paged cuts a list, newest first as Stripe's are, by limit and starting_after.
func paged(items []obj, f obj) (any, *refusal) {
	items = slices.Clone(items)
	slices.Reverse(items)
	if after := str(f["starting_after"]); after != "" {
		i := slices.IndexFunc(items, func(o obj) bool { return o["id"] == after })
		if i < 0 {
			return nil, bad("No such object: %s", after)
		}
		items = items[i+1:]
	}
	limit := 10
	if n, err := strconv.Atoi(str(f["limit"])); err == nil {
		limit = n
	}
	p := page(items)
	if len(items) > limit {
		p = page(items[:limit])
		p["has_more"] = true
	}
	return p, nil
}

func str(v any) string {
	t, _ := v.(string)
	return t
}

func num(v any) int64 {
	switch v := v.(type) {
	case int64:
		return v
	case int:
		return int64(v)
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		if err == nil {
			return n
		}
	}
	return 0
}

func sub(v any) obj {
	o, _ := v.(obj)
	return o
}

// nested turns a[0][b]=c into maps.
func nested(form url.Values) obj {
	root := obj{}
	for key, values := range form {
		parts := strings.FieldsFunc(key, func(r rune) bool { return r == '[' || r == ']' })
		if strings.HasSuffix(key, "[]") {
			for i, v := range values {
				put(root, append(slices.Clone(parts), strconv.Itoa(i)), v)
			}
			continue
		}
		put(root, parts, values[0])
	}
	return root
}

func put(to obj, path []string, v string) {
	if len(path) == 1 {
		to[path[0]] = v
		return
	}
	next, ok := to[path[0]].(obj)
	if !ok {
		next = obj{}
		to[path[0]] = next
	}
	put(next, path[1:], v)
}

// sorted are the values of a list that a form carried.
func sorted(v any) []obj {
	m := sub(v)
	var out []obj
	for i := range len(m) {
		if o, ok := m[strconv.Itoa(i)].(obj); ok {
			out = append(out, o)
		}
	}
	return out
}

func texts(v any) []string {
	var out []string
	for _, x := range sub(v) {
		out = append(out, str(x))
	}
	return out
}

func metadata(v any) obj {
	if m, ok := v.(obj); ok {
		return m
	}
	return obj{}
}
