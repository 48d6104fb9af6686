package bus

import (
	"errors"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Errors of Connect. Their texts name what to do.
var (
	// ErrUnreachable: no server answered.
	ErrUnreachable = errors.New("NATS can't be reached")
	// ErrNoJetStream: the server has no JetStream, or it didn't get ready in time.
	ErrNoJetStream = errors.New("NATS has no JetStream that is ready; enable it on the server (nats-server -js), or start more than half of a cluster's")
	// ErrLacksStream: Config.Existing, and the server has the log, but not all of the
	// streams that this version keeps beside it.
	ErrLacksStream = errors.New("the Rollcall there is starting or of an older version; try again, or start it with this version")
	// ErrNoStreams: Config.Existing, and the server has no log.
	ErrNoStreams = errors.New("no Rollcall keeps its streams in this NATS; name the one that rollcall up uses")
	// ErrMaxPayload: the server takes no message as large as events.MaxRecord and
	// events.MaxDocument promise.
	ErrMaxPayload = errors.New("NATS takes too small messages; leave its max_payload at 1 MiB")
	// ErrRestoring: Restore is not done, or was interrupted.
	ErrRestoring = errors.New("a restore into this NATS is not complete; wait for it, or do it again")
	// ErrMismatch: a stream exists with settings that would break a promise.
	ErrMismatch = errors.New("an existing stream can't be used")
)

// Defaults of Config.
const (
	defaultMaxAge  = 30 * 24 * time.Hour
	defaultAttempt = 2 * time.Second
	setupTimeout   = 15 * time.Second // without a stream that got ready
	// leastPayload is what a message has to hold: the largest record or document
	// with its JID and its headers.
	leastPayload = max(events.MaxRecord, events.MaxDocument) + 4<<10
)

// Config says which NATS to use and how. The zero value of a field is its
// default; only one of URL and InProcess is needed.
type Config struct {
	URL         string      // servers, comma-separated
	Credentials Credentials // for the servers
	Inbox       string      // what subjects for answers begin with; "": _INBOX
	Name        string      // of the connection, as NATS shows it
	// InProcess is a server in this process in place of URL. One that has a method Login, as
	// natsd.Server, needs no credentials.
	InProcess nats.InProcessConnProvider

	// Existing makes Connect use what is there and make or change nothing, for
	// those who only look.
	Existing bool

	// The settings that streams get when they are made. Those that are there stay as they
	// are; see Log.SetLimits.
	Replicas int           // of every stream; 0: 3 on a cluster, otherwise 1
	MaxBytes int64         // of the log; 0: 16 GiB or what the server can reserve, at least 16 MiB
	MaxAge   time.Duration // of the log; 0: 30 days; negative: for ever

	// Public, if not nil, keeps room for the stream of the published form, which
	// Public.Make makes with these limits.
	Public *PublicLimits

	AttemptTimeout time.Duration // of one write or read; 0: 2 s

	// OnState is told of every loss and return of the connection, in order.
	// It must not block.
	OnState func(connected bool)
	// OnError is told what no call returns: a slow consumer, a missing
	// permission. It must not block.
	OnError func(error)
}

// setDefaults sets the defaults that depend on nothing else; those that the
// server decides on are settled when the streams are made.
func (c *Config) setDefaults() {
	if c.AttemptTimeout <= 0 {
		c.AttemptTimeout = defaultAttempt
	}
	if c.OnState == nil {
		c.OnState = func(bool) {}
	}
	if c.OnError == nil {
		c.OnError = func(error) {}
	}
}
