package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"sampleagent/sync/wire"
)

// Push brings cells to the server, at most wire.MaxPush. Repeating a push changes nothing.
func (c *Client) Push(ctx context.Context, cells []wire.Cell) (*wire.SyncPushed, error) {
	var out wire.SyncPushed
	err := c.call(ctx, func(token string) error {
		r := request(ctx, c.http, token, true).SetBody(wire.SyncPush{Cells: cells}).
			SetHeader(wire.HeaderSyncProtocol, strconv.Itoa(wire.SyncProtocol))
		return send(r, http.MethodPost, c.server+wire.PathSyncPush, &out)
	})
	return &out, err
}

// Pull is the next page of cells that changed after since, asked by the replica of that name; mark is
// the newest push that the server is known to have had.
func (c *Client) Pull(ctx context.Context, actor string, since, mark int64) (*wire.SyncPage, error) {
	var out wire.SyncPage
	query := url.Values{"since": {strconv.FormatInt(since, 10)}, "limit": {strconv.Itoa(wire.MaxPull)}, "actor": {actor}, "mark": {strconv.FormatInt(mark, 10)}}
	err := c.call(ctx, func(token string) error {
		r := request(ctx, c.http, token, true).SetHeader(wire.HeaderSyncProtocol, strconv.Itoa(wire.SyncProtocol))
		return send(r, http.MethodGet, c.server+wire.PathSyncPull+"?"+query.Encode(), &out)
	})
	return &out, err
}

// SyncHeld is what the server keeps to hold the account's machines in sync.
func (c *Client) SyncHeld(ctx context.Context) (*wire.SyncHeld, error) {
	var out wire.SyncHeld
	return &out, c.get(ctx, wire.PathSync, nil, &out)
}

// DropSync deletes all of it.
func (c *Client) DropSync(ctx context.Context) error { return c.delete(ctx, wire.PathSync) }
