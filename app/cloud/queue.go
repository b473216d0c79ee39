package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"sampleagent/library/catalog"
	"sampleagent/sync/client"
	"sampleagent/sync/session"
	"sampleagent/sync/wire"
)

// jobKind is the kind of our jobs in the library, which keeps them over restarts.
const jobKind = "cloud"

// order is what a job is to do, and how far it has come.
type order struct {
	Sample  string           `json:"sample"` // id in the library
	Name    string           `json:"name"`
	Account *session.Account `json:"account,omitempty"` // for which it was queued; nil in jobs of older programs: any
}

// isOf says whether an order is the account's to carry out.
func (o order) isOf(a session.Account) bool {
	return o.Account == nil || syncName(*o.Account) == syncName(a)
}

// Job is a sound on its way through the cloud.
type Job struct {
	ID     string
	Sample string // id in the library
	Name   string
	State  catalog.JobState
	Step   string // "waiting", "uploading", or the server's step
	Sent   int64  // bytes
	Size   int64
	Speed  float64   // bytes a second while it goes up; 0 when not known
	Error  string    // why it waits or failed
	Next   time.Time // a retry waits until then
	Remote *wire.Job // as the server last told: place, estimated time
	Other  string    // the account that it was queued for, where that is not the one in use: it waits for that
}

// Queue puts samples in line for analysis in the cloud. It works without a network: they go up
// once there is one. What the plan's limits would refuse is told now, as far as they are known.
func (c *Cloud) Queue(ctx context.Context, rows []catalog.Row) (queued int, err error) {
	_, account, err := c.signedIn()
	if err != nil {
		return 0, err
	}
	samples, err := c.conf.DB.Samples(ctx, rows)
	if err != nil {
		return 0, err
	}
	under, err := c.underWay(ctx)
	if err != nil {
		return 0, err
	}
	var refused []error
	for _, s := range samples {
		err := c.allowed(s)
		if under[s.ID] {
			err = errUnderWay
		}
		if err != nil {
			refused = append(refused, fmt.Errorf("%s: %w", s.Name, err))
			continue
		}
		payload, err := json.Marshal(order{Sample: s.ID, Name: s.Name, Account: &account})
		if err != nil {
			return queued, err
		}
		if _, err := c.conf.DB.AddJob(ctx, jobKind, string(payload)); err != nil {
			return queued, err
		}
		queued++
	}
	c.poke()
	return queued, errors.Join(refused...)
}

// errUnderWay says why a sound is not sent twice: each time is one of the plan's uploads.
var errUnderWay = errors.New("it is on its way already")

// underWay are the samples that wait to be sent or to be heard by the account in use.
func (c *Cloud) underWay(ctx context.Context) (map[string]bool, error) {
	jobs, err := c.unfinished(ctx)
	out := map[string]bool{}
	for _, j := range jobs {
		o, err := orderOf(j)
		if err != nil {
			return nil, err
		}
		out[o.Sample] = true
	}
	return out, err
}

// Jobs lists the newest jobs with what the server last said of them.
func (c *Cloud) Jobs(ctx context.Context, limit int) ([]Job, error) {
	stored, err := c.conf.DB.Jobs(ctx, jobKind, limit)
	if err != nil {
		return nil, err
	}
	using := c.State().Account
	out := make([]Job, len(stored))
	for i, j := range stored {
		o, err := orderOf(j)
		if err != nil {
			return nil, err
		}
		out[i] = Job{ID: j.ID, Sample: o.Sample, Name: o.Name, State: j.State, Step: j.Step, Error: j.Error, Next: j.NotBefore, Sent: int64(j.Done), Size: int64(j.Total)}
		out[i].Speed = c.speedOf(j.ID)
		if !o.isOf(using) && !j.State.Final() {
			out[i].Other, out[i].Step = o.Account.Email, "waiting"
			out[i].Error = fmt.Sprintf("queued for %s on %s: it goes on when that account is in use", o.Account.Email, o.Account.Server)
			continue
		}
		if j.Result != "" {
			out[i].Remote = new(wire.Job)
			if err := json.Unmarshal([]byte(j.Result), out[i].Remote); err != nil {
				return nil, fmt.Errorf("job %s: %w", j.ID, err)
			}
		}
	}
	return out, nil
}

// orderOf is what a job is to do.
func orderOf(j catalog.Job) (o order, err error) {
	if err = json.Unmarshal([]byte(j.Payload), &o); err != nil {
		err = fmt.Errorf("job %s: %w", j.ID, err)
	}
	return o, err
}

// unfinished are the jobs of the account in use that are not final, the oldest first.
func (c *Cloud) unfinished(ctx context.Context) ([]catalog.Job, error) {
	using := c.State().Account
	all, err := c.conf.DB.UnfinishedJobs(ctx, jobKind)
	var ours []catalog.Job
	for _, j := range all {
		o, err := orderOf(j)
		if err != nil {
			return nil, err
		}
		if o.isOf(using) {
			ours = append(ours, j)
		}
	}
	return ours, err
}

// Cancel gives a job up, here and on the server.
func (c *Cloud) Cancel(ctx context.Context, id string) error {
	j, err := c.conf.DB.Job(ctx, id)
	if err != nil {
		return err
	}
	remote, err := remoteID(j)
	if err != nil {
		return err
	}
	o, err := orderOf(j)
	if err != nil {
		return err
	}
	// A job of an account that is no longer signed in here is given up here alone.
	switch state := c.State(); {
	case remote == "":
	case !o.isOf(state.Account) && slices.ContainsFunc(state.Others, o.isOf):
		return fmt.Errorf("%s was queued for %s: switch to that account and cancel it there", o.Name, o.Account.Email)
	case o.isOf(state.Account):
		client, _, err := c.signedIn()
		if err != nil {
			return err
		}
		if err := client.CancelJob(ctx, remote); err != nil && !gone(err) {
			return err
		}
	}
	err = c.conf.DB.EndJob(ctx, id, catalog.JobCancelled, j.Result, nil)
	c.giveUp(id)
	return err
}

// Retry queues a job's sound once more.
func (c *Cloud) Retry(ctx context.Context, id string) error {
	j, err := c.conf.DB.Job(ctx, id)
	if err != nil {
		return err
	}
	if !j.State.Final() {
		return fmt.Errorf("job %s: %w: it is %s", id, catalog.ErrNotPossible, j.State)
	}
	o, err := orderOf(j)
	if err != nil {
		return err
	}
	s, err := c.conf.DB.SampleByID(ctx, o.Sample)
	if err != nil {
		return err
	}
	_, err = c.Queue(ctx, []catalog.Row{s.Row})
	return err
}

// remoteID is the server's job of ours, "" while the server has none.
func remoteID(j catalog.Job) (string, error) {
	if j.Result == "" {
		return "", nil
	}
	var remote wire.Job
	err := json.Unmarshal([]byte(j.Result), &remote)
	return remote.ID, err
}

func gone(err error) bool {
	var p *wire.Problem
	return errors.As(err, &p) && (p.Code == wire.CodeNotFound || p.Code == wire.CodeConflict || p.Code == wire.CodeGone)
}

// Work uploads what waits and asks after what the server works on, once. It stops at the first
// trouble that concerns all jobs (no network, signed out); a job's own trouble is kept with it.
// progress, unless nil, is told of each job that changed.
func (c *Cloud) Work(ctx context.Context, progress func(Job)) error {
	c.working.Lock()
	defer c.working.Unlock()
	jobs, err := c.unfinished(ctx)
	if err != nil {
		return err
	}
	ask, plan := c.asksAfter(), c.plan()
	var full *wire.Problem // the quota is used up: those behind wait as well, without being asked for
	defer func() {
		if full != nil {
			c.full(plan)
		}
	}()
	for _, j := range jobs {
		remote, err := remoteID(j)
		if err != nil {
			return err
		}
		switch {
		case remote != "" && !ask(remote):
			continue
		case remote != "":
			err = c.follow(ctx, j, remote)
		case time.Now().Before(j.NotBefore):
			continue
		case full != nil:
			err = c.conf.DB.RetryJob(ctx, j.ID, *full.ResetAt, full)
		default:
			full, err = c.upload(ctx, j)
		}
		if err != nil {
			return err
		}
		if progress != nil {
			if all, err := c.Jobs(ctx, 1000); err == nil {
				for _, now := range all {
					if now.ID == j.ID {
						progress(now)
					}
				}
			}
		}
	}
	return nil
}

// Pending says how many jobs are not final.
func (c *Cloud) Pending(ctx context.Context) (int, error) {
	jobs, err := c.unfinished(ctx)
	return len(jobs), err
}

// upload sends one file. The job's id is the idempotency key: a repeated upload is one upload.
// full is the server's word that nothing more of this account is taken until its ResetAt.
func (c *Cloud) upload(ctx context.Context, j catalog.Job) (full *wire.Problem, err error) {
	remote, account, err := c.signedIn()
	if err != nil {
		return nil, err
	}
	o, err := orderOf(j)
	if err != nil || !o.isOf(account) { // somebody has just switched
		return nil, err
	}
	if err := c.conf.DB.StartJob(ctx, j.ID); err != nil {
		return nil, err
	}
	s, err := c.conf.DB.SampleByID(ctx, o.Sample)
	if err != nil {
		return nil, c.conf.DB.EndJob(ctx, j.ID, catalog.JobFailed, "", err)
	}
	file, err := lossless(ctx, s.Path, s.SHA256)
	if err == nil {
		err = c.fits(file.size)
	}
	if ctx.Err() != nil {
		return c.refused(ctx, j, ctx.Err())
	}
	if err != nil {
		return nil, c.conf.DB.EndJob(ctx, j.ID, catalog.JobFailed, "", err)
	}
	// Giving the job up while it goes up ends the request.
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	meter := c.measure(j.ID, file.size, func() { end(errGivenUp) })
	defer meter.end()
	accepted, err := remote.Upload(ctx, client.Upload{Name: file.name, Size: file.size, Key: j.ID, Open: file.open, SourceSHA256: s.SHA256}, func(sent int64) {
		if meter.sent(sent) {
			// A progress that cannot be written is shown late, nothing more.
			_ = c.conf.DB.JobProgress(ctx, j.ID, "uploading", int(file.size), int(sent), 0)
		}
	})
	if errors.Is(context.Cause(ctx), errGivenUp) {
		if err == nil { // it had arrived already
			return nil, remote.CancelJob(context.WithoutCancel(ctx), accepted.JobID)
		}
		return nil, nil
	}
	c.note(account, err)
	if err != nil {
		return c.refused(ctx, j, err)
	}
	return nil, c.keep(ctx, j, &wire.Job{ID: accepted.JobID, Status: accepted.Status, Queue: accepted.Queue, EstimatedCompletion: &accepted.EstimatedCompletion}, "queued")
}

var errGivenUp = errors.New("a person gave the upload up")

// refused decides what an upload's failure means: wait, give up, or stop all work for now.
func (c *Cloud) refused(ctx context.Context, j catalog.Job, reason error) (full *wire.Problem, err error) {
	// The program is ending: the next start tries again.
	if ctx.Err() != nil {
		return nil, errors.Join(ctx.Err(), c.conf.DB.RetryJob(context.WithoutCancel(ctx), j.ID, time.Now(), nil))
	}
	var p *wire.Problem
	switch {
	case errors.As(reason, &p) && p.ResetAt != nil: // a full quota: until it begins anew
		return p, c.conf.DB.RetryJob(ctx, j.ID, *p.ResetAt, p)
	case errors.As(reason, &p) && (p.Status >= 500 || p.RetryAfter > 0):
		return nil, c.conf.DB.RetryJob(ctx, j.ID, time.Now().Add(max(p.RetryAfter, backoff(j.Attempts))), p)
	case errors.As(reason, &p):
		return nil, c.conf.DB.EndJob(ctx, j.ID, catalog.JobFailed, "", p)
	case errors.Is(reason, client.ErrUnreachable), errors.Is(reason, session.ErrSignedOut), errors.Is(reason, session.ErrNoKeyring):
		return nil, errors.Join(reason, c.conf.DB.RetryJob(ctx, j.ID, time.Now(), reason))
	}
	return nil, c.conf.DB.EndJob(ctx, j.ID, catalog.JobFailed, "", reason)
}

// hurry lets jobs that wait be tried at once: the plan may have changed.
func (c *Cloud) hurry(ctx context.Context) error {
	jobs, err := c.unfinished(ctx)
	for _, j := range jobs {
		if time.Now().Before(j.NotBefore) {
			err = errors.Join(err, c.conf.DB.RetryJob(ctx, j.ID, time.Now(), nil))
		}
	}
	return err
}

// backoff is a pause that doubles with each attempt, 5 s to 5 min.
func backoff(attempts int) time.Duration {
	return min(5*time.Second<<min(attempts, 10), 5*time.Minute)
}

// keep stores what the server says of a job.
func (c *Cloud) keep(ctx context.Context, j catalog.Job, remote *wire.Job, step string) error {
	text, err := json.Marshal(remote)
	if err != nil {
		return err
	}
	return c.conf.DB.JobResult(ctx, j.ID, step, string(text))
}

// follow asks after a job that the server has.
func (c *Cloud) follow(ctx context.Context, j catalog.Job, id string) error {
	remote, account, err := c.signedIn()
	if err != nil {
		return err
	}
	if o, err := orderOf(j); err != nil || !o.isOf(account) { // somebody has just switched
		return err
	}
	now, err := remote.Job(ctx, id)
	c.note(account, err)
	if err != nil {
		if gone(err) {
			return c.conf.DB.EndJob(ctx, j.ID, catalog.JobFailed, "", errors.New("the server no longer knows this job"))
		}
		var p *wire.Problem
		if errors.As(err, &p) && p.Status < 500 && p.Status != 401 {
			return nil // too fast: the next round asks again
		}
		return err
	}
	step := string(now.Status)
	if now.Step != nil && *now.Step != "" {
		step = *now.Step
	}
	if !now.Status.Final() {
		return c.keep(ctx, j, now, step)
	}
	text, err := json.Marshal(now)
	if err != nil {
		return err
	}
	if now.Status != wire.Completed {
		reason := fmt.Errorf("the server ended it as %s", now.Status)
		if now.Error != nil && *now.Error != "" {
			reason = errors.New(*now.Error)
		}
		c.tellDone(j, reason.Error())
		return c.conf.DB.EndJob(ctx, j.ID, catalog.JobState(now.Status), string(text), reason)
	}
	if now.SampleID == nil {
		return fmt.Errorf("job %s is completed and names no sample", id)
	}
	sample, err := remote.Sample(ctx, *now.SampleID)
	if err != nil {
		return err
	}
	if err := c.merge(ctx, j, sample); err != nil {
		return err
	}
	said := ""
	if sample.Vibe != nil {
		said = sample.Vibe.OneLine
	}
	c.tellDone(j, said)
	return c.conf.DB.EndJob(ctx, j.ID, catalog.JobCompleted, string(text), nil)
}

func (c *Cloud) tellDone(j catalog.Job, text string) {
	if o, err := orderOf(j); c.conf.Done != nil && err == nil {
		c.conf.Done(o.Name, text)
	}
}

// merge keeps what the cloud found beside the sample. Its values count where this machine heard
// nothing or was less sure, with the cloud as their source; what a person typed stays in any case.
func (c *Cloud) merge(ctx context.Context, j catalog.Job, s *wire.Sample) error {
	o, err := orderOf(j)
	if err != nil {
		return err
	}
	local, err := c.conf.DB.SampleByID(ctx, o.Sample)
	if errors.Is(err, catalog.ErrNotFound) {
		return nil // taken out of the library meanwhile
	}
	if err != nil {
		return err
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	words := catalog.Cloud{RemoteID: s.ID, JSON: string(text), Heard: catalog.Heard{BPM: s.BPM, BPMConfidence: value(s.BPMConfidence),
		Key: value(s.Key), KeyConfidence: value(s.KeyConfidence), Kind: value(s.Kind), Class: value(s.Class), ClassConfidence: value(s.ClassConfidence)}}
	if v := s.Vibe; v != nil {
		words.Description = v.OneLine
		for _, list := range [][]string{v.Mood, v.Texture, v.Descriptors, v.Tags} {
			words.Words = append(words.Words, list...)
		}
		for _, one := range []*string{v.Genre, v.Era, v.BestUse} {
			if one != nil && *one != "" {
				words.Words = append(words.Words, *one)
			}
		}
	}
	return c.conf.DB.SetCloud(ctx, local.Row, words)
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
