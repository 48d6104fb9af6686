package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// How much room the streams get when they are made. JetStream reserves a stream's
// max_bytes, and makes no stream for which it can't. The log gets what it should
// have, or as much less as it takes for all streams to be made.

var (
	// ErrNoSpace: the server can't reserve what a stream is to have.
	ErrNoSpace = errors.New("the server can't reserve")
	// ErrTooFew: NATS has not as many servers as a stream is to have replicas.
	ErrTooFew = errors.New("there are too few servers")
)

// DefaultMaxBytes is the size of a log of which nobody says it, on servers that can
// reserve so much.
const DefaultMaxBytes = 16 << 30

const (
	leastLog = 16 << 20
	// Where the log has to be smaller, no other stream may have more than this part
	// of the log's size, but for what it needs at least. As much stays unreserved,
	// for documents and whatever else has no limit.
	othersPart = 8
	publicPart = 4
	leastOther = 2 << 20
	// spaceKey is in the metadata of a log that is still as large as all streams
	// together, so that they find room, and says how large it will be.
	spaceKey = "rollcall.max_bytes"
	// newPeer is how long a cluster's leader may not know yet that a server has joined, or
	// how much room it has: none, as far as it can see.
	newPeer = 3 * time.Second
)

// others are the streams beside the log that reserve room, as large as they should be.
func others() []jetstream.StreamConfig {
	return []jetstream.StreamConfig{preConfig(), leaseConfig(), waitingConfig()}
}

// besideLog is the size of another stream that should have full bytes.
func besideLog(full, log int64) int64 { return partOf(full, log, othersPart) }

// publicBytes is the size of the stream of the published form, of which there is more than of
// others.
func publicBytes(asked PublicLimits, log int64) int64 {
	return cmp.Or(asked.MaxBytes, partOf(defaultPublicBytes, log, publicPart))
}

func partOf(full, log, part int64) int64 {
	if full <= 0 {
		return full // it reserves nothing
	}
	return min(full, max(leastOther, log/part))
}

// altogether is what all streams take beside a log of that size.
func altogether(log int64) int64 {
	sum := log
	for _, c := range others() {
		sum += besideLog(c.MaxBytes, log)
	}
	if log < DefaultMaxBytes {
		sum += log / othersPart
	}
	return sum
}

// create asks for three replicas first if it may choose, and for less space
// if the server can't reserve the default.
func (b *Bus) create(ctx context.Context, c jetstream.StreamConfig) error {
	c.Replicas = cmp.Or(b.cfg.Replicas, 3)
	log := c.MaxBytes
	if b.mayShrink(&c) {
		b.hold(&c, log)
	}
	begun := time.Now()
	for {
		err := b.attemptCreate(ctx, c)
		switch code := apiCode(err); {
		case code == codeNoReplicas && b.cfg.Replicas == 0:
			c.Replicas = 1
		case code == codeNoReplicas:
			return fmt.Errorf("%w: this NATS is no cluster; ask for 1 instead of %d replicas: %w", ErrTooFew, c.Replicas, err)
		case code == codeNoPeers && time.Since(begun) < newPeer && b.pause(ctx, retryEvery):
		case code == codeNoStore && time.Since(begun) < newPeer && b.pause(ctx, retryEvery):
			// One of the same name was just removed, and its files are still going.
		case noSpace(err) && b.mayShrink(&c) && log > leastLog:
			log = smaller(log, code == codeNoPeers)
			b.hold(&c, log)
		case noSpace(err) && b.mayShrink(&c):
			return fmt.Errorf("%w %d MiB, and all streams together take no less; give it more space", ErrNoSpace, c.MaxBytes>>20)
		case noSpace(err) && b.mayHalve(&c) && c.MaxBytes/2 >= leastOther:
			c.MaxBytes /= 2
		case noSpace(err):
			return fmt.Errorf("%w %d MiB for it; give it more space or ask for less", ErrNoSpace, c.MaxBytes>>20)
		case code == codeNoPeers:
			return fmt.Errorf("%w: no %d with JetStream can take it; start them or ask for fewer replicas: %w", ErrTooFew, c.Replicas, err)
		default:
			return err
		}
	}
}

// smaller is the next size to ask for, in whole MiB. A cluster takes longer to say no.
func smaller(log int64, cluster bool) int64 {
	if cluster && log > 1<<30 {
		return log / 2
	}
	return max(log/4*3>>20<<20, leastLog)
}

// mayShrink reports the log if nobody has said how large it is to be.
func (b *Bus) mayShrink(c *jetstream.StreamConfig) bool {
	return c.Name == logStream && b.cfg.MaxBytes == 0
}

// mayHalve reports another stream than the log, unless somebody has said how large it is to be.
func (b *Bus) mayHalve(c *jetstream.StreamConfig) bool {
	said := c.Name == publicStream && b.cfg.Public != nil && b.cfg.Public.MaxBytes > 0
	return c.Name != logStream && !said
}

// hold makes the log keep the others' room for them. They are made after it: it is the
// largest, and shows how much there is.
func (b *Bus) hold(c *jetstream.StreamConfig, log int64) {
	c.MaxBytes = altogether(log)
	if b.cfg.Public != nil {
		c.MaxBytes += publicBytes(*b.cfg.Public, log)
	}
	c.Metadata[spaceKey] = strconv.FormatInt(log, 10)
}

// release gives the log the size that it is to have. Whoever finds it larger does so,
// for the process that has made it may be gone.
func (b *Bus) release(ctx context.Context, have jetstream.StreamConfig) (jetstream.StreamConfig, error) {
	text, held := have.Metadata[spaceKey]
	if !held || b.cfg.Existing {
		return have, nil
	}
	log, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return have, fmt.Errorf("%w: its %s is %q", ErrMismatch, spaceKey, text)
	}
	delete(have.Metadata, spaceKey)
	have.MaxBytes = log
	return have, b.update(ctx, have)
}

func (b *Bus) attemptCreate(ctx context.Context, c jetstream.StreamConfig) error {
	return b.permitted(ctx, "STREAM.CREATE."+c.Name, func(ctx context.Context) error {
		_, err := b.js.CreateStream(ctx, c)
		return err
	})
}

func (b *Bus) update(ctx context.Context, c jetstream.StreamConfig) error {
	return b.permitted(ctx, "STREAM.UPDATE."+c.Name, func(ctx context.Context) error {
		_, err := b.js.UpdateStream(ctx, c)
		return err
	})
}

// noSpace reports that a server, or too many servers of a cluster, can't reserve what
// a stream is to have.
func noSpace(err error) bool {
	switch apiCode(err) {
	case codeNoSpace:
		return true
	case codeNoPeers:
		return strings.Contains(err.Error(), "insufficient storage")
	}
	return false
}
