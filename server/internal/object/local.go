package object

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Local keeps objects in a folder and serves its own signed links (see ServeHTTP).
type Local struct {
	dir    string
	public string // address under which ServeHTTP is reached
	secret []byte
	now    func() time.Time
}

// LocalPath is where ServeHTTP must be mounted.
const LocalPath = "/objects/"

// NewLocal keeps objects under dir. public is the server's address, secret signs links.
func NewLocal(dir, public string, secret []byte, now func() time.Time) (*Local, error) {
	for _, sub := range []string{"data", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, fmt.Errorf("object folder: %w", err)
		}
	}
	return &Local{dir: dir, public: public, secret: secret, now: now}, nil
}

// Kind is for people.
func (l *Local) Kind() string { return "local folder" }

func (l *Local) path(key string) string {
	return filepath.Join(l.dir, "data", filepath.FromSlash(key))
}

// Put writes to a temporary file and renames it.
func (l *Local) Put(ctx context.Context, key string, r io.Reader, size int64, _ About) error {
	if err := checkKey(key); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Join(l.dir, "tmp"), "put")
	if err != nil {
		return away("store", key, err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // gone once it was renamed
	n, err := io.Copy(tmp, io.LimitReader(readerWith(ctx, r), size+1))
	if err == nil && n != size {
		err = fmt.Errorf("got %d bytes of %d", n, size)
	}
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return away("store", key, err)
	}
	if err := place(os.Rename, tmp.Name(), l.path(key)); err != nil {
		return away("store", key, err)
	}
	return nil
}

// place renames or links a file into a folder that is made for it, or that Delete may just be removing
// because it was empty.
func place(move func(from, to string) error, from, to string) error {
	for {
		err := move(from, to)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if _, gone := os.Stat(from); gone != nil {
			return err
		}
		// fs.ErrExist: it was there when MkdirAll made it, and gone when MkdirAll looked.
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
}

func readerWith(ctx context.Context, r io.Reader) io.Reader { return &ctxReader{ctx, r} }

type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *ctxReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// Get opens the file.
func (l *Local) Get(_ context.Context, key string) (Reader, Info, error) {
	if err := checkKey(key); err != nil {
		return nil, Info{}, err
	}
	f, err := os.Open(l.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Info{}, ErrNotFound
	}
	if err != nil {
		return nil, Info{}, away("open", key, err)
	}
	st, err := f.Stat()
	if err != nil {
		return nil, Info{}, errors.Join(away("open", key, err), f.Close())
	}
	return f, Info{key, st.Size(), st.ModTime()}, nil
}

// Stat looks at the file.
func (l *Local) Stat(_ context.Context, key string) (Info, error) {
	if err := checkKey(key); err != nil {
		return Info{}, err
	}
	st, err := os.Stat(l.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return Info{}, ErrNotFound
	}
	if err != nil {
		return Info{}, away("look at", key, err)
	}
	return Info{key, st.Size(), st.ModTime()}, nil
}

// Copy gives the file a second name: an object is never changed in place, so that its bytes need
// not be written and flushed again.
func (l *Local) Copy(ctx context.Context, from, to string) error {
	if err := errors.Join(checkKey(from), checkKey(to)); err != nil {
		return err
	}
	now := time.Now() // orphans are told by their age, and both names have one: the copy's begins here
	err := os.Chtimes(l.path(from), now, now)
	if err == nil {
		err = place(os.Link, l.path(from), l.path(to))
	}
	if errors.Is(err, fs.ErrExist) {
		err = l.linkOver(from, to)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNotFound
	}
	if err != nil { // a file system without second names
		return l.copyBytes(ctx, from, to)
	}
	return nil
}

// linkOver gives a file the name of an object that is there, which it is at every moment.
func (l *Local) linkOver(from, to string) error {
	beside := filepath.Join(l.dir, "tmp", "copy"+rand.Text())
	if err := os.Link(l.path(from), beside); err != nil {
		return err
	}
	defer func() { _ = os.Remove(beside) }() // gone once it was renamed, unless to was the same file
	return place(os.Rename, beside, l.path(to))
}

func (l *Local) copyBytes(ctx context.Context, from, to string) error {
	r, info, err := l.Get(ctx, from)
	if err != nil {
		return err
	}
	defer r.Close()
	return l.Put(ctx, to, r, info.Size, About{})
}

// Delete removes the file, and its folder when that is empty. It waits while Freeze takes stock.
func (l *Local) Delete(ctx context.Context, key string) (err error) {
	if err := checkKey(key); err != nil {
		return err
	}
	allowed := l.deleteLock()
	if _, err := allowed.TryRLockContext(ctx, lockPause); err != nil {
		return away("remove", key, err)
	}
	defer func() { err = errors.Join(err, allowed.Unlock()) }()
	if err := os.Remove(l.path(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return away("remove", key, err)
	}
	_ = os.Remove(filepath.Dir(l.path(key))) // fails while other objects are in it, as it should
	return nil
}

// List walks the folder.
func (l *Local) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		root := filepath.Join(l.dir, "data")
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // removed while we walk
			}
			if err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			key := filepath.ToSlash(rel)
			if d.IsDir() {
				if key != "." && !strings.HasPrefix(key+"/", prefix) && !strings.HasPrefix(prefix, key+"/") {
					return fs.SkipDir
				}
				return nil
			}
			if !strings.HasPrefix(key, prefix) {
				return nil
			}
			st, err := d.Info()
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			if !yield(Info{key, st.Size(), st.ModTime()}, nil) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			yield(Info{}, away("list", prefix, err))
		}
	}
}

// Ready looks for the folder, and whether its disk takes a small file.
func (l *Local) Ready(context.Context) error {
	folder, err := os.Open(filepath.Join(l.dir, "data"))
	if err != nil {
		return away("look into", "the object folder", err)
	}
	defer folder.Close()
	if _, err := folder.Readdirnames(1); err != nil && !errors.Is(err, io.EOF) {
		return away("look into", "the object folder", err)
	}
	probe, err := os.CreateTemp(filepath.Join(l.dir, "tmp"), "ready")
	if err != nil {
		return away("write into", "the object folder", err)
	}
	_, err = probe.Write(make([]byte, 4<<10)) // a block: an empty file needs no room
	if err = errors.Join(err, probe.Close(), os.Remove(probe.Name())); err != nil {
		return away("write into", "the object folder", err)
	}
	return nil
}

// Check writes, reads and removes a small object.
func (l *Local) Check(ctx context.Context) error { return roundTrip(ctx, l) }

func roundTrip(ctx context.Context, s Store) error {
	const key = "doctor/probe"
	want := []byte("sample agent probe")
	if err := s.Put(ctx, key, bytes.NewReader(want), int64(len(want)), About{ContentType: "text/plain"}); err != nil {
		return fmt.Errorf("writing an object failed: %w", err)
	}
	r, _, err := s.Get(ctx, key)
	if err != nil {
		return fmt.Errorf("reading it back failed: %w", err)
	}
	got, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil || !bytes.Equal(got, want) {
		return fmt.Errorf("reading it back failed: %d bytes of %d, %w", len(got), len(want), err)
	}
	if err := s.Delete(ctx, key); err != nil {
		return fmt.Errorf("removing it failed: %w", err)
	}
	return nil
}

// LinkGet signs method, key, end and how to serve.
func (l *Local) LinkGet(ctx context.Context, key string, ttl time.Duration, as Serve) (string, error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	q := url.Values{"exp": {l.end(ttl)}, "ct": {as.ContentType}, "cd": {disposition(as)}}
	return l.sign(ctx, http.MethodGet, key, q), nil
}

// LinkPut signs method, key, end, size, hash and type.
func (l *Local) LinkPut(ctx context.Context, key string, ttl time.Duration, put Announce) (string, http.Header, error) {
	if err := checkKey(key); err != nil {
		return "", nil, err
	}
	q := url.Values{"exp": {l.end(ttl)}, "size": {strconv.FormatInt(put.Size, 10)}, "sha": {hex.EncodeToString(put.SHA256)}, "ct": {put.ContentType}}
	return l.sign(ctx, http.MethodPut, key, q), http.Header{"Content-Type": {put.ContentType}}, nil
}

func (l *Local) end(ttl time.Duration) string {
	return strconv.FormatInt(l.now().Add(min(ttl, LinkTime)).Unix(), 10)
}

func disposition(as Serve) string {
	kind := "attachment"
	if as.Inline {
		kind = "inline"
	}
	return mime.FormatMediaType(kind, map[string]string{"filename": as.Filename})
}

func (l *Local) mac(method, key string, q url.Values) string {
	h := hmac.New(sha256.New, l.secret)
	fmt.Fprintf(h, "%s\n%s\n%s", method, key, q.Encode())
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

func (l *Local) sign(ctx context.Context, method, key string, q url.Values) string {
	q.Set("sig", l.mac(method, key, q))
	address, ok := ctx.Value(addressKey{}).(string)
	if !ok {
		address = l.public
	}
	return address + LocalPath + key + "?" + q.Encode()
}

// ServeHTTP answers signed links, with ranges. Everything else is 403 or 404.
func (l *Local) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key, found := strings.CutPrefix(r.URL.Path, LocalPath)
	if !found || checkKey(key) != nil {
		http.NotFound(w, r)
		return
	}
	q := r.URL.Query()
	sig := q.Get("sig")
	q.Del("sig")
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if subtle.ConstantTimeCompare([]byte(sig), []byte(l.mac(method, key, q))) != 1 {
		http.Error(w, "This link is not valid.", http.StatusForbidden)
		return
	}
	end, err := strconv.ParseInt(q.Get("exp"), 10, 64)
	if err != nil || l.now().Unix() > end {
		http.Error(w, "This link has ended; ask for a new one.", http.StatusForbidden)
		return
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch method {
	case http.MethodGet:
		l.serveGet(w, r, key, q)
	case http.MethodPut:
		l.servePut(w, r, key, q)
	default:
		http.Error(w, "This link is not valid.", http.StatusForbidden)
	}
}

func (l *Local) serveGet(w http.ResponseWriter, r *http.Request, key string, q url.Values) {
	f, info, err := l.Get(r.Context(), key)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer f.Close()
	w.Header().Set("Content-Type", q.Get("ct"))
	w.Header().Set("Content-Disposition", q.Get("cd"))
	w.Header().Set("Cache-Control", "private, max-age=900, immutable")
	w.Header().Set("ETag", fmt.Sprintf(`"%x-%x"`, info.Modified.UnixNano(), info.Size))
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
	http.ServeContent(w, r, "", info.Modified, f)
}

func (l *Local) servePut(w http.ResponseWriter, r *http.Request, key string, q url.Values) {
	size, err := strconv.ParseInt(q.Get("size"), 10, 64)
	if err != nil || r.ContentLength != size || r.Header.Get("Content-Type") != q.Get("ct") {
		http.Error(w, "The bytes are not those announced: wrong size or type.", http.StatusForbidden)
		return
	}
	h := sha256.New()
	// The hash is known only at the end: the bytes go to the key only when it is right.
	tmp, err := os.CreateTemp(filepath.Join(l.dir, "tmp"), "direct")
	if err != nil {
		http.Error(w, "The server cannot store now; try again.", http.StatusServiceUnavailable)
		return
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // gone once it was renamed
	n, err := io.Copy(io.MultiWriter(tmp, h), io.LimitReader(r.Body, size+1))
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		http.Error(w, "The server could not store the bytes; try again.", http.StatusServiceUnavailable)
		return
	}
	if n != size || hex.EncodeToString(h.Sum(nil)) != q.Get("sha") {
		http.Error(w, "The bytes are not those announced: wrong hash.", http.StatusBadRequest)
		return
	}
	if err := place(os.Rename, tmp.Name(), l.path(key)); err != nil {
		http.Error(w, "The server could not store the bytes; try again.", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// SweepTemporary removes what a killed process left half written, older than a day.
func (l *Local) SweepTemporary() error {
	entries, err := os.ReadDir(filepath.Join(l.dir, "tmp"))
	if err != nil {
		return fmt.Errorf("sweep temporary files: %w", err)
	}
	for _, e := range entries {
		st, err := e.Info()
		if err == nil && l.now().Sub(st.ModTime()) > 24*time.Hour {
			err = os.Remove(filepath.Join(l.dir, "tmp", e.Name()))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("sweep temporary files: %w", err)
		}
	}
	return nil
}
