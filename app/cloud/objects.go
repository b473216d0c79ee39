package cloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sampleagent/library/catalog"
	"sampleagent/library/kit"
	"sampleagent/sync/replica"
	"sampleagent/sync/wire"
)

// objects speaks for the library's samples, collections and kits in the language of cells. It is
// a replica.Tx on one transaction of the catalog.
//
// Fields of an object, by kind:
//
//	sample/<sha256>   found (what the bytes are; written once), name bpm key kind class (typed by
//	                  hand), rating, favourite, note, source, tag/<name>, keep (its audio
//	                  is to be in the cloud), audio (what is there for it), cloud (what the
//	                  cloud said of it; never taken away)
//	collection/<id>   name, description, parent, position, query, deleted, item/<sha256> (a
//	                  position key), keep
//	kit/<id>          name, project, bank/<A-J>, pad/<A1-J16>, pattern/<slot>, keep, deleted
//
// A value whose meaning this program does not know is kept in its cell and sent on as it is.
type objects struct {
	tx    *catalog.SyncTx
	moved *bool // whether a collection came, went or was moved: then they are nested before the transaction ends
}

var _ replica.Tx = objects{}

func (o objects) Full() bool { return o.tx.Full() }

func (o objects) Dirty(limit int) ([]replica.Dirty, error) {
	all, err := o.tx.Dirty(limit)
	out := make([]replica.Dirty, len(all))
	for i, d := range all {
		out[i] = replica.Dirty(d)
	}
	return out, err
}

func (o objects) DirtyAt(object string) (time.Time, bool, error) { return o.tx.DirtyAt(object) }
func (o objects) Cursor() (int64, error)                         { return o.tx.Cursor() }
func (o objects) SetCursor(next int64) error                     { return o.tx.SetCursor(next) }
func (o objects) Rename() (string, error)                        { return o.tx.Rename() }
func (o objects) Origin() (string, error)                        { return o.tx.Origin() }
func (o objects) SetOrigin(name string) error                    { return o.tx.SetOrigin(name) }
func (o objects) Epoch() (int64, error)                          { return o.tx.Epoch() }
func (o objects) SetEpoch(n int64) error                         { return o.tx.SetEpoch(n) }
func (o objects) ForgetSent(after string) (string, error)        { return o.tx.ForgetSent(after) }
func (o objects) Mark() (int64, error)                           { return o.tx.Mark() }
func (o objects) SetMark(n int64) error                          { return o.tx.SetMark(n) }
func (o objects) SetClock(c wire.Clock) error                    { return o.tx.SetClock(uint64(c)) }
func (o objects) Clock() (wire.Clock, error) {
	n, err := o.tx.Clock()
	return wire.Clock(n), err
}

// Clean takes the mark from an object. What a person did with a collection may free others that were
// put into one another.
func (o objects) Clean(object string) error {
	*o.moved = *o.moved || strings.HasPrefix(object, "collection/")
	return o.tx.Clean(object)
}

func (o objects) Cells(object string) ([]wire.Cell, error) { return decode(o.tx.Cells(object)) }
func (o objects) Unsent(limit int) ([]wire.Cell, error)    { return decode(o.tx.Unsent(limit)) }

func decode(stored []catalog.Cell, err error) ([]wire.Cell, error) {
	if err != nil {
		return nil, err
	}
	out := make([]wire.Cell, len(stored))
	for i, c := range stored {
		if err := json.Unmarshal(c.JSON, &out[i]); err != nil {
			return nil, fmt.Errorf("stored cell %s %s: %w", c.Object, c.Field, err)
		}
	}
	return out, nil
}

func encode(c wire.Cell) (catalog.Cell, error) {
	text, err := json.Marshal(c)
	return catalog.Cell{Object: c.Object, Field: c.Field, JSON: text}, err
}

func (o objects) PutCell(c wire.Cell, unsent bool) error {
	stored, err := encode(c)
	if err != nil {
		return err
	}
	return o.tx.PutCell(stored, unsent)
}

func (o objects) Sent(cells []wire.Cell) error {
	stored := make([]catalog.Cell, len(cells))
	for i, c := range cells {
		var err error
		if stored[i], err = encode(c); err != nil {
			return err
		}
	}
	return o.tx.Sent(stored)
}

// fields is an object as cells show it.
type fields map[string]json.RawMessage

// set stores a value; what is empty is absent.
func (f fields) set(name string, v any, present bool) error {
	if !present {
		return nil
	}
	text, err := json.Marshal(v)
	f[name] = text
	return err
}

// get reads a value into to and says whether it was there and of the right form.
func (f fields) get(name string, to any) bool {
	text, ok := f[name]
	return ok && json.Unmarshal(text, to) == nil
}

// shown is what the cells of an object show now.
func (o objects) shown(object string) (fields, error) {
	cells, err := o.Cells(object)
	f := fields{}
	for _, c := range cells {
		if v := c.Value(); v != nil {
			f[c.Field] = v
		}
	}
	return f, err
}

var errObject = errors.New("not an object this program knows")

// Fields is what the library holds of an object. Whatever the library cannot speak for (a value
// of a newer program, a sample that is not here) is as the cells show it, so that it does not
// look deleted.
func (o objects) Fields(object string) (map[string]json.RawMessage, error) {
	known, err := o.shown(object)
	if err != nil {
		return nil, err
	}
	kind, id, _ := strings.Cut(object, "/")
	switch kind {
	case "sample":
		return o.sampleFields(id, known)
	case "collection":
		return o.collectionFields(id, known)
	case "kit":
		return o.kitFields(id, known)
	}
	return nil, fmt.Errorf("%s: %w", object, errObject)
}

// Apply makes the library hold what cells show of an object. An object of a kind that a newer
// program invented is kept as cells only.
func (o objects) Apply(object string, all map[string]json.RawMessage) error {
	kind, id, _ := strings.Cut(object, "/")
	switch kind {
	case "sample":
		return o.applySample(id, all)
	case "collection":
		return o.applyCollection(id, all)
	case "kit":
		return o.applyKit(id, all)
	}
	return nil
}

// own keeps of known what is not among the names that f speaks for.
func (f fields) own(known fields, mine func(name string) bool) fields {
	for name, v := range known {
		if !mine(name) {
			f[name] = v
		}
	}
	return f
}

func (o objects) sampleFields(sum string, known fields) (fields, error) {
	_, foundKnown := known["found"]
	s, here, err := o.tx.Sample(sum, !foundKnown)
	if err != nil || !here {
		return known, err
	}
	f := fields{}
	var firstErr error
	put := func(name string, v any, present bool) {
		if err := f.set(name, v, present); err != nil && firstErr == nil {
			firstErr = err
		}
	}
	put("found", s.Found, s.Found != nil)
	for name, v := range s.Edits {
		put(string(name), v, true)
	}
	put("rating", s.Rating, s.Rating != 0)
	put("favourite", true, s.Favourite)
	put("note", s.Note, s.Note != "")
	// Where a file was found is each machine's own; the rest is what a person said of it.
	s.Source.OriginalFilename, s.Source.Type = "", ""
	put("source", s.Source, s.Source != (catalog.Source{}))
	for _, tag := range s.Tags {
		put("tag/"+tag, true, len(tag) <= wire.MaxCellName-len("tag/"))
	}
	put("keep", true, s.Kept)
	put("audio", json.RawMessage(s.Audio), s.Audio != "")
	if s.Cloud != nil {
		put("cloud", fitting(*s.Cloud), true)
	} else if told, ok := known["cloud"]; ok {
		f["cloud"] = told
	}
	if foundKnown {
		f["found"] = known["found"] // the first machine's word: every machine would find it anew
	}
	if firstErr != nil {
		return nil, firstErr
	}
	if !s.Joined {
		// New here, or back after it was taken out: what is missing was never taken away.
		agree := s.Files == 1
		for name, v := range known {
			if _, set := f[name]; !set {
				f[name], agree = v, false
			}
		}
		if agree {
			return f, o.tx.Join(sum)
		}
		return f, o.applySample(sum, f)
	}
	return f.own(known, func(name string) bool {
		return slices.Contains(sampleNames, name) || strings.HasPrefix(name, "tag/") || slices.Contains(catalog.Fields, catalog.Field(name))
	}), nil
}

// sampleNames are the fields of a sample that the library speaks for, beside tags and what is typed by hand.
var sampleNames = []string{"found", "rating", "favourite", "note", "source", "keep", "audio", "cloud"}

// fitting leaves the whole answer out where it would be too long for a cell; its words stay.
func fitting(c catalog.Cloud) catalog.Cloud {
	if text, err := json.Marshal(c); err != nil || len(text) > wire.MaxCellValue {
		c.JSON = ""
	}
	return c
}

func (o objects) applySample(sum string, all fields) error {
	s := catalog.SyncSample{SHA256: sum, Edits: map[catalog.Field]string{}}
	was, here, err := o.tx.Sample(sum, false)
	if err != nil {
		return err
	}
	s.Files = was.Files
	all.get("source", &s.Source)
	s.Source.OriginalFilename, s.Source.Type = was.Source.OriginalFilename, was.Source.Type
	all.get("rating", &s.Rating)
	all.get("favourite", &s.Favourite)
	all.get("note", &s.Note)
	for _, name := range catalog.Fields {
		var v string
		if all.get(string(name), &v) {
			s.Edits[name] = v
		}
	}
	for name := range all {
		if tag, ok := strings.CutPrefix(name, "tag/"); ok {
			s.Tags = append(s.Tags, tag)
		}
	}
	slices.Sort(s.Tags)
	var found catalog.SyncFound
	if all.get("found", &found) {
		s.Found = &found
	}
	var told catalog.Cloud
	if all.get("cloud", &told) {
		s.Cloud = &told
	}
	added, err := o.tx.PutSample(s)
	if err != nil {
		return err
	}
	if !here && !added {
		return nil
	}
	if all.get("keep", &s.Kept); s.Kept != was.Kept {
		err = o.tx.PutKept("sample/"+sum, s.Kept)
	}
	if s.Audio = string(all["audio"]); s.Audio != was.Audio {
		err = errors.Join(err, o.tx.PutCloudAudio(sum, s.Audio))
	}
	if err = errors.Join(err, o.tx.Join(sum)); err != nil || !added {
		return err
	}
	// Collections and kits that named it before it was known here.
	holders, err := o.tx.Holders("item/" + sum)
	if err != nil {
		return err
	}
	kits, err := o.tx.KitsWith(byContent + sum)
	if err != nil {
		return err
	}
	for _, id := range kits {
		holders = append(holders, "kit/"+id)
	}
	for _, object := range holders {
		shown, err := o.shown(object)
		if err != nil {
			return err
		}
		if err := o.Apply(object, shown); err != nil {
			return err
		}
	}
	return nil
}

// putKept stores whether an object's audio is to be kept in the cloud.
func (o objects) putKept(object string, all fields) error {
	var on bool
	all.get("keep", &on)
	return o.tx.PutKept(object, on)
}

func (o objects) collectionFields(id string, known fields) (fields, error) {
	c, members, here, err := o.tx.Collection(id)
	if err != nil {
		return nil, err
	}
	if !here {
		return known.bin()
	}
	f := fields{}
	isKept, err := o.tx.Kept("collection/" + id)
	if err != nil {
		return nil, err
	}
	if n, err := o.nesting(); err != nil {
		return nil, err
	} else if _, ours := n.in[id]; ours && c.Parent == n.shown(id) {
		c.Parent = n.in[id] // nobody has moved it
	}
	err = errors.Join(f.set("keep", true, isKept),
		f.set("name", c.Name, true), f.set("description", c.Description, c.Description != ""), f.set("parent", c.Parent, c.Parent != ""),
		f.set("position", c.Position, true), f.set("query", c.Query, c.Query != nil))
	if err != nil {
		return nil, err
	}
	keys := map[string]string{}
	for name := range known {
		if sum, ok := strings.CutPrefix(name, "item/"); ok {
			var key string
			if known.get(name, &key) && wire.ValidPosition(key) {
				keys[sum] = key
			}
			here, err := o.tx.SampleID(sum)
			if err != nil {
				return nil, err
			}
			if here == "" {
				f[name] = known[name]
			}
		}
	}
	for sum, key := range positions(members, keys) {
		if err := f.set("item/"+sum, key, true); err != nil {
			return nil, err
		}
	}
	return f.own(known, func(name string) bool {
		return slices.Contains([]string{"name", "description", "parent", "position", "query", "keep", "deleted"}, name) || strings.HasPrefix(name, "item/")
	}), nil
}

// bin is an object that is not here any more: as it was, and marked, so that it can be brought
// back on any machine.
func (f fields) bin() (fields, error) {
	if len(f) == 0 {
		return f, nil
	}
	out := maps.Clone(f)
	return out, out.set("deleted", true, true)
}

// positions gives every member a key so that keys rise in the order of members. Keys that are
// there and already rise are kept (the longest such run), so that moving one item changes one.
func positions(members []string, keys map[string]string) map[string]string {
	// Longest strictly rising subsequence by patience sorting: piles hold indexes of members.
	var piles []int
	before := make([]int, len(members))
	for i, m := range members {
		key, ok := keys[m]
		if !ok {
			continue
		}
		at, _ := slices.BinarySearchFunc(piles, key, func(j int, k string) int { return strings.Compare(keys[members[j]], k) })
		before[i] = -1
		if at > 0 {
			before[i] = piles[at-1]
		}
		piles = append(piles[:at], append([]int{i}, piles[min(at+1, len(piles)):]...)...)
	}
	keep := map[string]bool{}
	if len(piles) > 0 {
		for i := piles[len(piles)-1]; i >= 0; i = before[i] {
			keep[members[i]] = true
		}
	}
	out := make(map[string]string, len(members))
	last := ""
	for i, m := range members {
		if keep[m] {
			out[m] = keys[m]
		} else {
			next := ""
			for _, n := range members[i+1:] {
				if keep[n] {
					next = keys[n]
					break
				}
			}
			out[m] = wire.Between(last, next)
		}
		last = out[m]
	}
	return out
}

func (o objects) applyCollection(id string, all fields) error {
	*o.moved = true
	var deleted bool
	if all.get("deleted", &deleted) && deleted {
		return o.tx.RemoveCollection(id)
	}
	c := catalog.Collection{ID: id}
	all.get("name", &c.Name)
	all.get("description", &c.Description)
	all.get("position", &c.Position)
	all.get("query", &c.Query)
	type item struct{ key, sum string }
	var items []item
	for name := range all {
		if sum, ok := strings.CutPrefix(name, "item/"); ok {
			var key string
			all.get(name, &key)
			items = append(items, item{key, sum})
		}
	}
	slices.SortFunc(items, func(a, b item) int { return strings.Compare(a.key+" "+a.sum, b.key+" "+b.sum) })
	members := make([]string, len(items))
	for i, it := range items {
		members[i] = it.sum
	}
	return errors.Join(o.tx.PutCollection(c, members), o.putKept("collection/"+id, all))
}

// byContent names a sample by its bytes where this library has no id for it.
const byContent = "sha256:"

func (o objects) kitFields(id string, known fields) (fields, error) {
	data, name, here, err := o.tx.Kit(id)
	if err != nil {
		return nil, err
	}
	if !here {
		return known.bin()
	}
	parts, unnamed, err := kit.TakeApart(data, func(sampleID string) (string, error) {
		if sum, ok := strings.CutPrefix(sampleID, byContent); ok {
			return sum, nil
		}
		return o.tx.SampleSHA(sampleID)
	})
	if err != nil {
		return nil, fmt.Errorf("kit %s: %w", name, err)
	}
	isKept, err := o.tx.Kept("kit/" + id)
	if err != nil {
		return nil, err
	}
	f := fields(parts)
	if err := errors.Join(f.set("keep", true, isKept), f.set("name", name, true)); err != nil {
		return nil, err
	}
	for _, field := range unnamed { // not analysed yet, or gone: others cannot be told which sound it is
		if v, ok := known[field]; ok {
			f[field] = v
		}
	}
	return f.own(known, func(name string) bool { return name == "keep" || kit.IsPart(name) }), nil
}

func (o objects) applyKit(id string, all fields) error {
	var deleted bool
	if all.get("deleted", &deleted) && deleted {
		return o.tx.RemoveKit(id)
	}
	parts := kit.Parts(all)
	if !parts.Whole() {
		return nil // its other cells are still on their way
	}
	k, err := parts.PutTogether(id, func(sum string) (string, error) {
		local, err := o.tx.SampleID(sum)
		if local == "" {
			local = byContent + sum
		}
		return local, err
	})
	var newer *kit.FormError
	if errors.As(err, &newer) {
		return nil // a newer program's kit: its cells are kept, and shown once this program is updated
	}
	if err != nil {
		return err
	}
	stored := catalog.Kit{ID: id, Name: k.Name}
	for _, s := range k.Filled() {
		stored.Pads = append(stored.Pads, catalog.Pad{Bank: s.Bank(), Pad: s.Pad() - 1, SampleID: k.Pad(s).SampleID})
	}
	if stored.Data, err = json.Marshal(k); err != nil {
		return err
	}
	return errors.Join(o.tx.PutKit(stored), o.putKept("kit/"+id, all))
}
