package cloud

import (
	"context"

	"sampleagent/sync/replica"
	"sampleagent/sync/wire"
)

// ahead fetches the page after the one that is being merged, so that a first sync does not wait
// for the network between two pages. It is a replica.Server for one Sync.
type ahead struct {
	replica.Server
	next *nextPage // nil: none was asked for
}

type nextPage struct {
	actor  string
	since  int64
	cancel context.CancelFunc
	done   chan struct{} // closed when page and err are there
	page   *wire.SyncPage
	err    error
}

// Pull is the page that was fetched ahead, when it is the one that is asked for.
func (a *ahead) Pull(ctx context.Context, actor string, since, mark int64) (page *wire.SyncPage, err error) {
	if n := a.next; n != nil && n.actor == actor && n.since == since {
		<-n.done
		page, err = n.page, n.err
	} else {
		a.stop()
		page, err = a.Server.Pull(ctx, actor, since, mark)
	}
	a.next = nil
	if err == nil && page.More && page.Next > since {
		a.begin(ctx, actor, page.Next, mark)
	}
	return page, err
}

func (a *ahead) begin(ctx context.Context, actor string, since, mark int64) {
	ctx, cancel := context.WithCancel(ctx)
	n := &nextPage{actor: actor, since: since, cancel: cancel, done: make(chan struct{})}
	a.next = n
	go func() {
		defer close(n.done)
		defer cancel()
		n.page, n.err = a.Server.Pull(ctx, actor, since, mark)
	}()
}

// stop gives up what was fetched ahead and waits until nothing runs any more.
func (a *ahead) stop() {
	if a.next != nil {
		a.next.cancel()
		<-a.next.done
		a.next = nil
	}
}
