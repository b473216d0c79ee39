package cloud

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sampleagent/app/words"
	"sampleagent/library/catalog"
)

// Preview is what would become of a selection in the cloud, told before anything is sent.
type Preview struct {
	Files   int       // chosen
	Packed  int       // of them looked at so far: the sizes below are those of what would go up
	Raw     int64     // bytes of the files that fit
	Bytes   int64     // bytes that would go up for them, as FLAC where that is smaller
	Fits    int       // will be taken, now or at ResetAt
	Later   int       // of them wait until ResetAt, when the plan's uploads begin anew
	Refused []Refusal // would be refused whenever they came
	Left    int64     // uploads left until ResetAt; -1 without limit
	ResetAt time.Time
	Room    int64 // bytes of storage left; -1 when not known
	Known   bool  // the server has told the limits; false: they are checked when it can be reached
}

// Refusal is a file that the plan does not take, and why.
type Refusal struct{ Name, Reason string }

// Preview looks at samples as Queue would send them. progress, unless nil, hears the running
// result after each file.
func (c *Cloud) Preview(ctx context.Context, rows []catalog.Row, progress func(Preview)) (Preview, error) {
	if _, _, err := c.signedIn(); err != nil {
		return Preview{}, err
	}
	samples, err := c.conf.DB.Samples(ctx, rows)
	if err != nil {
		return Preview{}, err
	}
	p := Preview{Files: len(samples), Left: -1, Room: -1}
	details := c.State().Details
	if details != nil {
		p.Known, p.ResetAt = true, details.Usage.UploadsResetAt
		p.Room = max(0, details.Limits.StorageBytes-details.Usage.StorageBytes)
		if details.Limits.Uploads >= 0 {
			p.Left = max(0, details.Limits.Uploads-details.Usage.Uploads)
		}
	}
	under, err := c.underWay(ctx)
	if err != nil {
		return Preview{}, err
	}
	for _, s := range samples {
		if err := ctx.Err(); err != nil {
			return p, err
		}
		p.Packed++
		err := c.allowed(s)
		if under[s.ID] {
			err = errUnderWay
		}
		if err == nil {
			var size int64
			if size, err = c.packedSize(ctx, s); err == nil {
				if p.Room >= 0 && p.Bytes+size > p.Room {
					err = fmt.Errorf("the plan's cloud storage has no room for its %s", words.Size(size))
				} else {
					p.Fits++
					p.Raw += s.Size
					p.Bytes += size
				}
			}
		}
		if errors.Is(err, context.Canceled) {
			return p, err
		}
		if err != nil {
			p.Refused = append(p.Refused, Refusal{s.Name, err.Error()})
		}
		if p.Left >= 0 {
			p.Later = max(0, p.Fits-int(p.Left))
		}
		if progress != nil {
			progress(p)
		}
	}
	return p, nil
}

// packedSize is how many bytes of a sample would go up. Error: why it cannot.
func (c *Cloud) packedSize(ctx context.Context, s catalog.Sample) (int64, error) {
	file, err := lossless(ctx, s.Path, s.SHA256)
	if err != nil {
		return 0, err
	}
	return file.size, c.fits(file.size)
}

// fits says why a file of a size cannot go up.
func (c *Cloud) fits(size int64) error {
	details := c.State().Details
	if details == nil || details.Limits.FileBytes <= 0 || size <= details.Limits.FileBytes {
		return nil
	}
	return fmt.Errorf("%s as it would go up is more than the %s a file that the %s plan takes", words.Size(size), words.Size(details.Limits.FileBytes), details.Tier)
}

// allowed says why a sample cannot go up.
func (c *Cloud) allowed(s catalog.Sample) error {
	if s.State == catalog.Missing || s.State == catalog.Failed {
		return errors.New("its file cannot be read here")
	}
	details := c.State().Details
	if details == nil {
		return nil
	}
	const tolerance = 0.1 // s, for the padding of codecs; the server allows the same
	if limit := details.Limits.Seconds; limit > 0 && s.Duration > limit+tolerance {
		return fmt.Errorf("%.1f s is longer than the %g s of the %s plan", s.Duration, limit, details.Tier)
	}
	return nil
}
