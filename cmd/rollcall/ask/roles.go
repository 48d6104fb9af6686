package ask

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/rollcall-xmpp/rollcall/session/roles"
)

// Roles are those of the service, as the connector that began last has them in its
// configuration; the built-in ones if none runs. The error is also that this build can't
// make roles of the definitions that the connector has.
func Roles(ctx context.Context, leases Leases) (*roles.Set, error) {
	alive, err := leases.Alive(ctx)
	if err != nil {
		return nil, err
	}
	var newest LeaseInfo
	var epoch uint64
	for _, s := range alive {
		var info LeaseInfo
		if json.Unmarshal(s.Info, &info) == nil && s.Epoch >= epoch {
			newest, epoch = info, s.Epoch
		}
	}
	set, err := roles.New(newest.Roles...)
	if err != nil {
		return nil, fmt.Errorf("the roles of the connectors that run: %w", err)
	}
	return set, nil
}
