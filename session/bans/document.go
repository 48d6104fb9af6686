package bans

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// key is that of the one document with all bans. It is no account: it has no localpart, and
// no host has that name (RFC 6761, 6.4).
var key = events.StoredJID("bans.rollcall.invalid")

// Add bans a network, in the place of a ban that there is of just that one. It fails with
// ErrTooMany, and otherwise as docs do.
func Add(ctx context.Context, docs events.Documents, b Ban) error {
	b.By = b.By.Fit()
	return update(ctx, docs, func(all []Ban) ([]Ban, error) {
		all = append(without(all, b.Network), b)
		if len(all) > MaxBans {
			return nil, ErrTooMany
		}
		return all, nil
	})
}

// Remove lifts the ban of just this network. It fails with ErrNoBan, and otherwise as docs
// do.
func Remove(ctx context.Context, docs events.Documents, network netip.Prefix) error {
	return update(ctx, docs, func(all []Ban) ([]Ban, error) {
		left := without(all, network)
		if len(left) == len(all) {
			return nil, fmt.Errorf("%s: %w", network, ErrNoBan)
		}
		return left, nil
	})
}

// List gives the bans that have not ended, in the order of their making.
func List(ctx context.Context, docs events.Documents) ([]Ban, error) {
	doc, err := docs.Get(ctx, key)
	if errors.Is(err, events.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all, err := decode(doc.Data)
	return standing(all), err
}

// update changes the bans that have not ended, and forgets the others.
func update(ctx context.Context, docs events.Documents, change func([]Ban) ([]Ban, error)) error {
	_, err := events.Update(ctx, docs, key, func(doc events.Document) ([]byte, error) {
		all, err := decode(doc.Data)
		if err != nil {
			return nil, err
		}
		if all, err = change(standing(all)); err != nil {
			return nil, err
		}
		data, err := json.Marshal(all)
		if len(data) > events.MaxDocument {
			return nil, ErrTooMany
		}
		return data, err
	})
	return err
}

func standing(all []Ban) []Ban {
	now := time.Now()
	return slices.DeleteFunc(all, func(b Ban) bool { return b.Ended(now) })
}

func without(all []Ban, network netip.Prefix) []Ban {
	return slices.DeleteFunc(slices.Clone(all), func(b Ban) bool { return b.Network == network })
}

func decode(data []byte) (all []Ban, err error) {
	if len(data) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("bans: %w", err)
	}
	return all, nil
}
