// Package object keeps files: in a local folder, or in any S3 bucket, behind one face with
// signed links that work without our server's sign-in for a short while.
//
// Keys are made of our ids only. The package must never know who owns an object, what is in
// it, or a name that a user gave.
package object

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"
)

// ErrNotFound says that no object has the key.
var ErrNotFound = errors.New("object not found")

// ErrAway says that the folder or the bucket failed, whatever the object: it cannot be reached, is
// full, or refuses us. The same may be asked again later.
var ErrAway = errors.New("the object store fails")

// away is an error of the store itself. Its cause is kept as text where it could be taken for what
// the object is, as the end of a file.
func away(what, key string, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%s %s: %w: %s", what, key, ErrAway, err.Error())
	}
	return fmt.Errorf("%s %s: %w: %w", what, key, ErrAway, err)
}

// LinkTime is the longest a signed link may live (B29).
const LinkTime = 15 * time.Minute

// Info is what is known of an object without reading it.
type Info struct {
	Key      string
	Size     int64
	Modified time.Time
}

// Reader reads an object; it can seek, for headers and ranges.
type Reader interface {
	io.ReadSeekCloser
}

// Near says that an open object is a file of this machine, in which seeking costs nothing.
func Near(r Reader) bool {
	_, near := r.(*os.File)
	return near
}

// Same says that two open objects are one file under two names, so that their bytes are the same.
func Same(a, b Reader) bool {
	fa, near := a.(*os.File)
	fb, both := b.(*os.File)
	if !near || !both {
		return false
	}
	sa, errA := fa.Stat()
	sb, errB := fb.Stat()
	return errA == nil && errB == nil && os.SameFile(sa, sb)
}

type addressKey struct{}

// WithAddress is ctx for links that lead to the server by another address of it.
func WithAddress(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, addressKey{}, address)
}

// Store keeps objects. Both kinds pass the same tests.
type Store interface {
	// Put writes an object of exactly size bytes, whole or not at all, over one that is there.
	Put(ctx context.Context, key string, r io.Reader, size int64, about About) error
	// Get opens an object; ErrNotFound if it is not there.
	Get(ctx context.Context, key string) (Reader, Info, error)
	// Stat looks at an object; ErrNotFound if it is not there.
	Stat(ctx context.Context, key string) (Info, error)
	// Copy writes a copy, whole or not at all.
	Copy(ctx context.Context, from, to string) error
	// Delete removes an object; one that is not there is no error.
	Delete(ctx context.Context, key string) error
	// List walks all objects whose key begins with prefix, in the order of keys.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]
	// LinkGet is an address that serves the object once signed in nowhere, until ttl has passed.
	LinkGet(ctx context.Context, key string, ttl time.Duration, as Serve) (string, error)
	// LinkPut is an address that takes exactly the announced bytes, with headers to send.
	LinkPut(ctx context.Context, key string, ttl time.Duration, put Announce) (address string, headers http.Header, err error)
	// Ready asks, without reading or writing an object, whether the bucket is there, or whether the
	// folder is and takes a file; ErrAway if not.
	Ready(ctx context.Context) error
	// Check does a round trip of a small object and says what is wrong in an operator's words.
	Check(ctx context.Context) error
	// Kind is "local folder" or "S3", for people.
	Kind() string
}

// Serve says how a link hands out its object.
type Serve struct {
	ContentType string
	Filename    string // what the browser saves it as
	Inline      bool   // play it, do not save it
}

// About is what an object store notes beside the bytes, for who looks into the bucket: whose an
// object is stands in its key too, in which plan it came does not. A folder notes nothing.
type About struct {
	ContentType string
	Owner, Tier string // "" where they do not matter
}

// Announce is what a client says it will send; the link takes nothing else.
type Announce struct {
	About
	Size   int64
	SHA256 []byte
}

var part = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]*$`)

// checkKey refuses everything but slash-separated parts of plain letters: a key never climbs
// out of a folder.
func checkKey(key string) error {
	if len(key) > 512 {
		return fmt.Errorf("object key of %d bytes", len(key))
	}
	for p := range strings.SplitSeq(key, "/") {
		if !part.MatchString(p) {
			return fmt.Errorf("object key %q has a part that is not plain", key)
		}
	}
	return nil
}

// Pending is the key of an upload that waits for its worker.
func Pending(userID, jobID, ext string) string {
	return PendingPrefix + userID + "/" + jobID + "." + ext
}

// Processed is the key of a sample's audio as it was uploaded.
func Processed(userID, sampleID, ext string) string {
	return ProcessedPrefix + userID + "/" + sampleID + "." + ext
}

// Derived is the key of something made from a sample's audio.
func Derived(userID, sampleID, name string) string {
	return ProcessedPrefix + userID + "/" + sampleID + "." + name
}

// Export is the key of an export.
func Export(userID, exportID, ext string) string {
	return ExportPrefix + userID + "/" + exportID + "." + ext
}

// Kept is the key of audio that an account keeps for its other machines.
func Kept(userID, audioID string) string { return KeptPrefix + userID + "/" + audioID }

// The parts of the store (A76).
const (
	KeptPrefix      = "kept/"
	PendingPrefix   = "uploads-pending/"
	ProcessedPrefix = "processed/"
	ExportPrefix    = "exports/"
)

// IDOf is the job, sample or export id inside a key.
func IDOf(key string) string {
	name := key[strings.LastIndexByte(key, '/')+1:]
	id, _, _ := strings.Cut(name, ".")
	return id
}
