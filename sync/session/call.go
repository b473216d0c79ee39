package session

import (
	"context"
	"net/http"

	"sampleagent/sync/client"
	"sampleagent/sync/wire"
)

// trade exchanges a proof for tokens.
func trade(ctx context.Context, h *http.Client, server string, request wire.TokenRequest) (*wire.Tokens, error) {
	var tokens wire.Tokens
	if err := client.Post(ctx, h, server+wire.PathToken, "", request, &tokens); err != nil {
		return nil, err
	}
	return &tokens, nil
}

func revoke(ctx context.Context, h *http.Client, server, refresh string) error {
	return client.Post(ctx, h, server+wire.PathRevoke, "", wire.RevokeRequest{RefreshToken: refresh}, nil)
}

func whoami(ctx context.Context, h *http.Client, server, access string) (*wire.Account, error) {
	var account wire.Account
	if err := client.Get(ctx, h, server+wire.PathAccount, access, &account); err != nil {
		return nil, err
	}
	return &account, nil
}
