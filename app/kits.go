package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"sampleagent/app/history"
	"sampleagent/library/catalog"
	"sampleagent/library/kit"
)

// KitInfo is a kit in a list.
type KitInfo struct {
	ID       string
	Name     string
	Filled   int // pads with a sample
	Modified time.Time
}

// Kits lists all kits by name.
func (a *App) Kits(ctx context.Context) ([]KitInfo, error) {
	all, err := a.db.Kits(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]KitInfo, 0, len(all))
	for _, stored := range all {
		k, err := unpack(stored)
		if err != nil {
			return nil, err
		}
		out = append(out, KitInfo{ID: k.ID, Name: k.Name, Filled: len(k.Filled()), Modified: stored.ModifiedAt})
	}
	return out, nil
}

// Kit reads a kit by its id or name. Errors: catalog.ErrNotFound, catalog.ErrNotPossible when
// several have the name.
func (a *App) Kit(ctx context.Context, idOrName string) (kit.Kit, error) {
	stored, err := a.db.Kit(ctx, idOrName)
	if errors.Is(err, catalog.ErrNotFound) {
		return kit.Kit{}, noKit(idOrName)
	}
	if err != nil {
		return kit.Kit{}, err
	}
	return unpack(stored)
}

// noKit is catalog.ErrNotFound in words about kits.
type noKit string

func (n noKit) Error() string { return fmt.Sprintf("there is no kit %q", string(n)) }
func (n noKit) Unwrap() error { return catalog.ErrNotFound }

func unpack(stored catalog.Kit) (kit.Kit, error) {
	var k kit.Kit
	if err := json.Unmarshal(stored.Data, &k); err != nil {
		return k, fmt.Errorf("kit %s: %w", stored.Name, err)
	}
	k.ID, k.Name = stored.ID, stored.Name
	return k, nil
}

// pack is a kit as it is stored: its whole as JSON, and beside it which sample lies where, so that
// the library can say which kits use a sample.
func pack(k kit.Kit) (catalog.Kit, error) {
	data, err := json.Marshal(k)
	if err != nil {
		return catalog.Kit{}, fmt.Errorf("store kit %s: %w", k.Name, err)
	}
	stored := catalog.Kit{ID: k.ID, Name: k.Name, Data: data}
	for _, s := range k.Filled() {
		stored.Pads = append(stored.Pads, catalog.Pad{Bank: s.Bank(), Pad: s.Pad() - 1, SampleID: k.Pad(s).SampleID})
	}
	return stored, nil
}

// changeKit stores what an edit changed from one kit to another, and nothing else: a sync or another
// program may have changed other parts of it since from was read.
func (a *App) changeKit(ctx context.Context, from, to kit.Kit) error {
	err := a.db.EditKit(ctx, to.ID, func(stored catalog.Kit) (catalog.Kit, error) {
		k, err := unpack(stored)
		if err != nil {
			return stored, err
		}
		if k, err = k.With(from, to); err != nil {
			return stored, err
		}
		return pack(k)
	})
	a.pads.forget(to.ID) // after it, so that nobody reads the former again
	return err
}

// putKit stores a kit whole, as a new one or one that comes back.
func (a *App) putKit(ctx context.Context, k kit.Kit) error {
	stored, err := pack(k)
	if err != nil {
		return err
	}
	err = a.db.PutKit(ctx, stored)
	a.pads.forget(k.ID) // after it, so that nobody reads the former again
	return err
}

// kitName makes one line of a name for a kit, and checks it.
func kitName(name string) (string, error) {
	name = strings.Join(strings.Fields(name), " ")
	if name == "" {
		return "", fmt.Errorf("a kit needs a name")
	}
	return name, nil
}

// NewKit makes an empty kit.
func (a *App) NewKit(ctx context.Context, name string) (kit.Kit, error) {
	name, err := kitName(name)
	if err != nil {
		return kit.Kit{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return kit.Kit{}, err
	}
	k := kit.Kit{ID: id.String(), Name: name}
	a.editing.Lock()
	defer a.editing.Unlock()
	return k, a.history.Do(ctx, history.Command{
		Name: "New kit " + name,
		Do:   func(ctx context.Context) error { return a.putKit(ctx, k) },
		Undo: func(ctx context.Context) error { return a.db.RemoveKit(ctx, k.ID) },
	})
}

// DeleteKit removes a kit; its samples stay.
func (a *App) DeleteKit(ctx context.Context, id string) error {
	a.editing.Lock()
	defer a.editing.Unlock()
	k, err := a.Kit(ctx, id)
	if err != nil {
		return err
	}
	return a.history.Do(ctx, history.Command{
		Name: "Delete kit " + k.Name,
		Do:   func(ctx context.Context) error { return a.db.RemoveKit(ctx, k.ID) },
		Undo: func(ctx context.Context) error { return a.putKit(ctx, k) },
	})
}

// DuplicateKit makes a copy of a kit under another name.
func (a *App) DuplicateKit(ctx context.Context, id, name string) (kit.Kit, error) {
	name, err := kitName(name)
	if err != nil {
		return kit.Kit{}, err
	}
	k, err := a.Kit(ctx, id)
	if err != nil {
		return kit.Kit{}, err
	}
	fresh, err := uuid.NewV7()
	if err != nil {
		return kit.Kit{}, err
	}
	k.ID, k.Name = fresh.String(), name
	a.editing.Lock()
	defer a.editing.Unlock()
	return k, a.history.Do(ctx, history.Command{
		Name: "New kit " + name,
		Do:   func(ctx context.Context) error { return a.putKit(ctx, k) },
		Undo: func(ctx context.Context) error { return a.db.RemoveKit(ctx, k.ID) },
	})
}

// EditKit changes a kit as a command with a name that can be undone; edits with the same merge
// that follow each other closely are one. A change that fails, or changes nothing, stores nothing.
func (a *App) EditKit(ctx context.Context, id, name, merge string, change func(*kit.Kit) error) error {
	a.editing.Lock()
	defer a.editing.Unlock()
	before, err := a.Kit(ctx, id)
	if err != nil {
		return err
	}
	after := before
	if err := change(&after); err != nil {
		return err
	}
	old, err := json.Marshal(before)
	if err != nil {
		return err
	}
	if now, err := json.Marshal(after); err != nil || string(now) == string(old) {
		return err
	}
	return a.history.Do(ctx, history.Command{
		Name: name, Merge: merge,
		Do:   func(ctx context.Context) error { return a.changeKit(ctx, before, after) },
		Undo: func(ctx context.Context) error { return a.changeKit(ctx, after, before) },
	})
}

// RenameKit gives a kit another name.
func (a *App) RenameKit(ctx context.Context, id, name string) error {
	name, err := kitName(name)
	if err != nil {
		return err
	}
	return a.EditKit(ctx, id, "Rename kit to "+name, "", func(k *kit.Kit) error { k.Name = name; return nil })
}

// SetPads puts samples on pads, the first on the slot and the others on the slots after it as far
// as the bank goes; those that cannot be read are passed over. It returns how many were placed.
func (a *App) SetPads(ctx context.Context, id string, first kit.Slot, rows []catalog.Row) (int, error) {
	found, err := a.db.Samples(ctx, rows)
	if err != nil {
		return 0, err
	}
	found = slices.DeleteFunc(found, func(s catalog.Sample) bool { return s.State == catalog.Failed })
	n := min(len(found), kit.PadsPerBank-first.Pad()+1)
	if n < 1 {
		return 0, nil
	}
	name := fmt.Sprintf("Put %s on %s", found[0].Name, first)
	if n > 1 {
		name = fmt.Sprintf("Put %d samples on %s to %s", n, first, first+kit.Slot(n-1))
	}
	return n, a.EditKit(ctx, id, name, "", func(k *kit.Kit) error {
		for i, s := range found[:n] {
			if err := k.SetSample(first+kit.Slot(i), s.ID); err != nil {
				return err
			}
			if err := ownTempo(k, first+kit.Slot(i), s); err != nil {
				return err
			}
		}
		return nil
	})
}

// ownTempo tells a pad whose tempo nobody has set the tempo of its sample, which the device needs for its BPM sync.
// A tempo the device cannot hold is brought into its range by octaves.
func ownTempo(k *kit.Kit, slot kit.Slot, s catalog.Sample) error {
	bpm := s.BPM
	if bpm <= 0 || k.Pad(slot).Settings.Get(kit.Tempo) != kit.Params[kit.Tempo].Default {
		return nil
	}
	for bpm < 40 {
		bpm *= 2
	}
	for bpm > 200 {
		bpm /= 2
	}
	return k.Change([]kit.Slot{slot}, func(set kit.Settings) (kit.Settings, error) {
		t, err := kit.NewBPM(bpm)
		if err != nil {
			return set, err
		}
		return set.Set(kit.Tempo, t.Hundredths())
	})
}

// SetPad puts one sample on a pad.
func (a *App) SetPad(ctx context.Context, id string, slot kit.Slot, row catalog.Row) error {
	n, err := a.SetPads(ctx, id, slot, []catalog.Row{row})
	if err == nil && n == 0 {
		return fmt.Errorf("sample: %w, or it cannot be read", catalog.ErrNotFound)
	}
	return err
}

// ClearPads empties pads.
func (a *App) ClearPads(ctx context.Context, id string, slots ...kit.Slot) error {
	name := fmt.Sprintf("Clear %d pads", len(slots))
	if len(slots) == 1 {
		name = "Clear pad " + slots[0].String()
	}
	return a.EditKit(ctx, id, name, "", func(k *kit.Kit) error { return k.Clear(slots...) })
}

// MovePad takes a pad to another slot; what was there is gone.
func (a *App) MovePad(ctx context.Context, id string, from, to kit.Slot) error {
	return a.EditKit(ctx, id, fmt.Sprintf("Move %s to %s", from, to), "", func(k *kit.Kit) error { return k.Move(from, to) })
}

// SwapPads exchanges two pads.
func (a *App) SwapPads(ctx context.Context, id string, one, other kit.Slot) error {
	return a.EditKit(ctx, id, fmt.Sprintf("Exchange %s and %s", one, other), "", func(k *kit.Kit) error { return k.Swap(one, other) })
}

// CopyPad puts a pad on another slot as well.
func (a *App) CopyPad(ctx context.Context, id string, from, to kit.Slot) error {
	return a.EditKit(ctx, id, fmt.Sprintf("Copy %s to %s", from, to), "", func(k *kit.Kit) error { return k.Copy(from, to) })
}

// PutPads puts pads with their settings on a slot and those after it, as far as the bank goes; it
// returns how many.
func (a *App) PutPads(ctx context.Context, id string, first kit.Slot, pads []kit.Pad) (n int, err error) {
	name := fmt.Sprintf("Paste on %s", first)
	if len(pads) > 1 {
		name = fmt.Sprintf("Paste %d pads from %s", len(pads), first)
	}
	err = a.EditKit(ctx, id, name, "", func(k *kit.Kit) (err error) {
		n, err = k.PutPads(first, pads)
		return err
	})
	return n, err
}

// SetPadSettings changes settings of pads together, as text: "gate=on", "volume=100". The names
// and ranges are those of kit.Params. All or none are changed.
func (a *App) SetPadSettings(ctx context.Context, id string, slots []kit.Slot, pairs ...string) error {
	if len(slots) == 0 || len(pairs) == 0 {
		return nil
	}
	where := slots[0].String()
	if len(slots) > 1 {
		where = fmt.Sprintf("%d pads", len(slots))
	}
	var names []string
	for _, p := range pairs {
		n, _, _ := strings.Cut(p, "=")
		names = append(names, n)
	}
	merge := fmt.Sprintf("kit %s %v %v", id, slots, names)
	return a.EditKit(ctx, id, fmt.Sprintf("Set %s of %s", strings.Join(pairs, ", "), where), merge, func(k *kit.Kit) error {
		return k.Change(slots, func(s kit.Settings) (kit.Settings, error) { return s.WithText(pairs...) })
	})
}

// SetBank changes a bank's tempo, volume and protection.
func (a *App) SetBank(ctx context.Context, id string, bank int, b kit.Bank) error {
	name := kit.BankName(bank)
	return a.EditKit(ctx, id, "Set bank "+name, fmt.Sprintf("kit %s bank %s", id, name), func(k *kit.Kit) error { return k.SetBank(bank, b) })
}

// ClearBank empties a bank's pads.
func (a *App) ClearBank(ctx context.Context, id string, bank int) error {
	return a.EditKit(ctx, id, "Clear bank "+kit.BankName(bank), "", func(k *kit.Kit) error { return k.ClearBank(bank) })
}

// SwapBanks exchanges two banks whole.
func (a *App) SwapBanks(ctx context.Context, id string, one, other int) error {
	return a.EditKit(ctx, id, fmt.Sprintf("Exchange banks %s and %s", kit.BankName(one), kit.BankName(other)), "", func(k *kit.Kit) error { return k.SwapBanks(one, other) })
}

// CopyBank copies a bank's pads, tempo and volume over another.
func (a *App) CopyBank(ctx context.Context, id string, from, to int) error {
	return a.EditKit(ctx, id, fmt.Sprintf("Copy bank %s over %s", kit.BankName(from), kit.BankName(to)), "", func(k *kit.Kit) error { return k.CopyBank(from, to) })
}

// MoveBank takes a bank to another place; what was there is gone.
func (a *App) MoveBank(ctx context.Context, id string, from, to int) error {
	return a.EditKit(ctx, id, fmt.Sprintf("Move bank %s to %s", kit.BankName(from), kit.BankName(to)), "", func(k *kit.Kit) error { return k.MoveBank(from, to) })
}

// PadSamples finds the samples of a kit's pads, by their id; a sample that is gone is missing.
func (a *App) PadSamples(ctx context.Context, k kit.Kit) (map[string]catalog.Sample, error) {
	found, err := a.db.SamplesByID(ctx, k.SampleIDs())
	if err != nil {
		return nil, err
	}
	out := make(map[string]catalog.Sample, len(found))
	for _, s := range found {
		out[s.ID] = s
	}
	return out, nil
}

// SetPadSample puts a sample, by its id, on a pad and changes the pad's settings, as one edit. ""
// leaves the sample that is there.
func (a *App) SetPadSample(ctx context.Context, id string, slot kit.Slot, sampleID string, pairs ...string) error {
	name := fmt.Sprintf("Set %s of %s", strings.Join(pairs, ", "), slot)
	var s catalog.Sample
	if sampleID != "" {
		var err error
		if s, err = a.db.SampleByID(ctx, sampleID); err != nil {
			return err
		}
		name = fmt.Sprintf("Put %s on %s", s.Name, slot)
	}
	return a.EditKit(ctx, id, name, "", func(k *kit.Kit) error {
		if sampleID != "" {
			if err := k.SetSample(slot, sampleID); err != nil {
				return err
			}
			if err := ownTempo(k, slot, s); err != nil {
				return err
			}
		}
		if len(pairs) == 0 {
			return nil
		}
		return k.Change([]kit.Slot{slot}, func(set kit.Settings) (kit.Settings, error) { return set.WithText(pairs...) })
	})
}
