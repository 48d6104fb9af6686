package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/bus/courier"
)

// A Bus is the connection to NATS and everything that travels over it, with a second one
// for reads of the past. It is safe for concurrent use. It reconnects for ever.
type Bus struct {
	cfg   Config
	nc    *nats.Conn // of the first link
	first *link
	js    jetstream.JetStream
	rpc   *requests

	reading sync.Mutex // held while the second link is made
	reads   *link      // guarded by reading; nil until something is read

	denials *denials

	syncs *syncs
	asks  atomic.Bool // the server's acknowledgements are to be followed by a sync

	log       *Log
	pre       *Pre
	leases    *Leases
	courier   *courier.Courier
	accounts  *Documents
	rosters   *Documents
	blocked   *Documents
	private   *Documents
	names     *Documents
	tokens    *Documents
	service   *Documents
	bans      *Documents
	audit     *Audit
	public    *Public
	waiting   *Waiting
	keyframes *Keyframes
	appends   appends
	renewals  renewals
	refused   atomic.Uint64 // messages that the store of waiting ones had no room for
	closeOnce sync.Once
	closed    chan struct{} // closed by Close
}

// Connect connects and makes the streams that are missing, unless they must
// exist. It is given up when ctx ends, or after 15 s in which no stream got ready.
func Connect(ctx context.Context, cfg Config) (*Bus, error) {
	b, err := dial(cfg)
	if err != nil {
		return nil, err
	}
	if err := b.start(ctx); err != nil {
		b.hangUp()
		return nil, err
	}
	return b, nil
}

// dial connects, and looks at no stream. The Bus can ask JetStream and nothing else.
func dial(cfg Config) (*Bus, error) {
	cfg.setDefaults()
	b := &Bus{cfg: cfg, first: newLink(followShares), closed: make(chan struct{})}
	b.rpc, b.denials = newRequests(b), newDenials()
	b.appends, b.renewals = newAppends(), newRenewals()
	err := b.open()
	if err != nil {
		return nil, err
	}
	if b.js, err = jetstream.New(b.nc, jetstream.WithDefaultTimeout(b.cfg.AttemptTimeout)); err == nil {
		err = b.rpc.listen()
	}
	if n := b.nc.MaxPayload(); err == nil && n < leastPayload {
		err = fmt.Errorf("%w: it is %d bytes", ErrMaxPayload, n)
	}
	if err != nil {
		b.nc.Close()
		return nil, err
	}
	return b, nil
}

func (b *Bus) start(ctx context.Context) (err error) {
	b.syncs = newSyncs(b)
	b.lookWhoSyncs(b.nc)
	if err := b.syncs.answer(); err != nil {
		return err
	}
	if err := b.ensureStreams(ctx); err != nil {
		return err
	}
	b.log = &Log{b: b}
	b.leases = &Leases{b: b}
	b.accounts = newDocuments(b, accountsBucket)
	b.rosters = newDocuments(b, rostersBucket)
	b.blocked = newDocuments(b, blockedBucket)
	b.private = newDocuments(b, privateBucket)
	b.names = newDocuments(b, namesBucket)
	b.tokens = newDocuments(b, tokensBucket)
	b.service = newDocuments(b, serviceBucket)
	b.bans = newDocuments(b, bansBucket)
	b.audit = &Audit{b: b}
	b.public = &Public{b: b}
	b.keyframes = &Keyframes{b: b}
	b.waiting = &Waiting{b: b, taken: make(map[uint64]bool)}
	b.courier, err = courier.New(courier.Config{
		Conn: b.nc, To: incarnationSubject, Verbs: askPrefix + ".", Takes: takePrefix + ".",
		Subscribing: b.subscribing, Denied: b.denials.channel,
	})
	if err != nil {
		return err
	}
	b.pre = newPre(b)
	return nil
}

func (b *Bus) asyncError(_ *nats.Conn, sub *nats.Subscription, err error) {
	if b.denied(err) {
		return
	}
	if sub != nil && !strings.HasPrefix(sub.Subject, cmp.Or(b.cfg.Inbox, "_INBOX")+".") {
		err = fmt.Errorf("subscription %s: %w", sub.Subject, err)
	}
	if errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrAuthExpired) || errors.Is(err, nats.ErrAuthRevoked) {
		err = b.cfg.unconnected(err, b.Address())
	}
	b.cfg.OnError(err)
}

// Close sends what is still buffered and disconnects. Calls that wait return,
// iterations end, handlers are no longer called.
func (b *Bus) Close() {
	b.closeOnce.Do(func() {
		b.pre.close()
		b.courier.Close()
		close(b.closed)
		if b.nc.IsConnected() {
			b.nc.FlushTimeout(time.Second)
		}
		b.hangUp()
	})
}

// Log is the log of all accounts. It implements events.Log.
func (b *Bus) Log() *Log { return b.log }

// Pre takes what happens before there is an account.
func (b *Bus) Pre() *Pre { return b.pre }

// Leases are held by running connectors.
func (b *Bus) Leases() *Leases { return b.leases }

// Courier brings stanzas and questions from process to process.
func (b *Bus) Courier() *courier.Courier { return b.courier }

// Accounts are the accounts' credentials.
func (b *Bus) Accounts() *Documents { return b.accounts }

// Rosters are the accounts' rosters.
func (b *Bus) Rosters() *Documents { return b.rosters }

// Blocked are the accounts' lists of whom they block. They are apart from
// Private because every connector follows them.
func (b *Bus) Blocked() *Documents { return b.blocked }

// Private is what accounts store with the server and publish by it.
func (b *Bus) Private() *Documents { return b.private }

// Names are the pseudonyms by which archives name accounts. Of all documents only these
// can be put for a time, with PutFor.
func (b *Bus) Names() *Documents { return b.names }

// Tokens are what other programs are let in with. They are no accounts': the key is one
// that says so.
func (b *Bus) Tokens() *Documents { return b.tokens }

// Service are documents of the service as a whole, such as the certificate that its
// connectors share. Their keys are no accounts'.
func (b *Bus) Service() *Documents { return b.service }

// Bans are the networks that clients may not connect from, as package bans keeps them.
func (b *Bus) Bans() *Documents { return b.bans }

// Audit is the record of those who asked about accounts, or changed them.
func (b *Bus) Audit() *Audit { return b.audit }

// Public is the published form of the log, for other programs on NATS.
func (b *Bus) Public() *Public { return b.public }

// Keyframes keeps the table at places of the log.
func (b *Bus) Keyframes() *Keyframes { return b.keyframes }

// Waiting keeps messages for accounts that nobody is online for.
func (b *Bus) Waiting() *Waiting { return b.waiting }
