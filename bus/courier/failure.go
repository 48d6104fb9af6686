package courier

import (
	"errors"
	"fmt"

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
