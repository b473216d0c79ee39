package cloud

import "time"

// speed is how fast the running upload goes. It is kept in memory: nobody asks after a restart.
type speed struct {
	job    string
	giveUp func()
	rate   float64 // bytes a second, smoothed over some seconds
}

// meter measures one upload.
type meter struct {
	c     *Cloud
	job   string
	size  int64
	told  int64 // bytes at the last time that was worth telling
	last  int64
	since time.Time
}

// measure begins to measure a job's upload; giveUp ends it.
func (c *Cloud) measure(job string, size int64, giveUp func()) *meter {
	c.mu.Lock()
	c.speed = speed{job: job, giveUp: giveUp}
	c.mu.Unlock()
	return &meter{c: c, job: job, size: size, since: time.Now()}
}

// smooth is the share of the newest measurement, taken about four times a second.
const (
	smooth  = 0.3
	measure = 250 * time.Millisecond
	step    = 256 << 10 // bytes between two tellings
)

// sent takes the bytes sent so far and says whether that is worth telling.
func (m *meter) sent(n int64) bool {
	if took := time.Since(m.since); took >= measure {
		rate := float64(n-m.last) / took.Seconds()
		m.c.mu.Lock()
		if m.c.speed.rate > 0 {
			rate = smooth*rate + (1-smooth)*m.c.speed.rate
		}
		m.c.speed.rate = rate
		m.c.mu.Unlock()
		m.last, m.since = n, time.Now()
	} else if n-m.told < step && n < m.size {
		return false
	}
	m.told = n
	return true
}

func (m *meter) end() {
	m.c.mu.Lock()
	defer m.c.mu.Unlock()
	if m.c.speed.job == m.job {
		m.c.speed = speed{}
	}
}

func (c *Cloud) speedOf(job string) float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.speed.job != job {
		return 0
	}
	return c.speed.rate
}

// giveUp ends a job's upload if it is the one that runs.
func (c *Cloud) giveUp(job string) {
	c.mu.Lock()
	stop := c.speed.giveUp
	if c.speed.job != job {
		stop = nil
	}
	c.mu.Unlock()
	if stop != nil {
		stop()
	}
}
