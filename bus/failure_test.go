package bus

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/events"
)

func TestThatTheLogCantBeReachedIsSaidOnce(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"not sent":     unread(t.Context(), notSent(nats.ErrConnectionReconnecting)),
		"no answer":    unread(t.Context(), fmt.Errorf("%w: no answer within 2s", events.ErrUnresolved)),
		"disconnected": unread(t.Context(), fmt.Errorf("%w: not connected", events.ErrUnavailable)),
	} {
		if !errors.Is(err, events.ErrUnavailable) || strings.Count(err.Error(), events.ErrUnavailable.Error()) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAWriteThatIsNotSettledIsNoConflict(t *testing.T) {
	t.Parallel()
	for _, last := range []error{
		fmt.Errorf("%w: no answer within 2s", events.ErrUnresolved),
		refusal(codeInFlight, "wrong last sequence"),
		notSent(nats.ErrConnectionReconnecting),
	} {
		err := unsettled(last)
		if !errors.Is(err, events.ErrUnresolved) || errors.Is(err, events.ErrConflict) || errors.Is(err, events.ErrUnavailable) ||
			strings.Count(err.Error(), events.ErrUnresolved.Error()) != 1 {
			t.Errorf("after %v: %v", last, err)
		}
	}
}
