package earlier

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"sampleagent/library/catalog"
	"sampleagent/library/ingest"
	"sampleagent/library/kit"
)

// Options say where to look and how to import.
type Options struct {
	Roots  []string       // folders in which files are looked for that are not where the earlier system had them
	Ingest ingest.Options // how the files found are imported
}

// Summary is what came over and what did not.
type Summary struct {
	Samples     int // in the earlier library
	Brought     int // of these, now in ours
	Collections int
	Kits        int
	Problems    []ingest.Failure // each thing that did not come over whole, and why
}

func (s *Summary) problem(what, reason string, args ...any) {
	s.Problems = append(s.Problems, ingest.Failure{Path: what, Reason: fmt.Sprintf(reason, args...)})
}

// bringing is one migration at work.
type bringing struct {
	db   *catalog.DB
	o    Options
	old  map[string][]record
	sum  Summary
	rows map[string]catalog.Sample // by the earlier system's sample id
}

// Bring reads the earlier library in the file at path and adds it to db: the files as any import
// does, then titles, genres and tags, sources and licences, descriptions, collections and kits.
// Tempo and key are not taken over: the earlier system kept no note of which a person had typed,
// so they are heard anew. Bring can be repeated: what is there is not added twice. Errors: of
// reading (ErrNotEarlier), of ctx and of the library; all else is listed in Summary.Problems.
func Bring(ctx context.Context, db *catalog.DB, path string, o Options) (Summary, error) {
	old, err := read(ctx, path)
	if err != nil {
		return Summary{}, fmt.Errorf("bring over %s: %w", path, err)
	}
	b := &bringing{db: db, o: o, old: old, rows: map[string]catalog.Sample{}}
	b.sum.Samples = len(old["samples"])
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) error { return b.files(ctx, filepath.Dir(path)) },
		b.facts, b.collections, b.kits,
	} {
		if err := step(ctx); err != nil {
			return b.sum, fmt.Errorf("bring over %s: %w", path, err)
		}
	}
	return b.sum, nil
}

// files finds and imports the files.
func (b *bringing) files(ctx context.Context, beside string) error {
	f := finder{roots: append(slices.Clone(b.o.Roots), beside)}
	where := map[string]string{} // by id
	var paths []string
	for _, s := range b.old["samples"] {
		said := cmp.Or(s["file_path"], s["file_url"], s["filename"])
		path, ok := f.find(said)
		if !ok {
			b.sum.problem(cmp.Or(said, "sample "+s["id"]), "the file is not there")
			continue
		}
		where[s["id"]] = path
		paths = append(paths, path)
	}
	if len(paths) == 0 {
		return nil
	}
	rows := map[string]string{} // path asked for to sample id
	told := b.o.Ingest.File
	o := b.o.Ingest
	o.File = func(out ingest.Outcome) {
		from := out.Path
		if o.Copy != "" && out.From != "" {
			from = out.From
		}
		switch {
		case out.ID != "":
			rows[from] = out.ID
		case out.What == ingest.Duplicate:
			rows[out.Path] = "=" + out.From
		default:
			b.sum.problem(out.Path, "%s", out.Err)
		}
		if told != nil {
			told(out)
		}
	}
	slices.Sort(paths)
	if _, err := ingest.Run(ctx, b.db, slices.Compact(paths), o); err != nil {
		return err
	}
	for id, path := range where {
		var s catalog.Sample
		var err error
		if twin, ok := strings.CutPrefix(rows[path], "="); ok {
			s, err = b.db.SampleByPath(ctx, twin)
		} else {
			s, err = b.db.SampleByID(ctx, rows[path])
		}
		if errors.Is(err, catalog.ErrNotFound) { // listed as a problem above
			continue
		}
		if err != nil {
			return err
		}
		b.rows[id] = s
	}
	b.sum.Brought = len(b.rows)
	return nil
}

// finder looks for files that have moved with their folders.
type finder struct {
	roots []string
	names map[string][]string // files below roots by base name, small letters
}

func (f *finder) find(said string) (string, bool) {
	if said == "" {
		return "", false
	}
	said = filepath.FromSlash(strings.ReplaceAll(said, `\`, "/"))
	if filepath.IsAbs(said) && isFile(said) {
		return said, true
	}
	parts := strings.Split(strings.Trim(said, string(filepath.Separator)), string(filepath.Separator))
	for i := range parts { // the longest end of the path first
		for _, root := range f.roots {
			if p := filepath.Join(root, filepath.Join(parts[i:]...)); isFile(p) {
				if abs, err := filepath.Abs(p); err == nil {
					return abs, true
				}
			}
		}
	}
	if f.names == nil {
		f.index()
	}
	if all := f.names[strings.ToLower(parts[len(parts)-1])]; len(all) == 1 {
		return all[0], true
	}
	return "", false
}

// index lists the files below the roots that were given, once. What cannot be read is left out:
// its files are then reported as not there.
func (f *finder) index() {
	f.names = map[string][]string{}
	for _, root := range f.roots[:len(f.roots)-1] { // the last is where the database happens to lie
		abs, err := filepath.Abs(root)
		if err != nil {
			continue
		}
		_ = filepath.WalkDir(abs, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				name := strings.ToLower(d.Name())
				f.names[name] = append(f.names[name], path)
			}
			return nil
		})
	}
}

func isFile(path string) bool {
	fi, err := os.Stat(path)
	return err == nil && fi.Mode().IsRegular()
}

// facts takes over what people and the AI said of each sample.
func (b *bringing) facts(ctx context.Context) error {
	for _, s := range b.old["samples"] {
		mine, ok := b.rows[s["id"]]
		if !ok {
			continue
		}
		rows := []catalog.Row{mine.Row}
		stem := strings.TrimSuffix(filepath.Base(mine.Path), filepath.Ext(mine.Path))
		if title := strings.TrimSpace(s["title"]); title != "" && title != stem && title != filepath.Base(mine.Path) && !slices.Contains(mine.ByHand, catalog.FieldName) {
			if err := b.db.SetField(ctx, rows, catalog.FieldName, title); err != nil {
				return err
			}
		}
		tags := b.list("tags of "+mine.Name, s["tags"])
		if g := strings.TrimSpace(s["genre"]); g != "" {
			tags = append(tags, g)
		}
		if len(tags) > 0 {
			if err := b.db.AddTags(ctx, rows, tags...); err != nil {
				return err
			}
		}
	}
	for _, s := range b.old["sample_sources"] {
		mine, ok := b.rows[s["sample_id"]]
		if !ok {
			continue
		}
		if err := b.db.SetSource(ctx, []catalog.Row{mine.Row}, catalog.Source{Type: s["source_type"], URL: s["source_url"], Artist: s["artist"], Album: s["album"],
			ReleaseDate: s["release_date"], Licence: s["license_type"], OriginalFilename: s["original_filename"], Metadata: s["metadata_json"]}); err != nil {
			return err
		}
	}
	for _, v := range b.old["vibe_analyses"] {
		mine, ok := b.rows[v["sample_id"]]
		if !ok {
			continue
		}
		whole, err := json.Marshal(v)
		if err != nil {
			return err
		}
		words := append([]string{v["mood_primary"], v["mood_secondary"]}, b.list("texture of "+mine.Name, v["texture_tags"])...)
		words = slices.DeleteFunc(words, func(w string) bool { return strings.TrimSpace(w) == "" })
		if err := b.db.SetCloud(ctx, mine.Row, catalog.Cloud{Description: strings.Join(words, ", "), Words: words, JSON: string(whole)}); err != nil {
			return err
		}
	}
	return nil
}

// list reads a JSON list of words; anything else is a problem.
func (b *bringing) list(what, text string) (out []string) {
	if text == "" || text == "null" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		b.sum.problem(what, "no list of words: %s", text)
		return nil
	}
	return out
}

// collections takes over the tree of collections, parents first.
func (b *bringing) collections(ctx context.Context) error {
	all, err := b.db.Collections(ctx)
	if err != nil {
		return err
	}
	there := map[[2]string]string{} // parent and name, small letters, to id
	for _, c := range all {
		there[[2]string{c.Parent, strings.ToLower(c.Name)}] = c.ID
	}
	ids := map[string]string{} // theirs to ours
	left := slices.Clone(b.old["collections"])
	for len(left) > 0 {
		before := len(left)
		var later []record
		for _, c := range left {
			parent, ok := "", true
			if p := c["parent_collection_id"]; p != "" {
				parent, ok = ids[p]
			}
			if !ok {
				later = append(later, c)
				continue
			}
			if ids[c["id"]], err = b.collection(ctx, c, parent, there); err != nil {
				return err
			}
		}
		if left = later; len(left) == before {
			for _, c := range left {
				b.sum.problem("collection "+c["name"], "the collection it lies in is not there")
			}
			break
		}
	}
	return nil
}

func (b *bringing) collection(ctx context.Context, c record, parent string, there map[[2]string]string) (string, error) {
	name := strings.TrimSpace(c["name"])
	if name == "" {
		name = "Collection " + c["id"]
	}
	key := [2]string{parent, strings.ToLower(name)}
	id, ok := there[key]
	if !ok {
		made, err := b.db.NewCollection(ctx, parent, name, nil)
		if err != nil {
			return "", err
		}
		if made.Description = c["description"]; made.Description != "" {
			if err := b.db.SetCollection(ctx, made); err != nil {
				return "", err
			}
		}
		id, there[key] = made.ID, made.ID
		b.sum.Collections++
	}
	if truth(c["is_smart"]) {
		b.sum.problem("collection "+name, "its rules cannot be read; the samples it held came over as a list")
	}
	members := slices.DeleteFunc(slices.Clone(b.old["collection_samples"]), func(m record) bool { return m["collection_id"] != c["id"] })
	slices.SortStableFunc(members, func(a, b record) int { return cmp.Compare(whole(a["order"]), whole(b["order"])) })
	var rows []catalog.Row
	for _, m := range members {
		if s, ok := b.rows[m["sample_id"]]; ok {
			rows = append(rows, s.Row)
		}
	}
	err := b.db.AddToCollection(ctx, id, rows)
	if errors.Is(err, catalog.ErrNotPossible) { // a smart collection of that name was made since
		b.sum.problem("collection "+name, "there is a smart collection of this name")
		err = nil
	}
	return id, err
}

// kits takes over kits whose names are not there yet.
func (b *bringing) kits(ctx context.Context) error {
	all, err := b.db.Kits(ctx)
	if err != nil {
		return err
	}
	for _, old := range b.old["kits"] {
		name := strings.TrimSpace(cmp.Or(old["name"], "Kit "+old["id"]))
		if slices.ContainsFunc(all, func(k catalog.Kit) bool { return strings.EqualFold(k.Name, name) }) {
			continue
		}
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		k := kit.Kit{ID: id.String(), Name: name}
		for _, p := range b.old["kit_samples"] {
			if p["kit_id"] == old["id"] {
				b.pad(&k, p)
			}
		}
		data, err := json.Marshal(k)
		if err != nil {
			return err
		}
		stored := catalog.Kit{ID: k.ID, Name: k.Name, Data: data}
		for _, s := range k.Filled() {
			stored.Pads = append(stored.Pads, catalog.Pad{Bank: s.Bank(), Pad: s.Pad() - 1, SampleID: k.Pad(s).SampleID})
		}
		if err := b.db.PutKit(ctx, stored); err != nil {
			return err
		}
		b.sum.Kits++
	}
	return nil
}

// pad fills one pad. The earlier system allowed two samples on one; the first stays.
func (b *bringing) pad(k *kit.Kit, p record) {
	what := fmt.Sprintf("kit %s, pad %s%s", k.Name, p["pad_bank"], p["pad_number"])
	s, ok := b.rows[p["sample_id"]]
	if !ok {
		b.sum.problem(what, "its sample did not come over")
		return
	}
	slot, err := kit.ParseSlot(p["pad_bank"] + p["pad_number"])
	if err != nil {
		b.sum.problem(what, "%v", err)
		return
	}
	if !k.Pad(slot).Empty() {
		b.sum.problem(what, "two samples lay on it; %s was left out", s.Name)
		return
	}
	var set kit.Settings
	if v, err := strconv.ParseFloat(p["volume"], 64); err == nil && !math.IsNaN(v) { // 0 to 1
		if set, err = set.Set(kit.Volume, int(math.Round(127*max(0, min(1, v))))); err != nil {
			b.sum.problem(what, "%v", err)
		}
	}
	if shift := whole(p["pitch_shift"]); shift != 0 {
		next, err := set.Set(kit.Pitch, shift)
		if err != nil {
			b.sum.problem(what, "pitch %+d: %v", shift, err)
		} else {
			set = next
		}
	}
	if err := k.SetPad(slot, kit.Pad{SampleID: s.ID, Settings: set}); err != nil {
		b.sum.problem(what, "%v", err)
	}
}

// whole is a whole number, 0 for anything else.
func whole(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// truth reads a boolean of either database.
func truth(s string) bool {
	switch strings.ToLower(s) {
	case "1", "t", "true":
		return true
	}
	return false
}
