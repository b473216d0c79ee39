package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sampleagent/library/catalog"
	"sampleagent/library/kit"
	"sampleagent/sync/wire"
)

// Deleted is a kit or a collection that was deleted on some machine and can be brought back.
type Deleted struct {
	Object, Kind, Name string
	At                 time.Time
}

// Bin lists what was deleted since this library is kept in sync, the newest first.
func (c *Cloud) Bin(ctx context.Context) ([]Deleted, error) {
	var out []Deleted
	for _, kind := range []string{"kit", "collection"} {
		names, err := c.conf.DB.Binned(ctx, kind)
		if err != nil {
			return nil, err
		}
		err = c.conf.DB.SyncUpdate(ctx, func(tx *catalog.SyncTx) error {
			for _, object := range names {
				cells, err := objects{tx: tx}.Cells(object)
				if err != nil {
					return err
				}
				d := Deleted{Object: object, Kind: kind}
				for _, cell := range cells {
					switch cell.Field {
					case "name":
						d.Name = plainValue(cell.Value())
					case "deleted":
						d.At = cell.Newest().Time()
					}
				}
				out = append(out, d)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, func(a, b Deleted) int { return b.At.Compare(a.At) })
	return out, nil
}

// Restore brings an object of the bin back, on every machine.
func (c *Cloud) Restore(ctx context.Context, object string) error {
	return c.write(ctx, object, map[string]json.RawMessage{"deleted": nil})
}

// Conflict is a field that two machines changed without knowing of each other. Shown is the
// later value, which counts; Other was kept beside it.
type Conflict struct {
	Object, Field    string
	Name             string // of the sample, kit or collection
	Shown, Other     string
	ShownAt, OtherAt time.Time
	shown, other     json.RawMessage
}

// Conflicts lists what a person may want to look at.
func (c *Cloud) Conflicts(ctx context.Context, limit int) ([]Conflict, error) {
	stored, err := c.conf.DB.Conflicts(ctx, limit)
	cells, err := decode(stored, err)
	if err != nil {
		return nil, err
	}
	var out []Conflict
	err = c.conf.DB.SyncUpdate(ctx, func(tx *catalog.SyncTx) error {
		out = out[:0]
		for _, cell := range cells {
			shown, other := cell.Heads[0], cell.Heads[1]
			if string(shown.Value) == string(other.Value) {
				continue // both machines said the same
			}
			kind, id, _ := strings.Cut(cell.Object, "/")
			name, err := tx.NameOf(kind, id)
			if errors.Is(err, catalog.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			out = append(out, Conflict{
				Object: cell.Object, Field: cell.Field, Name: name, Shown: plainValue(shown.Value), Other: plainValue(other.Value),
				ShownAt: shown.Clock.Time(), OtherAt: other.Clock.Time(), shown: shown.Value, other: other.Value,
			})
		}
		return nil
	})
	return out, err
}

// Resolve settles a conflict with the value that is shown, or with the other one.
func (c *Cloud) Resolve(ctx context.Context, x Conflict, other bool) error {
	value := x.shown
	if other {
		value = x.other
	}
	return c.write(ctx, x.Object, map[string]json.RawMessage{x.Field: value})
}

// write makes a person's decision on fields of an object, here and so on every machine.
func (c *Cloud) write(ctx context.Context, object string, values map[string]json.RawMessage) error {
	c.syncing.Lock()
	defer c.syncing.Unlock()
	remote, _, err := c.signedIn()
	if err != nil {
		return err
	}
	stored, ok, err := c.conf.DB.Sync(ctx)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("%s: %w: this library is not synced", object, catalog.ErrNotPossible)
	}
	r := c.replica(stored, remote)
	err = r.Write(ctx, object, values)
	c.known = r.Known()
	c.changed()
	return err
}

// Pending says how many samples, kits and collections have edits that the server does not know.
func (c *Cloud) PendingEdits(ctx context.Context) (int, error) { return c.conf.DB.PendingSync(ctx) }

// plainValue is a cell's value for people: text without quotes, a pad by its sample's name, all
// else as JSON.
func plainValue(v json.RawMessage) string {
	var text string
	if json.Unmarshal(v, &text) == nil {
		return text
	}
	if pad, ok := kit.PadText(v); ok {
		return pad
	}
	return string(v)
}

// Held is what the server keeps of the account, for the page that shows it.
type Held struct {
	wire.SyncHeld
	Sounds []wire.Sample // analysed in the cloud, the newest first
}

// mostHeld is how many analysed sounds are listed; the web page has them all.
const mostHeld = 100

// Held asks the server what it keeps.
func (c *Cloud) Held(ctx context.Context) (Held, error) {
	remote, account, err := c.signedIn()
	if err != nil {
		return Held{}, err
	}
	held, err := remote.SyncHeld(ctx)
	var page *wire.SamplePage
	if err == nil {
		page, err = remote.Samples(ctx, "", mostHeld)
	}
	c.note(account, err)
	if err != nil {
		return Held{}, err
	}
	return Held{SyncHeld: *held, Sounds: page.Items}, nil
}

// DeleteSound removes an analysed sound from the server. What it said of it stays in the library.
func (c *Cloud) DeleteSound(ctx context.Context, id string) error {
	remote, account, err := c.signedIn()
	if err != nil {
		return err
	}
	err = remote.DeleteSample(ctx, id)
	c.note(account, err)
	c.forgetDetails(account)
	c.poke()
	return err
}

// DropSync deletes everything that was sent to keep machines in sync, and ends keeping in sync.
// Every machine keeps its library.
func (c *Cloud) DropSync(ctx context.Context) error {
	remote, account, err := c.signedIn()
	if err != nil {
		return err
	}
	err = remote.DropSync(ctx)
	c.note(account, err)
	if err != nil {
		return err
	}
	c.forgetDetails(account)
	return errors.Join(c.conf.DB.DropCloudAudio(ctx), c.SetSync(ctx, false))
}
