package app

import (
	"container/list"
	"sync"

	"sampleagent/audio/pcm"
)

// clips keeps decoded sounds, the last heard longest, up to a number of bytes: going back and
// forth in a list decodes nothing twice.
type clips struct {
	limit int64

	mu    sync.Mutex
	bytes int64
	order *list.List // of *clip, newest in front
	at    map[clipKey]*list.Element
}

// clipKey names a sound by its file's content as far as a stat knows it.
type clipKey struct {
	path  string
	size  int64
	mtime int64
	as    string // what was made of it; "" as it is
}

type clip struct {
	key clipKey
	buf *pcm.Buffer // never changed after it was put in
}

func newClips(limit int64) *clips {
	return &clips{limit: limit, order: list.New(), at: map[clipKey]*list.Element{}}
}

func bytesOf(b *pcm.Buffer) int64 { return 4 * int64(len(b.Samples)) }

func (c *clips) get(k clipKey) *pcm.Buffer {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.at[k]
	if !ok {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*clip).buf
}

// put keeps a sound, unless it alone would fill half of the room.
func (c *clips) put(k clipKey, b *pcm.Buffer) {
	if bytesOf(b) > c.limit/2 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.at[k]; ok {
		return
	}
	c.at[k] = c.order.PushFront(&clip{k, b})
	c.bytes += bytesOf(b)
	for c.bytes > c.limit {
		old := c.order.Remove(c.order.Back()).(*clip)
		delete(c.at, old.key)
		c.bytes -= bytesOf(old.buf)
	}
}
