package c2s

import (
	"context"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
)

// A foresight looks up credentials, and at the same time has the log asked for the
// records that the login will need if its account was not here recently.
type foresight struct{ srv *Server }

// Credentials implements [auth.CredentialStore].
func (f foresight) Credentials(ctx context.Context, account events.JID) (*auth.Credentials, error) {
	svc := f.srv.service.Load()
	if svc == nil || f.srv.cfg.Table.Account(account) != nil {
		return f.srv.cfg.Accounts.Credentials(ctx, account)
	}
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		svc.Foresee(ctx, account)
	}()
	c, err := f.srv.cfg.Accounts.Credentials(ctx, account)
	<-asked
	return c, err
}
