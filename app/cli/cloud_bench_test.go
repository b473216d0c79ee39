package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sampleagent/app"
	"sampleagent/app/event"
	"sampleagent/app/settings"
	"sampleagent/library/catalog"
	"sampleagent/library/catalog/catalogtest"
	"sampleagent/library/kit"
	"sampleagent/sync/client"
	"sampleagent/sync/replica"
	"sampleagent/sync/session"
	"sampleagent/sync/wire"
)

// wireCounter stands between desktops and a server and counts what passes.
type wireCounter struct {
	url      string
	up, down atomic.Int64
}

func countedServer(b *testing.B, s *hostServer) *wireCounter {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	c := &wireCounter{url: "http://" + l.Addr().String()}
	copied := func(to io.Writer, from io.Reader, n *atomic.Int64) {
		buffer := make([]byte, 64<<10)
		for {
			got, err := from.Read(buffer)
			n.Add(int64(got))
			if _, werr := to.Write(buffer[:got]); err != nil || werr != nil {
				return
			}
		}
	}
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", s.url[len("http://"):])
			if err != nil {
				in.Close()
				continue
			}
			go func() { copied(out, in, &c.up); out.Close() }()
			go func() { copied(in, out, &c.down); in.Close() }()
		}
	}()
	return c
}

// openDesk is a desktop inside this process, in sync with the server.
func openDesk(b testing.TB, s *hostServer, url string, background bool, fill func(*catalog.DB)) *app.App {
	b.Helper()
	dir := b.TempDir()
	lib := filepath.Join(dir, "library.db")
	db, err := catalog.Open(b.Context(), lib)
	if err != nil {
		b.Fatal(err)
	}
	if fill != nil {
		fill(db)
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	a, err := app.Open(b.Context(), app.Options{Library: lib, Vault: &session.Memory{}, Background: background,
		Folders: &settings.Folders{Config: dir, Data: dir, Cache: dir, State: dir}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { a.Close() })
	err = a.Cloud().SignIn(b.Context(), url, func(link string) error {
		go s.letIn(link, "producer@example.org")
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	s.admin("tier", "producer@example.org", "pro", "--reason", "benchmark")
	if err := a.Cloud().Refresh(b.Context()); err != nil {
		b.Fatal(err)
	}
	return a
}

func quantile(all []time.Duration, q float64) float64 {
	slices.Sort(all)
	return float64(all[min(len(all)-1, int(q*float64(len(all))))].Microseconds()) / 1000
}

// BenchmarkVisibleOnTheOtherMachine is the time from a change on one machine until the event that
// redraws it on the other, on loopback.
func BenchmarkVisibleOnTheOtherMachine(b *testing.B) {
	s := newServer(b)
	one, two := openDesk(b, s, s.url, true, nil), openDesk(b, s, s.url, true, nil)
	ctx := b.Context()
	for _, a := range []*app.App{one, two} {
		if err := a.Cloud().SetSync(ctx, true); err != nil {
			b.Fatal(err)
		}
	}
	k, err := one.NewKit(ctx, "Night")
	if err != nil {
		b.Fatal(err)
	}
	events := two.Subscribe()
	defer events.Close()
	shown := func(name string) {
		for end := time.After(time.Minute); ; {
			if got, err := two.Kit(ctx, k.ID); err == nil && got.Name == name {
				return
			}
			for changed := false; !changed; {
				select {
				case e := <-events.C():
					_, changed = e.(event.KitChanged)
				case <-end:
					b.Fatalf("the other machine never showed %s: one %+v two %+v", name, one.Cloud().State(), two.Cloud().State())
				}
			}
		}
	}
	shown("Night")
	time.Sleep(3 * time.Second) // live events are on
	var took []time.Duration
	for b.Loop() {
		name := fmt.Sprint("Night ", len(took))
		at := time.Now()
		if err := one.RenameKit(ctx, k.ID, name); err != nil {
			b.Fatal(err)
		}
		shown(name)
		took = append(took, time.Since(at))
	}
	b.ReportMetric(quantile(took, 0.5), "p50-ms")
	b.ReportMetric(quantile(took, 0.99), "p99-ms")
}

var syncSamples = flag.Int("sync-samples", 100_000, "samples of BenchmarkFirstSync; one kit for each hundred")

// BenchmarkFirstSync sends a library of 100,000 samples and 1,000 kits, and fetches it on a machine
// that has nothing, while somebody edits on both.
func BenchmarkFirstSync(b *testing.B) {
	s := newServer(b)
	wires := countedServer(b, s)
	samples, kits := *syncSamples, *syncSamples/100
	one := openDesk(b, s, wires.url, false, func(db *catalog.DB) {
		rows, err := catalogtest.Fill(b.Context(), db, catalogtest.Options{Count: samples, Seed: 1})
		if err != nil {
			b.Fatal(err)
		}
		all, err := db.Samples(b.Context(), rows[:min(2000, len(rows))])
		if err != nil {
			b.Fatal(err)
		}
		for i := range kits {
			if err := db.PutKit(b.Context(), benchKit(b, i, all)); err != nil {
				b.Fatal(err)
			}
		}
	})
	two := openDesk(b, s, wires.url, false, nil)
	for b.Loop() {
		measureSync(b, "send", one, s, wires)
		measureSync(b, "fetch", two, s, wires)
	}
}

func benchKit(b *testing.B, i int, from []catalog.Sample) catalog.Kit {
	b.Helper()
	k := kit.Kit{ID: fmt.Sprint("kit-", i), Name: fmt.Sprint("Kit ", i)}
	out := catalog.Kit{ID: k.ID, Name: k.Name}
	for p := range 16 {
		slot, err := kit.At(0, p+1)
		if err != nil {
			b.Fatal(err)
		}
		id := from[(i*16+p)%len(from)].ID
		if err := k.SetSample(slot, id); err != nil {
			b.Fatal(err)
		}
		out.Pads = append(out.Pads, catalog.Pad{Bank: 0, Pad: p, SampleID: id})
	}
	var err error
	if out.Data, err = json.Marshal(k); err != nil {
		b.Fatal(err)
	}
	return out
}

// processorTime is what a process has used so far, "self" for this one.
func processorTime(b *testing.B, pid string) time.Duration {
	b.Helper()
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		b.Skipf("processor time is read as Linux tells it: %v", err)
	}
	// proc_pid_stat(5): utime and stime are fields 14 and 15, in hundredths of a second; the second
	// field is a name in brackets.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	var ticks int
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(f)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

func measureSync(b *testing.B, what string, a *app.App, s *hostServer, wires *wireCounter) {
	b.Helper()
	server := strconv.Itoa(s.cmd.Process.Pid)
	ours, theirs := processorTime(b, "self"), processorTime(b, server)
	ctx, stop := context.WithCancel(b.Context())
	var worst atomic.Int64
	var heap atomic.Uint64
	done := make(chan struct{})
	go func() { // somebody at the window: searches, and edits what is found
		defer close(done)
		for ctx.Err() == nil {
			at := time.Now()
			_, err := a.NewKit(ctx, "edited meanwhile")
			if err == nil {
				worst.Store(max(worst.Load(), int64(time.Since(at))))
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			heap.Store(max(heap.Load(), m.HeapInuse))
			time.Sleep(200 * time.Millisecond)
		}
	}()
	up, down, at := wires.up.Load(), wires.down.Load(), time.Now()
	var last replica.Result
	result, err := a.Cloud().Sync(b.Context(), func(r replica.Result) { last = r })
	took := time.Since(at)
	stop()
	<-done
	if err != nil {
		b.Fatal(err, last)
	}
	ours, theirs = processorTime(b, "self")-ours, processorTime(b, server)-theirs
	b.Logf("%s: %d sent, %d received in %.0f s (processor time: desktop %.1f s, server %.1f s), %.1f MB up, %.1f MB down, heap to %.0f MB, slowest edit meanwhile %.0f ms", what, result.Sent, result.Received, took.Seconds(),
		ours.Seconds(), theirs.Seconds(), float64(wires.up.Load()-up)/1e6, float64(wires.down.Load()-down)/1e6, float64(heap.Load())/1e6, float64(worst.Load())/1e6)
	b.ReportMetric((ours + theirs).Seconds(), what+"-cpu-s")
	b.ReportMetric(took.Seconds(), what+"-s")
	b.ReportMetric(float64(wires.up.Load()-up+wires.down.Load()-down)/1e6, what+"-MB")
	b.ReportMetric(float64(heap.Load())/1e6, what+"-heap-MB")
	b.ReportMetric(float64(worst.Load())/1e6, what+"-worst-edit-ms")
}

// BenchmarkIdleConnection is what a desktop that is in sync and does nothing costs in a minute.
func BenchmarkIdleConnection(b *testing.B) {
	s := newServer(b)
	wires := countedServer(b, s)
	a := openDesk(b, s, wires.url, true, nil)
	if err := a.Cloud().SetSync(b.Context(), true); err != nil {
		b.Fatal(err)
	}
	time.Sleep(5 * time.Second)
	server := strconv.Itoa(s.cmd.Process.Pid)
	for b.Loop() {
		up, down := wires.up.Load(), wires.down.Load()
		ours, theirs := processorTime(b, "self"), processorTime(b, server)
		time.Sleep(time.Minute)
		b.ReportMetric(float64((processorTime(b, "self") - ours).Milliseconds()), "desktop-cpu-ms/min")
		b.ReportMetric(float64((processorTime(b, server) - theirs).Milliseconds()), "server-cpu-ms/min")
		b.ReportMetric(float64(wires.up.Load()-up), "up-B/min")
		b.ReportMetric(float64(wires.down.Load()-down), "down-B/min")
	}
}

// BenchmarkKeptAudioBesidePlainPUT sends the same 64 MiB as kept audio and by one PUT to a signed
// address of the same server.
func BenchmarkKeptAudioBesidePlainPUT(b *testing.B) {
	s := newServer(b)
	h := client.NewHTTP()
	signed, err := session.SignIn(b.Context(), s.url, "bench", &session.Memory{}, h, func(link string) error {
		go s.letIn(link, "producer@example.org")
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	s.admin("tier", "producer@example.org", "pro", "--reason", "benchmark")
	remote := client.New(s.url, signed, h)
	file := make([]byte, 64<<20)
	seed := rand.NewPCG(1, 1)
	for i := 0; i < len(file); i += 8 {
		v := seed.Uint64()
		for j := range 8 {
			file[i+j] = byte(v >> (8 * j))
		}
	}
	var kept, plain []time.Duration
	for n := 0; b.Loop(); n++ {
		file[0] = byte(n)
		digest := sha256.Sum256(file)
		sum := hex.EncodeToString(digest[:])
		at := time.Now()
		if err := remote.SendAudio(b.Context(), sum, int64(len(file)), func() (io.ReadSeekCloser, error) { return seekable{bytes.NewReader(file)}, nil }, nil); err != nil {
			b.Fatal(err)
		}
		kept = append(kept, time.Since(at))
		if err := remote.DeleteAudio(b.Context(), sum); err != nil {
			b.Fatal(err)
		}
		token, err := signed.Token(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		var direct wire.DirectUpload
		if err := client.Post(b.Context(), h, s.url+"/api/uploads", token, wire.UploadRequest{Name: "a.wav", Size: int64(len(file)), SHA256: sum, ContentType: "audio/wav"}, &direct); err != nil {
			b.Fatal(err)
		}
		at = time.Now()
		r, err := http.NewRequestWithContext(b.Context(), direct.Method, direct.URL, bytes.NewReader(file))
		if err != nil {
			b.Fatal(err)
		}
		for k, v := range direct.Headers {
			r.Header.Set(k, v)
		}
		answer, err := h.Do(r)
		if err != nil || answer.StatusCode >= 300 {
			b.Fatal(err, answer)
		}
		answer.Body.Close()
		plain = append(plain, time.Since(at))
	}
	k, p := quantile(kept, 0.5), quantile(plain, 0.5)
	b.ReportMetric(64*1000/k, "kept-MiB/s")
	b.ReportMetric(64*1000/p, "plain-MiB/s")
	b.ReportMetric(k/p, "times-plain")
}

type seekable struct{ *bytes.Reader }

func (seekable) Close() error { return nil }
