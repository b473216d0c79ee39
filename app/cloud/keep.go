package cloud

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sampleagent/audio/pack"
	"sampleagent/library/catalog"
	"sampleagent/sync/client"
	"sampleagent/sync/session"
	"sampleagent/sync/wire"
)

// Keeping is how far the files are that a person chose to keep in the cloud.
type Keeping struct {
	Left       int    // files still to go up, the running one among them
	Name       string // the running one
	Sent, Size int64
	Problem    string    // why it waits
	Until      time.Time // and until when
}

// SampleObject names a sample as the sync does.
func SampleObject(s catalog.Sample) string { return "sample/" + s.SHA256 }

// KitObject names a kit.
func KitObject(id string) string { return "kit/" + id }

// CollectionObject names a collection.
func CollectionObject(id string) string { return "collection/" + id }

// Keep chooses the audio of objects to be kept in the cloud, for the person's other machines. It
// goes up while the library is kept in sync.
func (c *Cloud) Keep(ctx context.Context, objects ...string) error {
	if _, _, err := c.signedIn(); err != nil {
		return err
	}
	if in, err := c.Syncs(ctx); err != nil || !in {
		return errors.Join(err, errNotSynced)
	}
	err := c.conf.DB.SetKept(ctx, objects, true)
	c.poke()
	return err
}

// KeepSamples is Keep, or Unkeep, of samples by their rows.
func (c *Cloud) KeepSamples(ctx context.Context, rows []catalog.Row, on bool) error {
	all, err := c.conf.DB.Samples(ctx, rows)
	if err != nil {
		return err
	}
	var objects []string
	for _, s := range all {
		if s.SHA256 != "" {
			objects = append(objects, SampleObject(s))
		}
	}
	if on {
		return c.Keep(ctx, objects...)
	}
	return c.Unkeep(ctx, objects...)
}

// ToggleKept keeps an object or takes the choice back, and says which.
func (c *Cloud) ToggleKept(ctx context.Context, object string) (on bool, err error) {
	was, err := c.conf.DB.IsKept(ctx, object)
	if err != nil {
		return was, err
	}
	if was {
		return false, c.Unkeep(ctx, object)
	}
	return true, c.Keep(ctx, object)
}

var errNotSynced = errors.New("sync this library first: the other machines have to know the sound before they can fetch it")

// Unkeep takes the choice back. The audio of samples named by themselves is deleted from the
// cloud; files on this and other machines stay.
func (c *Cloud) Unkeep(ctx context.Context, objects ...string) error {
	remote, account, err := c.signedIn()
	if err != nil {
		return err
	}
	if err := c.conf.DB.SetKept(ctx, objects, false); err != nil {
		return err
	}
	for _, object := range objects {
		sum, ok := strings.CutPrefix(object, "sample/")
		if !ok {
			continue
		}
		k, ok, err := c.keptAs(ctx, sum)
		if err != nil || !ok {
			if err != nil {
				return err
			}
			continue
		}
		if err := remote.DeleteAudio(ctx, k.Object); err != nil && !gone(err) {
			c.note(account, err)
			return err
		}
		if err := c.conf.DB.SetCloudAudio(ctx, sum, ""); err != nil {
			return err
		}
	}
	c.forgetDetails(account)
	c.poke()
	return nil
}

func (c *Cloud) keptAs(ctx context.Context, sum string) (k wire.KeptAudio, ok bool, err error) {
	text, err := c.conf.DB.CloudAudio(ctx, sum)
	if err != nil || text == "" {
		return k, false, err
	}
	if err := json.Unmarshal([]byte(text), &k); err != nil {
		return k, false, fmt.Errorf("what is known of %s in the cloud: %w", sum, err)
	}
	return k, true, nil
}

// SendKept sends the files that a person chose and that are not there. A full storage waits until
// the server's time; a file that cannot be read is left for the next start.
func (c *Cloud) SendKept(ctx context.Context) error {
	c.sending.Lock()
	defer c.sending.Unlock()
	c.mu.Lock()
	wait := time.Now().Before(c.keeping.Until)
	c.mu.Unlock()
	if wait {
		return nil
	}
	remote, account, err := c.signedIn()
	if err != nil {
		return err
	}
	var all error
	for {
		files, err := c.conf.DB.ToKeep(ctx, 200)
		if err != nil {
			return err
		}
		sent := 0
		for i, f := range files {
			if c.unreadable[f.SHA256] {
				continue
			}
			c.keepingNow(Keeping{Left: len(files) - i, Name: f.Name})
			err := c.sendOne(ctx, remote, account, f)
			var p *wire.Problem
			switch {
			case err == nil:
				sent++
			case errors.Is(err, errLeft):
				c.keepingNow(Keeping{})
				return all
			case stops(err):
				c.keepingNow(Keeping{Left: len(files) - i})
				return errors.Join(all, err)
			case errors.As(err, &p) && !ofTheFile(p):
				until := time.Now().Add(lastTry)
				if p.ResetAt != nil {
					until = *p.ResetAt
				}
				c.keepingNow(Keeping{Left: len(files) - i, Problem: p.Error(), Until: until})
				return nil
			default: // the file's own trouble
				c.unreadable[f.SHA256] = true
				all = errors.Join(all, err)
			}
		}
		if sent == 0 {
			problem := ""
			if all != nil {
				problem = all.Error()
			}
			c.keepingNow(Keeping{Left: len(files), Problem: problem})
			return nil
		}
	}
}

// ofTheFile says whether a refusal is about one file: too large, or other bytes than were announced.
// Those behind it go on.
func ofTheFile(p *wire.Problem) bool {
	return p.Code == wire.CodeTooLarge || p.Code == wire.CodeInvalid
}

func (c *Cloud) keepingNow(k Keeping) {
	c.mu.Lock()
	changed := c.keeping != k
	c.keeping = k
	c.mu.Unlock()
	if changed {
		c.tell()
	}
}

// sendOne brings one file up to the account it was chosen for, from where it was cut. Error: errLeft.
func (c *Cloud) sendOne(ctx context.Context, remote *client.Client, account session.Account, f catalog.KeptFile) error {
	if in, err := c.syncsWith(ctx, account); err != nil || !in {
		return errors.Join(err, errLeft)
	}
	as, err := storedForm(ctx, f.Path, f.SHA256)
	if err != nil {
		return err
	}
	err = remote.SendAudio(ctx, as.sum, as.size, as.open, func(sent int64) {
		c.mu.Lock()
		c.keeping.Sent, c.keeping.Size = sent, as.size
		c.mu.Unlock()
		c.tell()
	})
	c.note(account, err)
	if err != nil {
		return err
	}
	text, err := json.Marshal(wire.KeptAudio{Object: as.sum, Size: as.size, Form: as.form, Name: filepath.Base(f.Path)})
	if err != nil {
		return err
	}
	c.forgetDetails(account)
	c.switching.Lock()
	defer c.switching.Unlock()
	if in, err := c.syncsWith(ctx, account); err != nil || !in {
		return errors.Join(err, errLeft)
	}
	return c.conf.DB.SetCloudAudio(ctx, f.SHA256, string(text))
}

// InCloud says which of some samples have no file here and can be fetched.
func (c *Cloud) InCloud(ctx context.Context, rows []catalog.Row) ([]catalog.Row, error) {
	return c.conf.DB.InCloud(ctx, rows)
}

// ErrElsewhere says that a sample's file is on another machine and not in the cloud.
var ErrElsewhere = errors.New("it is on another machine: “Keep in the cloud” it there")

// Fetch brings a sample's file to this machine, into the managed folder, and gives the sample its
// place. Every byte is looked at: the file is the one that it was. A file that is here already is
// left alone.
func (c *Cloud) Fetch(ctx context.Context, row catalog.Row, progress func(got, size int64)) error {
	c.fetching.Lock()
	defer c.fetching.Unlock()
	all, err := c.conf.DB.Samples(ctx, []catalog.Row{row})
	if err != nil || len(all) == 0 {
		return errors.Join(err, catalog.ErrNotFound)
	}
	s := all[0]
	if s.State != catalog.Missing {
		return nil
	}
	k, ok, err := c.keptAs(ctx, s.SHA256)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("%s: %w", s.Name, ErrElsewhere)
	}
	remote, account, err := c.signedIn()
	if err != nil {
		return err
	}
	dir := c.conf.Managed()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	part := filepath.Join(dir, ".fetching-"+k.Object)
	err = remote.FetchAudio(ctx, k.Object, k.Size, part, progress)
	c.note(account, err)
	if err != nil {
		return fmt.Errorf("fetch %s: %w", s.Name, err)
	}
	if k.Form == wire.KeptPacked {
		err := unpackFile(ctx, part)
		var disk *fs.PathError
		if errors.As(err, &disk) { // what came is whole, and is unpacked once there is room
			return fmt.Errorf("fetch %s: %w", s.Name, err)
		}
		if err != nil {
			return errors.Join(fmt.Errorf("fetch %s: %w", s.Name, err), os.Remove(part))
		}
	}
	// Looked at once more as it lies on the disk: now it has to be the very file.
	sum, err := client.SumFile(part)
	if err == nil && sum != s.SHA256 {
		err = errDamaged
	}
	if err != nil {
		return errors.Join(fmt.Errorf("fetch %s: %w", s.Name, err), os.Remove(part))
	}
	path, err := settle(part, dir, k.Name)
	if err != nil {
		return err
	}
	return c.conf.Take(ctx, path)
}

// unpackFile replaces a packed file with what was packed.
func unpackFile(ctx context.Context, path string) error {
	packed, err := os.Open(path)
	if err != nil {
		return err
	}
	defer packed.Close()
	info, err := packed.Stat()
	if err != nil {
		return err
	}
	whole, err := os.Create(path + ".whole")
	if err != nil {
		return err
	}
	out := bufio.NewWriter(whole)
	err = errors.Join(pack.Unpack(ctx, packed, info.Size(), out), out.Flush(), whole.Close())
	if err != nil {
		return errors.Join(err, os.Remove(whole.Name()))
	}
	return os.Rename(whole.Name(), path)
}

// settle gives a file its name in dir; another file of that name is never replaced.
func settle(part, dir, name string) (string, error) {
	name = filepath.Base(filepath.Clean("/" + name))
	ext := filepath.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	for n := 1; ; n++ {
		path := filepath.Join(dir, name)
		if n > 1 {
			path = filepath.Join(dir, fmt.Sprintf("%s (%d)%s", stem, n, ext))
		}
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		return path, errors.Join(f.Close(), os.Rename(part, path))
	}
}
