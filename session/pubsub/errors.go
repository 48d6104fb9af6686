package pubsub

import (
	"errors"
	"fmt"

	"github.com/rollcall-xmpp/rollcall/session/pep"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

const nsErrors = NS + "#errors"

// refusals are what clients are told of the errors of package pep.
var refusals = []struct {
	err    error
	answer stanza.Error
}{
	{pep.ErrNoNode, stanza.Error{Condition: stanza.ItemNotFound}},
	{pep.ErrNoItem, stanza.Error{Condition: stanza.ItemNotFound}},
	{pep.ErrFull, stanza.Error{Condition: stanza.ResourceConstraint, Text: fmt.Sprintf("an account can't store more than %d KiB", pep.MaxBytes>>10)}},
	{pep.ErrNodes, appAnswer(stanza.ResourceConstraint, "max-nodes-exceeded")},
	{pep.ErrAffiliates, stanza.Error{Condition: stanza.ResourceConstraint, Text: "a node can't have more affiliates"}},
	{pep.ErrSubscribers, appAnswer(stanza.PolicyViolation, "too-many-subscriptions")},
	{pep.ErrNotSubscribed, notSubscribed},
	{pep.ErrOutcast, stanza.Error{Condition: stanza.Forbidden}},
	{pep.ErrClosed, appAnswer(stanza.NotAllowed, "closed-node")},
	{pep.ErrPresence, appAnswer(stanza.NotAuthorized, "presence-subscription-required")},
	{pep.ErrGroup, appAnswer(stanza.NotAuthorized, "not-in-roster-group")},
}

// Refusal is the answer to a request that package pep has refused, nil if the error
// is another one: a *stanza.Error is an answer itself; any other is about a store,
// or the log, and wraps an error of package events.
func Refusal(err error) *stanza.Error {
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return &r.answer
		}
	}
	return nil
}

func refuse(c stanza.Condition) error { return &stanza.Error{Condition: c} }

// appAnswer is an error of XEP-0060's own.
func appAnswer(c stanza.Condition, name string) stanza.Error {
	return stanza.Error{Condition: c, App: "<" + name + " xmlns='" + nsErrors + "'/>"}
}

func appError(c stanza.Condition, name string) error {
	e := appAnswer(c, name)
	return &e
}

// withoutFeature refuses what XEP-0060 calls by a feature's name.
func withoutFeature(feature string) error {
	return &stanza.Error{
		Condition: stanza.FeatureNotImplemented,
		App:       "<unsupported xmlns='" + nsErrors + "' feature='" + feature + "'/>",
	}
}

var errNoNodeID = appError(stanza.BadRequest, "nodeid-required")
