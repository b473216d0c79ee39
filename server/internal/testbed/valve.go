package testbed

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
)

// Valve is a relay before a part, by which a test makes the part go away and come back: shut, it
// breaks all connections and takes no new ones; stuck, bytes no longer move.
type Valve struct {
	// Sees looks at what a client sends, before it is passed on. When it says true, the connection is
	// broken after the part has answered, and the client never hears it.
	Sees func(sent []byte) (lost bool)
	// Gone says that after a lost answer the part is away, until Open.
	Gone bool

	listener net.Listener
	part     string

	mu    sync.Mutex
	shut  bool
	stuck chan struct{} // closed when bytes move again; nil while they do
	open  map[net.Conn]bool
}

// NewValve is an open valve before the part at an address, until the test ends.
func NewValve(t testing.TB, part string) *Valve {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	v := &Valve{listener: l, part: part, open: map[net.Conn]bool{}}
	go v.accept()
	t.Cleanup(func() {
		v.Unstick()
		v.Shut()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

// Address is where the part is reached through the valve.
func (v *Valve) Address() string { return v.listener.Addr().String() }

// Shut breaks all connections and takes no new ones.
func (v *Valve) Shut() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.shut = true
	for c := range v.open {
		_ = c.Close() // it may have ended by itself
	}
}

// Open lets clients connect again.
func (v *Valve) Open() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.shut = false
}

// Stick holds all bytes back, on connections that stay.
func (v *Valve) Stick() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.stuck == nil {
		v.stuck = make(chan struct{})
	}
}

// Unstick lets bytes move again.
func (v *Valve) Unstick() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.stuck != nil {
		close(v.stuck)
		v.stuck = nil
	}
}

func (v *Valve) accept() {
	for {
		client, err := v.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			go v.relay(client)
		}
	}
}

func (v *Valve) relay(client net.Conn) {
	defer client.Close()
	part, err := net.Dial("tcp", v.part)
	if err != nil {
		return
	}
	defer part.Close()
	if !v.note(client, part) {
		return
	}
	defer v.forget(client, part)
	lost := make(chan struct{})
	var both sync.WaitGroup
	both.Go(func() {
		v.pump(part, client, func(b []byte) bool {
			if v.Sees != nil && v.Sees(b) {
				close(lost)
				return true
			}
			return false
		})
	})
	both.Go(func() {
		v.pump(client, part, func([]byte) bool {
			select {
			case <-lost:
				if v.Gone {
					v.Shut()
				}
				_ = client.Close()
				_ = part.Close()
				return true
			default:
				return false
			}
		})
		_ = client.Close() // one side has ended: so does the other
	})
	both.Wait()
}

func (v *Valve) note(conns ...net.Conn) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.shut {
		return false
	}
	for _, c := range conns {
		v.open[c] = true
	}
	return true
}

func (v *Valve) forget(conns ...net.Conn) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, c := range conns {
		delete(v.open, c)
	}
}

// pump moves bytes until a side ends or last, which sees them first, says that these are the last:
// what a client sends is still passed on then, what it would hear is not.
func (v *Valve) pump(to io.WriteCloser, from io.Reader, last func([]byte) bool) {
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		v.mu.Lock()
		stuck := v.stuck
		v.mu.Unlock()
		if stuck != nil {
			<-stuck
		}
		end := n > 0 && last(b[:n])
		if n > 0 {
			if _, e := to.Write(b[:n]); e != nil {
				return
			}
		}
		if end {
			return
		}
		if err != nil {
			_ = to.Close()
			return
		}
	}
}
