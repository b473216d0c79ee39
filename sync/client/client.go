// Package client speaks to a Sample Agent server: one method an operation, problem details as
// errors, retries where a second try can do no harm, live events.
//
// It keeps no state but the connection, knows nothing of the library, and asks a TokenSource for
// its tokens.
package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/go-resty/resty/v2"

	"sampleagent/sync/wire"
)

// TokenSource gives access tokens; session.Session is one.
type TokenSource interface {
	Token(ctx context.Context) (string, error)
	// Renew replaces a token that the server has refused.
	Renew(ctx context.Context, stale string) (string, error)
}

// Client is an account's view of one server. It is safe for concurrent use.
type Client struct {
	server string
	tokens TokenSource
	http   *http.Client
	stall  time.Duration // how long a transfer may stand still before it is given up
}

// New is a client of the server at an address such as https://host.
func New(server string, tokens TokenSource, h *http.Client) *Client {
	return &Client{server: server, tokens: tokens, http: h, stall: 90 * time.Second}
}

// NewHTTP is the HTTP client that all calls share: no request waits for ever for a silent
// server, while a long upload or an event stream may run on.
func NewHTTP() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = 60 * time.Second
	t.MaxIdleConnsPerHost = 8
	return &http.Client{Transport: t}
}

const (
	tries     = 3
	firstWait = 300 * time.Millisecond
	lastWait  = 10 * time.Second
	maxAnswer = 64 << 20 // bytes of a JSON answer; a page of sync cells is the largest
)

// request is one call. again says that sending it twice is the same as sending it once, so that
// it may be repeated when no answer came or the server was busy.
func request(ctx context.Context, h *http.Client, token string, again bool) *resty.Request {
	r := resty.NewWithClient(h).SetLogger(silent{}).
		SetRetryCount(tries - 1).SetRetryWaitTime(firstWait).SetRetryMaxWaitTime(lastWait).
		SetResponseBodyLimit(maxAnswer).
		AddRetryCondition(func(r *resty.Response, err error) bool {
			return again && ctx.Err() == nil && (err != nil || passing(r.StatusCode(), r.Header()))
		}).
		SetRetryAfter(func(_ *resty.Client, r *resty.Response) (time.Duration, error) {
			return retryAfter(r.Header()), nil // 0: resty's growing pause
		}).R().SetContext(ctx)
	if token != "" {
		r.SetAuthToken(token)
	}
	return r
}

// silent keeps resty from writing addresses to the terminal; errors are returned.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}

// passing says whether a refusal may be gone in a few seconds.
func passing(status int, header http.Header) bool {
	switch status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	case http.StatusTooManyRequests:
		wait := retryAfter(header)
		return wait > 0 && wait <= lastWait
	}
	return false
}

func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.Atoi(header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// Post sends in as JSON and decodes the answer into out unless that is nil. A refusal is a
// *wire.Problem.
func Post(ctx context.Context, h *http.Client, address, token string, in, out any) error {
	return send(request(ctx, h, token, false).SetBody(in), http.MethodPost, address, out)
}

// Get decodes the answer into out. A refusal is a *wire.Problem.
func Get(ctx context.Context, h *http.Client, address, token string, out any) error {
	return send(request(ctx, h, token, true), http.MethodGet, address, out)
}

func send(r *resty.Request, method, address string, out any) error {
	answer, err := r.Execute(method, address)
	if err != nil {
		return unreachable(address, err)
	}
	if answer.IsError() {
		return problem(answer.StatusCode(), answer.Header(), answer.Body())
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer.Body(), out); err != nil {
		return fmt.Errorf("%s %s: an answer that cannot be read: %w", method, path(address), err)
	}
	return nil
}

// ErrUnreachable says that no answer came: no network, no server, or a server that is not ours.
var ErrUnreachable = errors.New("the server cannot be reached")

func unreachable(address string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var inner *url.Error // its text repeats the address with its query, which may hold a secret
	if errors.As(err, &inner) {
		err = inner.Err
	}
	u, parseErr := url.Parse(address)
	if parseErr != nil {
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return fmt.Errorf("%w: %s: %w", ErrUnreachable, u.Host, err)
}

// problem turns a refusal into a *wire.Problem, whatever stands between us and the server may
// have answered.
func problem(status int, header http.Header, body []byte) error {
	p := &wire.Problem{}
	kind, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	if kind != "application/problem+json" || json.Unmarshal(body, p) != nil || p.Code == "" {
		p = &wire.Problem{Title: http.StatusText(status), Detail: fmt.Sprintf("the server answered %d %s", status, http.StatusText(status))}
		if status >= 500 {
			p.Code = wire.CodeUnavailable
		} else {
			p.Code = wire.CodeBadRequest
		}
	}
	p.Status = status
	p.RetryAfter = retryAfter(header)
	return p
}

func path(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Path
}

// call runs do with a token, and once more with a fresh one where the server says that the
// token has had its day.
func (c *Client) call(ctx context.Context, do func(token string) error) error {
	token, err := c.tokens.Token(ctx)
	if err != nil {
		return err
	}
	err = do(token)
	var p *wire.Problem
	if !errors.As(err, &p) || p.Status != http.StatusUnauthorized {
		return err
	}
	if token, err = c.tokens.Renew(ctx, token); err != nil {
		return err
	}
	return do(token)
}

func (c *Client) get(ctx context.Context, path string, query url.Values, out any) error {
	address := c.server + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	return c.call(ctx, func(token string) error { return Get(ctx, c.http, address, token, out) })
}

// Account is who is signed in, what they may do and what of it is used.
func (c *Client) Account(ctx context.Context) (*wire.Account, error) {
	var out wire.Account
	return &out, c.get(ctx, wire.PathAccount, nil, &out)
}

// Sessions lists where the account is signed in.
func (c *Client) Sessions(ctx context.Context) ([]wire.Session, error) {
	var out struct {
		Items []wire.Session `json:"items"`
	}
	err := c.get(ctx, wire.PathSessions, nil, &out)
	return out.Items, err
}

// EndSession signs one of them out.
func (c *Client) EndSession(ctx context.Context, id string) error {
	return c.delete(ctx, wire.PathSessions+"/"+url.PathEscape(id))
}

func (c *Client) delete(ctx context.Context, path string) error {
	return c.call(ctx, func(token string) error {
		return send(request(ctx, c.http, token, true), http.MethodDelete, c.server+path, nil)
	})
}

// Job is the state of one job.
func (c *Client) Job(ctx context.Context, id string) (*wire.Job, error) {
	var out wire.Job
	return &out, c.get(ctx, wire.PathJobs+"/"+url.PathEscape(id), nil, &out)
}

// Jobs is a page of jobs, newest first; cursor is "" for the first.
func (c *Client) Jobs(ctx context.Context, cursor string, limit int) (*wire.JobPage, error) {
	var out wire.JobPage
	return &out, c.get(ctx, wire.PathJobs, page(cursor, limit), &out)
}

// CancelJob gives up a job that is not final.
func (c *Client) CancelJob(ctx context.Context, id string) error {
	return c.delete(ctx, wire.PathJobs+"/"+url.PathEscape(id))
}

// Sample is one processed sample.
func (c *Client) Sample(ctx context.Context, id string) (*wire.Sample, error) {
	var out wire.Sample
	return &out, c.get(ctx, wire.PathSamples+"/"+url.PathEscape(id), nil, &out)
}

// Samples is a page of processed samples, newest first; cursor is "" for the first.
func (c *Client) Samples(ctx context.Context, cursor string, limit int) (*wire.SamplePage, error) {
	var out wire.SamplePage
	return &out, c.get(ctx, wire.PathSamples, page(cursor, limit), &out)
}

// DeleteSample removes a processed sample and its audio from the server.
func (c *Client) DeleteSample(ctx context.Context, id string) error {
	return c.delete(ctx, wire.PathSamples+"/"+url.PathEscape(id))
}

func page(cursor string, limit int) url.Values {
	q := url.Values{"limit": {strconv.Itoa(limit)}}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	return q
}
