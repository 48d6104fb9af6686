package courier

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/events"
)

// noResponders reports the server's note that nobody was there to take a message.
func noResponders(m *nats.Msg) bool { return m.Header.Get("Status") == "503" }

// notSent turns the error of a publish that never left into one of package events.
func notSent(err error) error {
	if errors.Is(err, nats.ErrMaxPayload) {
		return fmt.Errorf("%w: %w", events.ErrTooLarge, err)
	}
	return fmt.Errorf("%w: %w", events.ErrUnavailable, err)
}

// refusal is how a server tells of a missing permission.
var refusal = regexp.MustCompile(`(Publish|Subscription) to "([^"]*)"`)

// Denied reads the error by which nats.go tells, of the connection, that its user may not
// publish or subscribe to a subject.
func Denied(err error) (*events.DeniedError, bool) {
	if !errors.Is(err, nats.ErrPermissionViolation) {
		return nil, false
	}
	m := refusal.FindStringSubmatch(err.Error())
	if m == nil {
		return nil, false
	}
	return &events.DeniedError{Subscribe: m[1] == "Subscription", Subject: m[2]}, true
}

// Subscribed waits until the server knows of a new subscription, and returns an
// *events.DeniedError if it refuses it. The subject "" is any.
func Subscribed(nc *nats.Conn, subject string, timeout time.Duration) error {
	if err := nc.FlushTimeout(timeout); err != nil {
		return notSent(err)
	}
	if denied, ok := Denied(nc.LastError()); ok && denied.Subscribe && (subject == "" || denied.Subject == subject) {
		return denied
	}
	return nil
}
