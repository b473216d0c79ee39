package notify

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"sampleagent/server/internal/store"
	"sampleagent/sync/wire"
)

// mostHooks is how many webhooks an account has at most.
const mostHooks = 10

// twoSecrets is how long a rotated secret still signs beside the new one.
const twoSecrets = 24 * time.Hour

func badHook(why string) error {
	return &wire.Problem{Type: "about:blank", Title: "Unprocessable Entity", Status: http.StatusUnprocessableEntity, Code: wire.CodeInvalid, Detail: "This webhook cannot be: " + why + "."}
}

func checkHook(h *store.Webhook, production bool) error {
	if err := checkURL(h.URL, production); err != nil {
		return badHook(err.Error())
	}
	if len(h.Events) == 0 {
		return badHook("it wants no event; choose one")
	}
	for _, e := range h.Events {
		if !slices.Contains(wire.WebhookEvents, e) {
			return badHook("no event is called " + strconv.Quote(e))
		}
	}
	return nil
}

// AddHook makes a webhook of a user; its secret is in the answer and never again.
func (s *Service) AddHook(ctx context.Context, userID string, r wire.WebhookRequest, production bool, ip string) (*wire.Webhook, error) {
	h := &store.Webhook{ID: store.NewID(), UserID: userID, URL: r.URL, Secret: newSecret(), Events: r.Events, CreatedAt: store.At(s.Now())}
	if err := checkHook(h, production); err != nil {
		return nil, err
	}
	err := s.DB.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockUser(ctx, userID); err != nil { // who adds at the same moment is counted
			return err
		}
		have, err := tx.Webhooks(ctx, userID)
		if err != nil {
			return err
		}
		if len(have) >= mostHooks {
			return badHook("an account has at most 10; remove one first")
		}
		if err := tx.AddWebhook(ctx, h); err != nil {
			return err
		}
		return s.audit(ctx, tx, h, "webhook.added", ip)
	})
	w := wireHook(h)
	w.Secret = h.Secret
	return &w, err
}

// audit notes what a user did to a webhook.
func (s *Service) audit(ctx context.Context, tx *store.Tx, h *store.Webhook, action, ip string) error {
	return tx.AddAudit(ctx, &store.Audit{UserID: h.UserID, Actor: "user:" + h.UserID, Action: action, Subject: h.ID, IP: ip,
		Detail: store.JSON[map[string]string]{V: map[string]string{"to": h.URL}}, CreatedAt: store.At(s.Now())})
}

// ChangeHook changes a user's webhook. Switching it on forgets how long it failed.
func (s *Service) ChangeHook(ctx context.Context, userID, id string, p wire.WebhookPatch, production bool, ip string) (*wire.Webhook, error) {
	var h *store.Webhook
	err := s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if h, err = tx.Webhook(ctx, userID, id); err != nil {
			return err
		}
		if p.URL != nil {
			h.URL = *p.URL
		}
		if p.Events != nil {
			h.Events = *p.Events
		}
		switch {
		case p.Enabled == nil:
		case *p.Enabled:
			h.DisabledAt, h.DisabledReason, h.FailingSince = 0, "", 0
		case h.DisabledAt == 0:
			h.DisabledAt, h.DisabledReason = store.At(s.Now()), "you switched it off"
		}
		if err := checkHook(h, production); err != nil {
			return err
		}
		if err := tx.ChangeWebhook(ctx, h); err != nil {
			return err
		}
		return s.audit(ctx, tx, h, "webhook.changed", ip)
	})
	if err != nil {
		return nil, err
	}
	w := wireHook(h)
	return &w, nil
}

// RotateHook gives a user's webhook a new secret; it is in the answer and never again. The
// former one signs too for a day.
func (s *Service) RotateHook(ctx context.Context, userID, id, ip string) (*wire.Webhook, error) {
	secret := newSecret()
	var h *store.Webhook
	err := s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if h, err = tx.Webhook(ctx, userID, id); err != nil {
			return err
		}
		if err := tx.RotateWebhook(ctx, userID, id, secret, s.Now().Add(twoSecrets)); err != nil {
			return err
		}
		return s.audit(ctx, tx, h, "webhook.rotated", ip)
	})
	if err != nil {
		return nil, err
	}
	w := wireHook(h)
	w.Secret = secret
	return &w, nil
}

// RemoveHook removes a user's webhook and its log.
func (s *Service) RemoveHook(ctx context.Context, userID, id, ip string) error {
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		h, err := tx.Webhook(ctx, userID, id)
		if err != nil {
			return err
		}
		if err := tx.DeleteWebhook(ctx, userID, id); err != nil {
			return err
		}
		return s.audit(ctx, tx, h, "webhook.removed", ip)
	})
}

// wireHook is a webhook as its user sees it, without its secret.
func wireHook(h *store.Webhook) wire.Webhook {
	w := wire.Webhook{ID: h.ID, URL: h.URL, Events: h.Events, Enabled: h.DisabledAt == 0, CreatedAt: h.CreatedAt.Time(),
		LastSuccessAt: h.LastSuccessAt.Pointer(), LastFailureAt: h.LastFailureAt.Pointer()}
	if h.DisabledAt != 0 {
		w.DisabledReason = &h.DisabledReason
	}
	return w
}

// Hooks lists a user's webhooks.
func (s *Service) Hooks(ctx context.Context, userID string) ([]wire.Webhook, error) {
	rows, err := s.DB.Webhooks(ctx, userID)
	list := make([]wire.Webhook, 0, len(rows))
	for i := range rows {
		list = append(list, wireHook(&rows[i]))
	}
	return list, err
}

// Tries are a user's webhook's last 100 deliveries, newest first.
func (s *Service) Tries(ctx context.Context, userID, hookID string) ([]wire.WebhookTry, error) {
	if _, err := s.DB.Webhook(ctx, userID, hookID); err != nil {
		return nil, err
	}
	rows, err := s.DB.Deliveries(ctx, userID, hookID, 100)
	list := make([]wire.WebhookTry, 0, len(rows))
	for _, r := range rows {
		t := wire.WebhookTry{ID: r.ID, Event: r.Event, State: r.State, Tries: int(r.Tries), Created: r.CreatedAt.Time(), LastTry: r.LastTryAt.Pointer()}
		if r.Status != 0 {
			n := int(r.Status)
			t.Status = &n
		}
		if r.Error != "" {
			t.Error = &r.Error
		}
		list = append(list, t)
	}
	return list, err
}

// Test sends a test event to a webhook, and switches it on if it was off.
func (s *Service) Test(ctx context.Context, userID, hookID string) error {
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		h, err := tx.Webhook(ctx, userID, hookID)
		if err != nil {
			return err
		}
		if err := tx.EnableWebhook(ctx, userID, hookID); err != nil {
			return err
		}
		return s.deliver(ctx, tx, h, wire.EventWebhookTest, wire.DeliveryData{})
	})
}

// Resend delivers an event again, as a new delivery.
func (s *Service) Resend(ctx context.Context, userID, hookID, deliveryID string) error {
	return s.DB.Write(ctx, func(tx *store.Tx) error {
		h, err := tx.Webhook(ctx, userID, hookID)
		if err != nil {
			return err
		}
		old, err := tx.Delivery(ctx, deliveryID)
		if err != nil || old.WebhookID != h.ID || old.UserID != userID {
			return errors.Join(store.ErrNotFound, err)
		}
		var d wire.Delivery
		if err := json.Unmarshal([]byte(old.Body), &d); err != nil {
			return err
		}
		return s.deliver(ctx, tx, h, old.Event, d.Data)
	})
}
