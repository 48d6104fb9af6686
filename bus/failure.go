package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Error codes of the server that something is done about
// (nats-server, server/errors.json).
const (
	codeNoPeers        = 10005 // not enough servers for the replicas, or with room for them
	codeTooManyStreams = 10027 // that the account may have
	codeNoMessage      = 10037
	codeNotForAccount  = 10039 // JetStream not enabled for account
	codeNoSequence     = 10043
	codeNoSpace        = 10047 // can't reserve the storage
	codeNoStore        = 10049 // can't make the stream's files
	codeStreamLimits   = 10053
	codeNameInUse      = 10058
	codeNoStream       = 10059
	codeWrongSeq       = 10071
	codeNoReplicas     = 10074 // replicas > 1 without a cluster
	codeNotEnabled     = 10076
	codeStoreFailed    = 10077
	codeDuplicate      = 10158 // the same message id is in flight
	codeInFlight       = 10164 // another write to the subject is in flight
)

// apiCode returns the server's error code, 0 if err isn't the server's.
func apiCode(err error) int {
	var e *jetstream.APIError
	if errors.As(err, &e) {
		return int(e.ErrorCode)
	}
	return 0
}

// permanent reports an error of Connect that waiting does not mend.
func permanent(err error) bool {
	switch code := apiCode(err); code {
	case codeNotForAccount, codeNotEnabled, codeTooManyStreams:
		return true
	case 0:
		return events.IsDenied(err) || errors.Is(err, ErrMismatch) || errors.Is(err, ErrRestoring) || errors.Is(err, ErrNoStreams) || errors.Is(err, ErrLacksStream) || errors.Is(err, ErrNoSpace)
	default:
		return code == codeNoSpace || code == codeNoPeers || code == codeNoReplicas || code == codeStreamLimits
	}
}

// refusal turns the server's answer to a write into an error of package
// events. The write was not stored by this attempt.
func refusal(code int, text string) error {
	switch code {
	case codeWrongSeq, codeInFlight, codeDuplicate:
		return fmt.Errorf("%w (%s)", events.ErrConflict, text)
	case codeStoreFailed:
		if strings.Contains(text, "maximum") || strings.Contains(text, "no space") {
			return fmt.Errorf("%w (%s)", events.ErrFull, text)
		}
	case codeNoSpace:
		return fmt.Errorf("%w (%s)", events.ErrFull, text)
	}
	return fmt.Errorf("%w (%s)", events.ErrUnavailable, text)
}

// notSent turns a publish that never left into an error of package events.
func notSent(err error) error {
	if errors.Is(err, nats.ErrMaxPayload) {
		return fmt.Errorf("%w: %w", events.ErrTooLarge, ErrMaxPayload)
	}
	return fmt.Errorf("%w: %w", events.ErrUnavailable, err)
}

// unread turns a request without answer into an error of package events: for
// a read it makes no difference whether the request arrived.
func unread(ctx context.Context, err error) error {
	if errors.Is(err, events.ErrUnavailable) {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", events.ErrUnavailable, ctx.Err())
	}
	return fmt.Errorf("%w: %s", events.ErrUnavailable, strings.TrimPrefix(err.Error(), events.ErrUnresolved.Error()+": "))
}

// apiError turns the server's refusal of a read into one of package events.
func apiError(e *jetstream.APIError) error {
	if e.ErrorCode == codeNoMessage || e.ErrorCode == codeNoSequence {
		return events.ErrNotFound
	}
	return fmt.Errorf("%w: %w", events.ErrUnavailable, e)
}
