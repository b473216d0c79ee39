// Package config reads the server's settings: flags over SAMPLE_AGENT_* variables over a TOML
// file over defaults, and tells of each where it came from. With none at all the server runs
// on loopback with an embedded database.
//
// It holds values and checks them. It must never open a database, a socket or a bucket.
package config

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/adrg/xdg"
	"github.com/pelletier/go-toml/v2"
	"github.com/spf13/pflag"

	"sampleagent/server/internal/plan"
)

// Config is every setting. The tags are the one table: TOML key (flag with dashes, variable in
// capitals after SAMPLE_AGENT_), default, whether it is secret, and what it is for.
type Config struct {
	Listen    string `key:"listen" default:"127.0.0.1:8404" usage:"address to listen on"`
	PublicURL string `key:"public_url" usage:"address that users see, without a slash at the end (default http://LISTEN)"`
	Data      string `key:"data" usage:"folder of the embedded database, local objects and mails (default: the system's data folder)"`
	Secret    string `key:"secret" secret:"yes" usage:"32 bytes or more for signed links and rotating tokens (default: made once and kept in the database)"`

	DatabaseURL string `key:"database_url" secret:"url" usage:"postgres://... for many machines (default: SQLite in the data folder)"`

	S3Endpoint  string `key:"s3_endpoint" usage:"https://ACCOUNT.r2.cloudflarestorage.com or any S3 address (default: a local folder)"`
	S3Region    string `key:"s3_region" default:"auto" usage:"S3 region; auto for R2"`
	S3Bucket    string `key:"s3_bucket" usage:"S3 bucket"`
	S3AccessKey string `key:"s3_access_key" usage:"S3 access key"`
	S3SecretKey string `key:"s3_secret_key" secret:"yes" usage:"S3 secret key"`

	SMTPURL  string `key:"smtp_url" secret:"url" usage:"smtp://user:password@host:587 or smtps://host:465 (default: mails go to files in the data folder)"`
	MailFrom string `key:"mail_from" default:"Sample Agent <noreply@localhost>" usage:"sender of mails"`
	MailRate int    `key:"mail_rate" default:"2" usage:"mails a second at most, for each worker process"`

	OpenRouterKey string  `key:"openrouter_key" secret:"yes" usage:"key of the AI provider (default: AI is off)"`
	OpenRouterURL string  `key:"openrouter_url" default:"https://openrouter.ai/api/v1" usage:"base address of any OpenAI-compatible provider"`
	VibeSmall     string  `key:"vibe_small" default:"qwen/qwen3-8b" usage:"provider's name of the small model"`
	VibeLarge     string  `key:"vibe_large" default:"anthropic/claude-sonnet-4.5" usage:"provider's name of the large model"`
	VibePrices    string  `key:"vibe_prices" usage:"model=input/output micro-dollars a million tokens@date, separated by commas, over the built-in price table"`
	VibeRate      float64 `key:"vibe_rate" default:"5" usage:"AI requests a second at most, for each worker process"`

	StripeKey           string `key:"stripe_key" secret:"yes" usage:"Stripe secret key (default: billing is off)"`
	StripeWebhookSecret string `key:"stripe_webhook_secret" secret:"yes" usage:"secret of the Stripe webhook"`
	StripeURL           string `key:"stripe_url" usage:"address of the Stripe API, for tests"`

	OIDCIssuer       string `key:"oidc_issuer" usage:"issuer of an outside sign-in (Auth0, Clerk, ...)"`
	OIDCClientID     string `key:"oidc_client_id" usage:"client id at the issuer"`
	OIDCClientSecret string `key:"oidc_client_secret" secret:"yes" usage:"client secret at the issuer"`
	OIDCName         string `key:"oidc_name" default:"single sign-on" usage:"what the sign-in button says"`

	Admins         []string `key:"admins" usage:"e-mail addresses of operators, separated by commas"`
	TrustedProxies []string `key:"trusted_proxies" usage:"addresses or networks of proxies whose client address header is believed"`
	TrustedHeader  string   `key:"trusted_header" default:"X-Forwarded-For" usage:"header in which trusted proxies put the client's address"`

	FreeWorkers       int `key:"free_workers" default:"2" usage:"workers for free jobs in this process; over all processes at most 10"`
	ProWorkers        int `key:"pro_workers" default:"4" usage:"workers for pro jobs in this process; over all processes at most 50"`
	EnterpriseWorkers int `key:"enterprise_workers" default:"2" usage:"workers for enterprise jobs in this process"`
	SystemWorkers     int `key:"system_workers" default:"4" usage:"workers for mails, webhooks and housekeeping in this process"`
	BurstWorkers      int `key:"burst_workers" default:"0" usage:"further pro workers that start while the pro queue is deep (0: none)"`

	Phase string `key:"phase" default:"3" usage:"what is offered: 1 free only without AI, 2 with pro and billing, 3 with batches, exports and large models"`

	Features []string `key:"features" usage:"single features over the phase, as name=on or name=off with commas: pro, billing, ai, api-keys, sync, batch, export, large-models, white-label"`
	Lanes    []string `key:"lanes" usage:"own lanes for contracts, as name=workers with commas; a contract names its lane with the term queue"`

	WebhookAllow []string `key:"webhook_allow" usage:"private networks webhooks may reach, for tests and closed networks"`

	LogLevel     string   `key:"log_level" default:"info" usage:"debug, info, warn or error"`
	LogFormat    string   `key:"log_format" default:"text" usage:"text or json"`
	MetricsAllow []string `key:"metrics_allow" default:"127.0.0.0/8,::1" usage:"networks that may read /metrics; operators may always"`

	OTLPEndpoint string `key:"otlp_endpoint" usage:"address traces are sent to (default: no traces)"`

	AccessLife        time.Duration `key:"access_life" default:"15m" usage:"how long an access token is valid before a signed-in program renews it"`
	RequestsPerMinute int           `key:"requests_per_minute" default:"600" usage:"requests a minute and account or address before 429"`
	ShutdownTimeout   time.Duration `key:"shutdown_timeout" default:"20s" usage:"how long running jobs may go on after a stop signal"`

	origins map[string]string
}

// EnvPrefix begins each variable.
const EnvPrefix = "SAMPLE_AGENT_"

type setting struct {
	key, def, usage, secret string
	value                   reflect.Value
}

func (s setting) flag() string { return strings.ReplaceAll(s.key, "_", "-") }
func (s setting) env() string  { return EnvPrefix + strings.ToUpper(s.key) }

func (c *Config) settings() []setting {
	v := reflect.ValueOf(c).Elem()
	var all []setting
	for f, fv := range v.Fields() {
		key := f.Tag.Get("key")
		if key == "" {
			continue
		}
		all = append(all, setting{key, f.Tag.Get("default"), f.Tag.Get("usage"), f.Tag.Get("secret"), fv})
	}
	return all
}

// Flags adds a flag for each setting, and --config, to fs.
func Flags(fs *pflag.FlagSet) {
	fs.String("config", "", "TOML file with settings (default "+EnvPrefix+"CONFIG)")
	for _, s := range new(Config).settings() {
		fs.String(s.flag(), "", s.usage+defaultNote(s.def))
	}
}

func defaultNote(def string) string {
	if def == "" {
		return ""
	}
	return " (default " + def + ")"
}

// Load reads the settings. Flags may be nil. A wrong value is an error that names the setting
// and where it came from; an unknown key in the file is an error too.
func Load(fs *pflag.FlagSet, getenv func(string) string) (*Config, error) {
	c := &Config{origins: map[string]string{}}
	file := getenv(EnvPrefix + "CONFIG")
	if fs != nil {
		if f := fs.Lookup("config"); f != nil && f.Changed {
			file = f.Value.String()
		}
	}
	inFile, err := readFile(file)
	if err != nil {
		return nil, err
	}
	var problems []error
	for _, s := range c.settings() {
		text, origin := s.def, "default"
		if v, ok := inFile[s.key]; ok {
			text, origin = v, file
			delete(inFile, s.key)
		}
		if v := getenv(s.env()); v != "" {
			text, origin = v, s.env()
		}
		if fs != nil {
			if f := fs.Lookup(s.flag()); f != nil && f.Changed {
				text, origin = f.Value.String(), "--"+s.flag()
			}
		}
		if err := set(s.value, text); err != nil {
			problems = append(problems, fmt.Errorf("setting %s from %s: %w", s.key, origin, err))
		}
		c.origins[s.key] = origin
	}
	for key := range inFile {
		problems = append(problems, fmt.Errorf("%s: no setting is called %q", file, key))
	}
	c.derive()
	problems = append(problems, c.check()...)
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return c, nil
}

func readFile(path string) (map[string]string, error) {
	if path == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("settings file: %w", err)
	}
	var tree map[string]any
	if err := toml.Unmarshal(raw, &tree); err != nil {
		return nil, fmt.Errorf("settings file %s: %w", path, err)
	}
	flat := map[string]string{}
	for k, v := range tree {
		switch v := v.(type) {
		case []any:
			parts := make([]string, len(v))
			for i, p := range v {
				parts[i] = fmt.Sprint(p)
			}
			flat[k] = strings.Join(parts, ",")
		case map[string]any:
			return nil, fmt.Errorf("settings file %s: [%s] is a table; all settings stand at the top", path, k)
		default:
			flat[k] = fmt.Sprint(v)
		}
	}
	return flat, nil
}

func set(v reflect.Value, text string) error {
	switch p := v.Addr().Interface().(type) {
	case *string:
		*p = text
	case *[]string:
		*p = nil
		for _, part := range strings.Split(text, ",") {
			if part = strings.TrimSpace(part); part != "" {
				*p = append(*p, part)
			}
		}
	case *int:
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return fmt.Errorf("%q is not a whole number from 0", text)
		}
		*p = n
	case *float64:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || n <= 0 {
			return fmt.Errorf("%q is not a number above 0", text)
		}
		*p = n
	case *time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			return fmt.Errorf("%q is not a length of time like 20s", text)
		}
		*p = d
	default:
		return fmt.Errorf("no reader for %s", v.Type())
	}
	return nil
}

func (c *Config) derive() {
	if c.Data == "" {
		c.Data = filepath.Join(xdg.DataHome, "sample-agent-server")
	}
	if c.PublicURL == "" {
		c.PublicURL = "http://" + c.Listen
	}
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
}

// examples are values of manuals and tests that must never guard a real server.
var examples = []string{"changeme", "secret", "password", "testsecret123", "sk_test_123", "example"}

func (c *Config) check() (problems []error) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		bad("setting public_url: %q is not an http or https address", c.PublicURL)
	}
	if c.DatabaseURL != "" && !strings.HasPrefix(c.DatabaseURL, "postgres://") && !strings.HasPrefix(c.DatabaseURL, "postgresql://") {
		bad("setting database_url: must begin with postgres://; leave it empty for SQLite in the data folder")
	}
	s3 := []string{c.S3Endpoint, c.S3Bucket, c.S3AccessKey, c.S3SecretKey}
	if slices.Contains(s3, "") && strings.Join(s3, "") != "" {
		bad("settings s3_endpoint, s3_bucket, s3_access_key and s3_secret_key: set all four or none")
	}
	if c.SMTPURL != "" {
		if u, err := url.Parse(c.SMTPURL); err != nil || u.Host == "" || (u.Scheme != "smtp" && u.Scheme != "smtps") {
			bad("setting smtp_url: is not smtp://host:port or smtps://host:port")
		}
	}
	if (c.StripeKey == "") != (c.StripeWebhookSecret == "") {
		bad("settings stripe_key and stripe_webhook_secret: set both or none")
	}
	if c.OIDCIssuer != "" && c.OIDCClientID == "" {
		bad("setting oidc_client_id: is needed with oidc_issuer")
	}
	if c.Secret != "" && len(c.Secret) < 32 {
		bad("setting secret: has %d bytes, needs 32 or more", len(c.Secret))
	}
	for _, p := range slices.Concat(c.TrustedProxies, c.WebhookAllow, c.MetricsAllow) {
		if _, err := ParsePrefix(p); err != nil {
			bad("setting trusted_proxies, webhook_allow or metrics_allow: %q is not an address or network", p)
		}
	}
	if c.AccessLife < time.Second {
		bad("setting access_life: %s is less than a second", c.AccessLife)
	}
	if !slices.Contains([]string{"1", "2", "3"}, c.Phase) {
		bad("setting phase: %q is not 1, 2 or 3", c.Phase)
	}
	if _, err := plan.ParseFeatures(nil, c.Features); err != nil {
		bad("setting features: %w", err)
	}
	if _, err := c.OwnLanes(); err != nil {
		bad("setting lanes: %w", err)
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel) {
		bad("setting log_level: %q is not debug, info, warn or error", c.LogLevel)
	}
	if !slices.Contains([]string{"text", "json"}, c.LogFormat) {
		bad("setting log_format: %q is not text or json", c.LogFormat)
	}
	if c.FreeWorkers > 10 {
		bad("setting free_workers: %d, but free jobs run at most 10 at once", c.FreeWorkers)
	}
	if c.ProWorkers+c.BurstWorkers > 50 {
		bad("settings pro_workers and burst_workers: %d together, but pro jobs run at most 50 at once", c.ProWorkers+c.BurstWorkers)
	}
	if c.MailRate < 1 {
		bad("setting mail_rate: must be 1 or more")
	}
	if c.Production() {
		for _, s := range c.settings() {
			if s.secret != "" && slices.Contains(examples, strings.ToLower(s.value.String())) {
				bad("setting %s: still has an example value", s.key)
			}
		}
	}
	return problems
}

// OwnLanes are the lanes of contracts with their workers in this process.
func (c *Config) OwnLanes() (map[plan.Queue]int, error) {
	lanes := map[plan.Queue]int{}
	for _, text := range c.Lanes {
		name, count, _ := strings.Cut(text, "=")
		n, err := strconv.Atoi(count)
		if err != nil || n < 0 || n > 1000 || !laneName.MatchString(name) {
			return nil, fmt.Errorf("%q is not a lane like acme=2", text)
		}
		switch q := plan.Queue(name); q {
		case plan.QueueFree, plan.QueuePro, plan.QueueEnterprise, plan.QueueSystem:
			return nil, fmt.Errorf("%q is a lane that every server has", name)
		default:
			lanes[q] = n
		}
	}
	return lanes, nil
}

var laneName = regexp.MustCompile(`^[a-z][a-z0-9-]{1,30}$`)

// ParsePrefix reads an address or a network.
func ParsePrefix(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	return netip.ParsePrefix(text)
}

// Production says that strangers can reach the server: its public address is https.
func (c *Config) Production() bool { return strings.HasPrefix(c.PublicURL, "https://") }

// Origin says where a setting came from: default, a variable, a flag or a file.
func (c *Config) Origin(key string) string { return c.origins[key] }

// Unknown are the variables of an environment that begin as settings do and are none: one that is
// misspelt leaves its setting at the default. The desktop's and the file's name are no mistakes.
func Unknown(environ []string) (names []string) {
	known := []string{EnvPrefix + "CONFIG", EnvPrefix + "SERVER"}
	for _, s := range new(Config).settings() {
		known = append(known, s.env())
	}
	for _, pair := range environ {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, EnvPrefix) && !slices.Contains(known, name) {
			names = append(names, name)
		}
	}
	return names
}

// Print writes each setting with its origin, secrets masked.
func (c *Config) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, s := range c.settings() {
		fmt.Fprintf(t, "%s\t%s\t%s\n", s.key, shown(s), c.origins[s.key])
	}
	return t.Flush()
}

func shown(s setting) string {
	text := fmt.Sprint(s.value.Interface())
	if list, ok := s.value.Interface().([]string); ok {
		text = strings.Join(list, ",")
	}
	switch {
	case text == "":
		return "-"
	case s.secret == "yes":
		return "********"
	case s.secret == "url":
		u, err := url.Parse(text)
		if err != nil {
			return "********"
		}
		return u.Redacted()
	}
	return text
}
