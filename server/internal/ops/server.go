// Package ops puts the server together from its settings and runs it: the parts in order, the
// HTTP server, the workers, health, metrics, the doctor, and the commands. It is the one place
// that knows all parts; none of them knows it.
package ops

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/riverqueue/river"
	"golang.org/x/sync/semaphore"

	"sampleagent/server/internal/account"
	"sampleagent/server/internal/api"
	"sampleagent/server/internal/billing"
	"sampleagent/server/internal/config"
	"sampleagent/server/internal/cost"
	"sampleagent/server/internal/export"
	"sampleagent/server/internal/feature"
	"sampleagent/server/internal/job"
	"sampleagent/server/internal/job/queue"
	"sampleagent/server/internal/notify"
	"sampleagent/server/internal/object"
	"sampleagent/server/internal/plan"
	"sampleagent/server/internal/store"
	"sampleagent/server/internal/tenant"
	"sampleagent/server/internal/vibe"
)

// Role says what a process does.
type Role struct {
	Serve bool // HTTP
	Work  bool // jobs
}

// Server is the program with all its parts.
type Server struct {
	Config   *config.Config
	Log      *slog.Logger
	DB       *store.DB
	Objects  object.Store
	Accounts *account.Service
	Notify   *notify.Service
	Vibe     *vibe.Service
	Tenants  *tenant.Service
	Jobs     *job.Service
	Bills    *billing.Service
	Exports  *export.Service
	Cost     *cost.Service
	Meter    *cost.Meter // counts what goes to Objects
	Features *feature.Switches
	Queue    *queue.Queue
	API      *api.API
	Now      func() time.Time

	role    Role
	crash   func(step string) // see Options
	metrics *metrics
	outbox  *notify.Outbox // nil with SMTP
	outside *account.OIDC  // nil without an outside sign-in
	traces  func(context.Context) error
	burst   *burst
}

// Options are a process's role, what its command does with an older schema, and what tests set.
type Options struct {
	Role   Role
	Schema Older // of a process that neither serves nor works; those migrate
	Now    func() time.Time
	// Crash is called between the steps of jobs, sweeps, exports, backups, mails and deliveries.
	Crash func(step string)
	// Poll is how often queues are looked at when no notice came; 0: River's own second.
	Poll time.Duration
	// RescueAfter is for tests that kill workers; 0: job.RescueAfter.
	RescueAfter time.Duration
}

// Older says what is done with a database whose schema is older than this program.
type Older int

// A command refuses it, unless it brings it up to date or leaves it as it is.
const (
	RefuseOlder Older = iota
	MigrateOlder
	KeepOlder
)

// stripeRetries is how often a request to Stripe is made again when its answer was lost.
const stripeRetries = 2

// Open puts the parts together on a database of this program's schema; see Options.Schema.
func Open(ctx context.Context, c *config.Config, log *slog.Logger, o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{Config: c, Log: log, Now: o.Now, role: o.Role, crash: o.Crash, metrics: newMetrics()}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := owned(c.Data); err != nil {
		return nil, err
	}
	probe, err := os.CreateTemp(c.Data, ".write")
	if err != nil {
		return nil, fmt.Errorf("data folder cannot be written: %w", err)
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if s.DB, err = store.Open(ctx, c.DatabaseURL, c.Data); err != nil {
		return nil, err
	}
	if err := s.assemble(ctx, o); err != nil {
		return nil, errors.Join(err, s.DB.Close())
	}
	return s, nil
}

func (s *Server) assemble(ctx context.Context, o Options) error {
	c := s.Config
	if err := s.migrate(ctx, o); err != nil {
		return err
	}
	secret, err := s.secret(ctx)
	if err != nil {
		return err
	}
	kept, err := objects(c, secret, o.Now)
	if err != nil {
		return err
	}
	s.Meter = cost.NewMeter(kept)
	s.Objects = s.Meter
	mailer, err := s.mailer()
	if err != nil {
		return err
	}
	if s.Features, err = switches(s.DB, c, s.Log, o.Now); err != nil {
		return err
	}
	lanes, err := allLanes(c)
	if err != nil {
		return err
	}
	allowed, err := prefixes(c.WebhookAllow)
	if err != nil {
		return err
	}
	if s.Vibe, err = s.newVibe(); err != nil {
		return err
	}
	s.Notify = &notify.Service{DB: s.DB, Mailer: mailer, Log: s.Log, Now: o.Now, Client: notify.NewPoster(allowed),
		Bell: notify.NewBell(), MailPause: time.Second / time.Duration(c.MailRate), Crash: o.Crash}
	s.Accounts = &account.Service{DB: s.DB, Secret: secret, Mails: s.Notify, Admins: lower(c.Admins), Now: o.Now, AccessLife: c.AccessLife, Features: s.Features.Features, Lanes: lanes}
	s.Notify.Codes = s.Accounts
	s.Tenants = &tenant.Service{DB: s.DB, Own: c.PublicURL, Secret: secret, Limits: s.Accounts.Limits, Client: notify.NewPoster(allowed), Log: s.Log, Now: o.Now}
	s.Notify.Brands = s.Tenants
	if c.OIDCIssuer != "" {
		s.outside = &account.OIDC{Issuer: c.OIDCIssuer, ClientID: c.OIDCClientID, ClientSecret: c.OIDCClientSecret, Redirect: c.PublicURL + "/auth/oidc/callback"}
	}
	s.Jobs = &job.Service{DB: s.DB, Objects: s.Objects, Notify: s.Notify, Vibe: s.Vibe, Limits: s.Accounts.Limits, Temp: filepath.Join(c.Data, "work"), Workers: lanes,
		Log: s.Log, Now: o.Now, Memory: semaphore.NewWeighted(job.MemoryBudget), Crash: o.Crash}
	s.Notify.Linker = s.Jobs
	s.Bills = &billing.Service{DB: s.DB, Accounts: s.Accounts, Letters: s.Notify, Log: s.Log, Now: o.Now, Public: c.PublicURL, Secret: c.StripeWebhookSecret}
	if c.StripeKey != "" {
		s.Bills.Connect(c.StripeKey, c.StripeURL, stripeRetries)
	}
	s.Accounts.Leaving, s.Jobs.Meter = s.Bills.Leave, s.Bills
	s.Cost = &cost.Service{DB: s.DB, Mail: s.Notify, Admins: s.Accounts.Admins, Now: o.Now}
	s.Exports = &export.Service{DB: s.DB, Objects: s.Objects, Tell: s.Notify, Limits: s.Accounts.Limits, Temp: filepath.Join(c.Data, "cards"), Log: s.Log, Now: o.Now,
		One: semaphore.NewWeighted(1), Crash: o.Crash}
	if err := s.newQueue(o); err != nil {
		return err
	}
	s.Notify.Queue, s.Jobs.Queue, s.Bills.Queue, s.Exports.Queue = s.Queue, s.Queue, s.Queue, s.Queue
	s.API = &api.API{Accounts: s.Accounts, Jobs: s.Jobs, Exports: s.Exports, Notify: s.Notify, DB: s.DB, Log: s.Log, Bills: s.Bills, AI: s.Vibe.On(),
		Production: c.Production(), PerMinute: c.RequestsPerMinute, Streams: 10}
	s.traces, err = startTraces(ctx, c.OTLPEndpoint)
	return err
}

// migrate makes an empty database ready whoever comes first; an older one is changed only by a
// process that serves or works, and by the command for it, so that it can be backed up first.
func (s *Server) migrate(ctx context.Context, o Options) error {
	schema, err := s.DB.Schema(ctx)
	if err != nil {
		return err
	}
	switch {
	case schema == store.NoSchema || o.Schema == MigrateOlder || o.Role.Serve || o.Role.Work:
		return s.DB.Migrate(ctx)
	case schema == store.OlderSchema && o.Schema == RefuseOlder:
		return errOlder
	}
	return nil
}

var errOlder = errors.New("the database's schema is older than this program: make a backup, then start serve or run migrate")

// secret signs links and tokens: the setting, or one made once for all processes of a database.
func (s *Server) secret(ctx context.Context) ([]byte, error) {
	if s.Config.Secret != "" {
		return []byte(s.Config.Secret), nil
	}
	fresh := make([]byte, 32)
	rand.Read(fresh) // never fails (crypto/rand)
	kept, err := s.DB.Secret(ctx, "server", hex.EncodeToString(fresh))
	return []byte(kept), err
}

func objects(c *config.Config, secret []byte, now func() time.Time) (object.Store, error) {
	if c.S3Endpoint != "" {
		return object.NewS3(c.S3Endpoint, c.S3Region, c.S3Bucket, c.S3AccessKey, c.S3SecretKey)
	}
	return object.NewLocal(filepath.Join(c.Data, "objects"), c.PublicURL, secret, now)
}

func (s *Server) mailer() (notify.Mailer, error) {
	if s.Config.SMTPURL != "" {
		return notify.NewSMTP(s.Config.SMTPURL, s.Config.MailFrom)
	}
	var err error
	s.outbox, err = notify.NewOutbox(filepath.Join(s.Config.Data, "mails"), s.Config.MailFrom)
	return s.outbox, err
}

// Outbox is the folder mails go to when no mail server is set; nil with one.
func (s *Server) Outbox() *notify.Outbox { return s.outbox }

func (s *Server) newVibe() (*vibe.Service, error) {
	c := s.Config
	v := &vibe.Service{DB: s.DB, Log: s.Log, Now: s.Now, Models: map[plan.Model]string{plan.Small: c.VibeSmall, plan.Large: c.VibeLarge}}
	var err error
	if v.Prices, err = vibe.ParsePrices(c.VibePrices); err != nil {
		return nil, err
	}
	if c.OpenRouterKey == "" {
		return v, nil
	}
	for _, m := range []string{c.VibeSmall, c.VibeLarge} {
		if _, err := v.Prices.Of(m); err != nil {
			return nil, err
		}
	}
	v.Provider = vibe.NewProvider(c.OpenRouterURL, c.OpenRouterKey, c.VibeRate)
	return v, nil
}

// switches are the features that phase and settings give, under what operators switch.
func switches(db *store.DB, c *config.Config, log *slog.Logger, now func() time.Time) (*feature.Switches, error) {
	phase, err := strconv.Atoi(c.Phase)
	if err != nil {
		return nil, fmt.Errorf("setting phase: %w", err)
	}
	set, err := plan.ParseFeatures(plan.Phase(phase).Features(), c.Features)
	if err != nil {
		return nil, fmt.Errorf("setting features: %w", err)
	}
	return &feature.Switches{DB: db, Set: set, Log: log, Now: now}, nil
}

// allLanes are the lanes that sounds wait in, with this process's workers.
func allLanes(c *config.Config) (map[plan.Queue]int, error) {
	lanes, err := c.OwnLanes()
	if err != nil {
		return nil, fmt.Errorf("setting lanes: %w", err)
	}
	lanes[plan.QueueFree], lanes[plan.QueuePro], lanes[plan.QueueEnterprise] = c.FreeWorkers, c.ProWorkers, c.EnterpriseWorkers
	return lanes, nil
}

func (s *Server) newQueue(o Options) error {
	c := s.Config
	opts := queue.Options{Logger: s.Log.With("part", "queue"), RescueAfter: job.RescueAfter, Poll: o.Poll, StopTimeout: c.ShutdownTimeout}
	if o.RescueAfter > 0 {
		opts.RescueAfter = o.RescueAfter
	}
	opts.Workers = river.NewWorkers()
	s.Jobs.AddWorkers(opts.Workers)
	s.Exports.AddWorkers(opts.Workers)
	s.Cost.AddWorkers(opts.Workers)
	s.Tenants.AddWorkers(opts.Workers)
	s.Notify.Workers(opts.Workers)
	s.Bills.Workers(opts.Workers)
	if o.Role.Work {
		opts.Queues = map[string]int{string(plan.QueueSystem): c.SystemWorkers}
		opts.Gather = map[string]time.Duration{string(plan.QueueSystem): min(100*time.Millisecond, cmp.Or(opts.Poll, time.Second))}
		for lane, n := range s.Jobs.Workers {
			opts.Queues[string(lane)] = n
		}
		opts.Periodic = slices.Concat(job.Periodic(), billing.Periodic(), export.Periodic(), cost.Periodic(), tenant.Periodic())
	}
	var err error
	s.Queue, err = queue.New(s.DB, opts)
	return err
}

func lower(list []string) []string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = strings.ToLower(e)
	}
	return out
}

func prefixes(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range list {
		p, err := config.ParsePrefix(text)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// Handler is everything the server answers.
func (s *Server) Handler() (http.Handler, error) {
	trusted, err := prefixes(s.Config.TrustedProxies)
	if err != nil {
		return nil, err
	}
	r := chi.NewRouter()
	r.Use(api.Identify(trusted, s.Config.TrustedHeader))
	r.Use(api.DefaultPace.Handler)
	r.Use(api.Logged(s.Log, s.metrics.observe, routeOf))
	r.Use(spanNamed)
	r.Use(s.recovered)
	r.Use(heads)
	r.Use(api.Headers(s.Config.Production()))
	if err := s.plainRoutes(r); err != nil {
		return nil, err
	}
	r.Group(func(r chi.Router) {
		r.Use(s.branded, s.API.Authenticate, s.API.Burst)
		s.API.Mount(r)
		if err = s.adminRoutes(r); err != nil {
			return
		}
		err = s.pages(r)
	})
	return traced(r, s.Config.OTLPEndpoint != ""), err
}

// heads answers HEAD where GET is answered, without a body: monitors ask so. Not in the API, where a
// stream would begin.
func heads(next http.Handler) http.Handler {
	asGet := middleware.GetHead(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/") {
			next.ServeHTTP(w, r)
			return
		}
		asGet.ServeHTTP(w, r)
	})
}

// routeOf is the pattern of a request, for logs and metrics: never an id or a token.
func routeOf(r *http.Request) string {
	if c := chi.RouteContext(r.Context()); c != nil && c.RoutePattern() != "" {
		return c.RoutePattern()
	}
	if strings.HasPrefix(r.URL.Path, object.LocalPath) {
		return object.LocalPath + "*"
	}
	return "none"
}

func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v) // net/http's own way to cut a connection
			}
			s.API.Refuse(w, r, fmt.Errorf("panic in %s: %v", routeOf(r), v))
		}()
		next.ServeHTTP(w, r)
	})
}

// Run serves and works until ctx ends, then stops: no new requests and jobs, live streams end at
// once, running requests and jobs have the same time to end, what is left is cut off or goes back to
// the queue.
func (s *Server) Run(ctx context.Context, ready func(address string)) error {
	var web *http.Server
	failed := make(chan error, 1)
	if s.role.Serve {
		s.API.Ending = ctx.Done()
		h, err := s.Handler()
		if err != nil {
			return err
		}
		l, err := net.Listen("tcp", s.Config.Listen)
		if err != nil {
			return fmt.Errorf("listen on %s: %w", s.Config.Listen, err)
		}
		web = &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute,
			MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelWarn)}
		go func() { failed <- web.Serve(l) }()
		defer web.Close()
		if ready != nil {
			ready(l.Addr().String())
		}
	}
	if s.role.Work {
		if err := s.Queue.Start(ctx); err != nil {
			return fmt.Errorf("start workers: %w", err)
		}
		s.burst = startBurst(s)
	}
	s.hello()
	go s.flushMeter(ctx)
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
		err = fmt.Errorf("serve: %w", err)
	}
	s.Log.Info("stopping")
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.Config.ShutdownTimeout)
	defer cancel()
	var requests, jobs error
	var both sync.WaitGroup // side by side: each has the whole time
	if web != nil {
		both.Go(func() { requests = finish(stop, web) })
	}
	if s.role.Work {
		both.Go(func() { jobs = errors.Join(s.burst.stop(stop), s.Queue.Stop(stop)) })
	}
	both.Wait()
	s.Log.Info("stopped")
	return errors.Join(err, requests, jobs)
}

// finish lets running requests end until ctx does, then cuts them off: their clients send them again.
func finish(ctx context.Context, web *http.Server) error {
	err := web.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return web.Close()
	}
	return err
}

// flushMeter writes once a minute what was counted; Close writes the rest.
func (s *Server) flushMeter(ctx context.Context) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := s.Meter.Flush(ctx, s.DB, s.Now()); err != nil {
				s.Log.Warn("requests to the object store not written down yet", "error", err)
			}
		}
	}
}

// hello says in one line each what runs on what, and what is off.
func (s *Server) hello() {
	c := s.Config
	s.Log.Info("ready", "address", c.PublicURL, "database", s.DB.Kind(), "objects", s.Objects.Kind(), "mail", s.Notify.Mailer.Kind(), "serves", s.role.Serve, "works", s.role.Work)
	for _, name := range config.Unknown(os.Environ()) {
		s.Log.Warn("no setting is called so: the variable is ignored", "variable", name)
	}
	if !s.Vibe.On() {
		s.Log.Info("AI is off: sounds are described by rules; set openrouter_key to switch it on")
	}
	if c.StripeKey == "" {
		s.Log.Info("billing is off: set stripe_key and stripe_webhook_secret to switch it on")
	}
}

// Close closes what Open opened.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := s.Meter.Flush(ctx, s.DB, s.Now())
	if s.traces != nil {
		err = errors.Join(err, s.traces(ctx))
	}
	return errors.Join(err, s.DB.Close())
}
