package session

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/zalando/go-keyring"
)

// ErrNotFound says that a vault holds no secret under a key.
var ErrNotFound = errors.New("no secret is stored for this account")

// ErrNoKeyring says that the system has no keyring that answers. A caller then signs in for this
// session only, and says so.
var ErrNoKeyring = errors.New("the system keyring does not answer")

// Vault keeps one secret a key. Its calls may wait for a person to unlock a keyring, so they are
// never made on a UI goroutine.
type Vault interface {
	Get(ctx context.Context, key string) (string, error) // ErrNotFound, ErrNoKeyring
	Set(ctx context.Context, key, secret string) error
	Delete(ctx context.Context, key string) error // no error when there is nothing
}

// Keyring is the system's own: Secret Service on Linux, Keychain, Credential Manager.
type Keyring struct {
	Service string        // the application's ID
	Wait    time.Duration // how long a person may take to unlock it; 0 means two minutes
}

// Get reads a secret.
func (k Keyring) Get(ctx context.Context, key string) (string, error) {
	var secret string
	err := k.ask(ctx, func() (err error) {
		secret, err = keyring.Get(k.Service, key)
		return err
	})
	return secret, err
}

// Set stores a secret.
func (k Keyring) Set(ctx context.Context, key, secret string) error {
	return k.ask(ctx, func() error { return keyring.Set(k.Service, key, secret) })
}

// Delete removes a secret.
func (k Keyring) Delete(ctx context.Context, key string) error {
	err := k.ask(ctx, func() error { return keyring.Delete(k.Service, key) })
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// ask runs one call of the keyring beside the caller, because the call itself cannot be
// cancelled and a locked keyring may never answer.
func (k Keyring) ask(ctx context.Context, call func() error) error {
	wait := k.Wait
	if wait == 0 {
		wait = 2 * time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- call() }()
	select {
	case err := <-done:
		switch {
		case err == nil:
			return nil
		case errors.Is(err, keyring.ErrNotFound):
			return ErrNotFound
		}
		return fmt.Errorf("%w: %w", ErrNoKeyring, err)
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrNoKeyring, ctx.Err())
	}
}

// Memory is a vault for this session only.
type Memory struct {
	mu      sync.Mutex
	secrets map[string]string
}

// Get reads a secret.
func (m *Memory) Get(_ context.Context, key string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	secret, ok := m.secrets[key]
	if !ok {
		return "", ErrNotFound
	}
	return secret, nil
}

// Set stores a secret until the program ends.
func (m *Memory) Set(_ context.Context, key, secret string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.secrets == nil {
		m.secrets = map[string]string{}
	}
	m.secrets[key] = secret
	return nil
}

// Delete removes a secret.
func (m *Memory) Delete(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.secrets, key)
	return nil
}
