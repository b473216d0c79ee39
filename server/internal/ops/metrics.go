package ops

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are what an operator's dashboards and a platform's autoscaler read.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	burst    prometheus.Gauge
	once     sync.Once
}

func newMetrics() *metrics {
	m := &metrics{registry: prometheus.NewRegistry(), requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "sample_agent_http_seconds", Help: "Time of requests by route, method and status.",
		Buckets: []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60},
	}, []string{"route", "method", "status"}),
		burst: prometheus.NewGauge(prometheus.GaugeOpts{Name: "sample_agent_burst_workers", Help: "Further pro workers that this process runs while the lane is deep."})}
	m.registry.MustRegister(m.requests, m.burst, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) observe(route, method string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Observe(took.Seconds())
}

func (m *metrics) handler(s *Server) http.Handler {
	m.once.Do(func() { m.registry.MustRegister(&lanes{s: s}) })
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// promiseWindow is over how long the share of jobs within their promised time is measured.
const promiseWindow = 24 * time.Hour

var (
	waitingDesc = prometheus.NewDesc("sample_agent_jobs_waiting", "Jobs that wait, by lane.", []string{"lane"}, nil)
	runningDesc = prometheus.NewDesc("sample_agent_jobs_running", "Jobs that run, by lane.", []string{"lane"}, nil)
	oldestDesc  = prometheus.NewDesc("sample_agent_oldest_waiting_seconds", "Age of the oldest waiting job, by lane.", []string{"lane"}, nil)
	doneDesc    = prometheus.NewDesc("sample_agent_jobs_completed_day", "Jobs completed in the last 24 hours, by lane and whether within the promised time.", []string{"lane", "in_time"}, nil)
	workDesc    = prometheus.NewDesc("sample_agent_work_seconds_mean", "Mean work of a job of the last 24 hours, by lane.", []string{"lane"}, nil)
	slotsDesc   = prometheus.NewDesc("sample_agent_workers", "Workers of this process, by lane.", []string{"lane"}, nil)
	queueDesc   = prometheus.NewDesc("sample_agent_queue_entries", "Entries of the job queue that have not ended well, by queue and state.", []string{"queue", "state"}, nil)
	usersDesc   = prometheus.NewDesc("sample_agent_users", "Accounts by tier.", []string{"tier"}, nil)
	activeDesc  = prometheus.NewDesc("sample_agent_users_active_30d", "Accounts that were here in the last 30 days.", nil, nil)
)

// lanes measures the queues when it is read.
type lanes struct{ s *Server }

// Describe implements prometheus.Collector.
func (l *lanes) Describe(c chan<- *prometheus.Desc) { prometheus.DescribeByCollect(l, c) }

// Collect implements prometheus.Collector.
func (l *lanes) Collect(c chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	s, now := l.s, l.s.Now()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		c <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	measured, err := s.DB.Lanes(ctx, now.Add(-promiseWindow))
	if err != nil {
		c <- prometheus.NewInvalidMetric(waitingDesc, err)
		return
	}
	for q := range s.Jobs.Workers {
		name := string(q)
		gauge(slotsDesc, float64(s.Jobs.Workers[q]), name)
		m := measured[q]
		if m == nil {
			gauge(waitingDesc, 0, name)
			gauge(runningDesc, 0, name)
			gauge(oldestDesc, 0, name)
			continue
		}
		gauge(waitingDesc, float64(m.Waiting), name)
		gauge(runningDesc, float64(m.Running), name)
		age := 0.0
		if m.OldestWaitingAt != 0 {
			age = now.Sub(m.OldestWaitingAt.Time()).Seconds()
		}
		gauge(oldestDesc, age, name)
		gauge(doneDesc, float64(m.InTime), name, "yes")
		gauge(doneDesc, float64(m.Late), name, "no")
		gauge(workDesc, m.MeanWorkMS/1000, name)
	}
	if entries, err := s.DB.QueueHealth(ctx); err == nil {
		for _, e := range entries {
			gauge(queueDesc, float64(e.Count), e.Queue, e.State)
		}
	}
	if users, err := s.DB.UsersByTier(ctx); err == nil {
		for tier, n := range users {
			gauge(usersDesc, float64(n), string(tier))
		}
	}
	if n, err := s.DB.ActiveUsers(ctx, now.AddDate(0, 0, -30)); err == nil {
		gauge(activeDesc, float64(n))
	}
}
