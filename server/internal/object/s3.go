package object

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3 keeps objects in a bucket of R2 or any S3 server.
type S3 struct {
	client *minio.Client
	bucket string
}

// A server that takes a request and does not answer is given up after s3Tries times s3Patience: a user
// waits for it. (By default that would be ten minutes.)
const (
	s3Patience = 20 * time.Second // from the last byte sent to the answer's first
	s3Tries    = 4
)

// NewS3 speaks to endpoint (http://... or https://...). TrailingHeaders stay off and MD5 is
// sent instead: R2 refuses the CRC32C trailer that newer clients add (server-notes.md).
func NewS3(endpoint, region, bucket, accessKey, secretKey string) (*S3, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("s3_endpoint: %q is not an address", endpoint)
	}
	transport, err := minio.DefaultTransport(u.Scheme == "https")
	if err != nil {
		return nil, fmt.Errorf("s3_endpoint: %w", err)
	}
	transport.ResponseHeaderTimeout = s3Patience
	client, err := minio.New(u.Host, &minio.Options{
		Transport:    transport,
		MaxRetries:   s3Tries,
		Creds:        credentials.NewStaticV4(accessKey, secretKey, ""),
		Secure:       u.Scheme == "https",
		Region:       region,
		BucketLookup: minio.BucketLookupPath,
	})
	if err != nil {
		return nil, fmt.Errorf("s3_endpoint: %w", err)
	}
	return &S3{client, bucket}, nil
}

// Kind is for people.
func (s *S3) Kind() string { return "S3" }

// Bucket is the bucket's name.
func (s *S3) Bucket() string { return s.bucket }

// MakeBucket makes the bucket, for tests and first set-up.
func (s *S3) MakeBucket(ctx context.Context) error {
	return s.client.MakeBucket(ctx, s.bucket, minio.MakeBucketOptions{})
}

func (s *S3) fail(what, key string, err error) error {
	if code := minio.ToErrorResponse(err).Code; code == "NoSuchKey" || code == "NotFound" {
		return ErrNotFound
	}
	return away(what, key, err)
}

// metadata are the names under which S3 keeps what is not empty.
func (a About) metadata() map[string]string {
	m := map[string]string{}
	for name, value := range map[string]string{"Owner": a.Owner, "Tier": a.Tier} {
		if value != "" {
			m[name] = value
		}
	}
	return m
}

// Put sends the object in one request up to 64 MiB, in parts above.
func (s *S3) Put(ctx context.Context, key string, r io.Reader, size int64, about About) error {
	if err := checkKey(key); err != nil {
		return err
	}
	_, err := s.client.PutObject(ctx, s.bucket, key, r, size, minio.PutObjectOptions{
		ContentType: about.ContentType, UserMetadata: about.metadata(), SendContentMd5: true, PartSize: 64 << 20,
	})
	if err != nil {
		return s.fail("store", key, err)
	}
	return nil
}

// Get opens the object.
func (s *S3) Get(ctx context.Context, key string) (Reader, Info, error) {
	if err := checkKey(key); err != nil {
		return nil, Info{}, err
	}
	o, err := s.client.GetObject(ctx, s.bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return nil, Info{}, s.fail("open", key, err)
	}
	st, err := o.Stat()
	if err != nil {
		return nil, Info{}, errors.Join(s.fail("open", key, err), o.Close())
	}
	return &s3Object{o, key}, Info{key, st.Size, st.LastModified}, nil
}

// s3Object tells an answer that broke off from the object's end.
type s3Object struct {
	*minio.Object
	key string
}

func (o *s3Object) Read(p []byte) (int, error) {
	n, err := o.Object.Read(p)
	return n, o.told(err)
}

func (o *s3Object) ReadAt(p []byte, at int64) (int, error) {
	n, err := o.Object.ReadAt(p, at)
	return n, o.told(err)
}

func (o *s3Object) told(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return away("read", o.key, err)
}

// Stat looks at the object.
func (s *S3) Stat(ctx context.Context, key string) (Info, error) {
	if err := checkKey(key); err != nil {
		return Info{}, err
	}
	st, err := s.client.StatObject(ctx, s.bucket, key, minio.StatObjectOptions{})
	if err != nil {
		return Info{}, s.fail("look at", key, err)
	}
	return Info{key, st.Size, st.LastModified}, nil
}

// Copy lets the server copy.
func (s *S3) Copy(ctx context.Context, from, to string) error {
	if err := checkKey(to); err != nil {
		return err
	}
	_, err := s.client.CopyObject(ctx, minio.CopyDestOptions{Bucket: s.bucket, Object: to}, minio.CopySrcOptions{Bucket: s.bucket, Object: from})
	if err != nil {
		return s.fail("copy", from, err)
	}
	return nil
}

// Delete removes the object.
func (s *S3) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	err := s.client.RemoveObject(ctx, s.bucket, key, minio.RemoveObjectOptions{})
	if err != nil {
		if err = s.fail("remove", key, err); errors.Is(err, ErrNotFound) {
			return nil
		}
	}
	return err
}

// List walks the bucket.
func (s *S3) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		for o := range s.client.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
			if o.Err != nil {
				yield(Info{}, away("list", prefix, o.Err))
				return
			}
			if !yield(Info{o.Key, o.Size, o.LastModified}, nil) {
				return
			}
		}
	}
}

// LinkGet signs an address of the S3 server.
func (s *S3) LinkGet(ctx context.Context, key string, ttl time.Duration, as Serve) (string, error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	q := url.Values{"response-content-type": {as.ContentType}, "response-content-disposition": {disposition(as)},
		"response-cache-control": {"private, max-age=900, immutable"}}
	u, err := s.client.PresignedGetObject(ctx, s.bucket, key, min(ttl, LinkTime), q)
	if err != nil {
		return "", s.fail("sign", key, err)
	}
	return u.String(), nil
}

// LinkPut signs size, SHA-256 and what is noted beside the bytes into the address.
func (s *S3) LinkPut(ctx context.Context, key string, ttl time.Duration, put Announce) (string, http.Header, error) {
	if err := checkKey(key); err != nil {
		return "", nil, err
	}
	signed := http.Header{
		"Content-Type":          {put.ContentType},
		"Content-Length":        {strconv.FormatInt(put.Size, 10)},
		"X-Amz-Checksum-Sha256": {base64.StdEncoding.EncodeToString(put.SHA256)},
	}
	for name, value := range put.metadata() {
		signed.Set("X-Amz-Meta-"+name, value)
	}
	u, err := s.client.PresignHeader(ctx, http.MethodPut, s.bucket, key, min(ttl, LinkTime), nil, signed)
	if err != nil {
		return "", nil, s.fail("sign", key, err)
	}
	return u.String(), signed, nil
}

// Ready asks for the bucket.
func (s *S3) Ready(ctx context.Context) error {
	ok, err := s.client.BucketExists(ctx, s.bucket)
	if err != nil {
		return fmt.Errorf("%w: the S3 server does not answer as it should; check s3_endpoint, s3_access_key and s3_secret_key: %w", ErrAway, err)
	}
	if !ok {
		return fmt.Errorf("%w: the bucket %q is not there; make it, or correct s3_bucket or s3_access_key", ErrAway, s.bucket)
	}
	return nil
}

// Check asks for the bucket and does a round trip.
func (s *S3) Check(ctx context.Context) error {
	if err := s.Ready(ctx); err != nil {
		return err
	}
	return roundTrip(ctx, s)
}
