package guess

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Config bounds a Limiter's memory, in entries. Zero fields get their defaults, with
// which it is some 65 MB at most.
type Config struct {
	Pairs    int // of an account and an address; default 262,144
	Accounts int // with failures; default 65,536
	Networks int // of one address and wider; default 131,072
	Known    int // accounts that have places; default 65,536
}

// A Client is whoever tries a password.
type Client struct {
	Account events.JID // as claimed; it need not exist
	Address netip.Addr // invalid if it has none of IP
	// Installation is the id of the client's own installation (XEP-0388), which only it
	// knows; "" if it has not told one.
	Installation string
	// Online, if not nil, says whether the account has a session from there. It is asked
	// only when the limits are reached, and must not wait.
	Online func() bool
}

// A Ruling says what becomes of a try.
type Ruling uint8

// The rulings.
const (
	Open   Ruling = iota // check the password, and tell the client what came of it
	Veiled               // check it, and tell a wrong one what Shut tells
	Shut                 // leave it unchecked
)

// A Limiter counts wrong passwords. It may be used by many goroutines.
type Limiter struct {
	now   func() time.Time
	began time.Time
	seed  maphash.Seed

	mu       sync.Mutex // guards all below
	pairs    book[pair]
	accounts book[target]
	networks book[origin]
	known    book[places]
}

// A pair counts what failed for an account from an address or a wider network. Times are
// in seconds since the limiter was made.
type pair struct {
	short, long float32
	at          int32
}

// A target counts what failed for an account, from anywhere.
type target struct {
	level float32
	at    int32
}

// An origin counts what failed from a network for any account, and about how many
// accounts have logged in there in a day.
type origin struct {
	level, friends float32
	at             int32
}

// New returns a limiter on the clock now.
func New(cfg Config, now func() time.Time) *Limiter {
	set := func(field *int, value int) {
		if *field == 0 {
			*field = value
		}
	}
	set(&cfg.Pairs, 1<<18)
	set(&cfg.Accounts, 1<<16)
	set(&cfg.Networks, 1<<17)
	set(&cfg.Known, 1<<16)
	// A level that is worth more will be forgiven later.
	left := func(at int32, level float32, each time.Duration) float32 {
		return float32(at) + level*float32(each.Seconds())
	}
	return &Limiter{
		now: now, began: now(), seed: maphash.MakeSeed(),
		pairs:    newBook(cfg.Pairs, func(p pair) float32 { return left(p.at, p.long, calm[1].each) }),
		accounts: newBook(cfg.Accounts, func(a target) float32 { return left(a.at, a.level, ofAccount.each) }),
		networks: newBook(cfg.Networks, func(o origin) float32 {
			return left(o.at, o.level, ofNetwork.each) + o.friends*float32(friendsDay.Seconds())
		}),
		known: newBook(cfg.Known, places.newest),
	}
}

// Begin counts a try as a failure, unless it is shut, and rules on it. The caller calls
// one of the try's methods when it knows what came of it, so that tries at the same time
// are no more than those one after the other.
func (l *Limiter) Begin(c Client) Try {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := Try{limiter: l, client: c, now: l.seconds(l.now())}
	pairAdmits, networkAdmits := l.pairAdmits(&t), l.networkAdmits(&t)
	switch {
	case pairAdmits && networkAdmits:
		l.count(&t, 1)
	case l.placeAdmits(&t), pairAdmits && l.neighbourhoodAdmits(&t):
		t.ruling = Veiled
	default:
		t.ruling = Shut
	}
	return t
}

// pairAdmits reports whether the account may be tried once more from the address and from
// the networks around it.
func (l *Limiter) pairAdmits(t *Try) bool {
	by := l.paces(t)
	for _, n := range networksOf(t.client.Address) {
		p := l.pairAt(t, n, by)
		if !by[0].wider(n.times).admits(p.short) || !by[1].wider(n.times).admits(p.long) {
			return false
		}
	}
	return true
}

// paces are those of the account as it is.
func (l *Limiter) paces(t *Try) [2]pace {
	a := l.accounts.get(l.key(t.client.Account))
	if !ofAccount.admits(ofAccount.leak(a.level, t.now-a.at)) {
		return attacked
	}
	return calm
}

func (l *Limiter) pairAt(t *Try, n network, by [2]pace) pair {
	p := l.pairs.get(l.pairKey(t.client.Account, n.Prefix))
	p.short = by[0].wider(n.times).leak(p.short, t.now-p.at)
	p.long = by[1].wider(n.times).leak(p.long, t.now-p.at)
	p.at = t.now
	return p
}

// networkAdmits reports whether any account may be tried once more from the address. This
// machine may always: it is a proxy, or has other ways.
func (l *Limiter) networkAdmits(t *Try) bool {
	if t.client.Address.IsLoopback() {
		return true
	}
	for _, n := range networksOf(t.client.Address) {
		if o := l.originAt(n, t.now); !o.pace(n).admits(o.level) {
			return false
		}
	}
	return true
}

func (l *Limiter) originAt(n network, now int32) origin {
	o := l.networks.get(l.networkKey(n.Prefix))
	o.level = o.pace(n).leak(o.level, now-o.at)
	o.friends *= fade(now - o.at)
	o.at = now
	return o
}

// pace is that of a network: five more at once for each account that logs in there, and as
// much in a day for every ten as there is for nobody.
func (o origin) pace(n network) pace {
	p := ofNetwork.wider(n.times)
	return pace{p.burst + 5*o.friends, time.Duration(float32(p.each) / (1 + o.friends/10))}
}

// count adds a failure of the client, or takes back one.
func (l *Limiter) count(t *Try, by float32) {
	paces := l.paces(t)
	for _, n := range networksOf(t.client.Address) {
		p := l.pairAt(t, n, paces)
		p.short = clamp(p.short+by, paces[0].wider(n.times).burst)
		p.long = clamp(p.long+by, paces[1].wider(n.times).burst)
		l.pairs.put(l.pairKey(t.client.Account, n.Prefix), p)
		o := l.originAt(n, t.now)
		o.level = clamp(o.level+by, o.pace(n).burst)
		l.networks.put(l.networkKey(n.Prefix), o)
	}
	a := l.accounts.get(l.key(t.client.Account))
	a.level, a.at = clamp(ofAccount.leak(a.level, t.now-a.at)+by, mostOfAccount), t.now
	l.accounts.put(l.key(t.client.Account), a)
}

// clamp keeps a level between nothing and the most that is counted.
func clamp(level, most float32) float32 { return min(max(level, 0), most) }

// Elsewhere counts a failure that another connector has seen.
func (l *Limiter) Elsewhere(account events.JID, from netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count(&Try{client: Client{Account: account, Address: from}, now: l.seconds(l.now())}, 1)
}

// seconds since the limiter was made, below 0 for times before.
func (l *Limiter) seconds(at time.Time) int32 { return int32(at.Sub(l.began) / time.Second) }

func (l *Limiter) key(account events.JID) uint64 { return maphash.Comparable(l.seed, account) }

func (l *Limiter) networkKey(n netip.Prefix) uint64 { return maphash.Comparable(l.seed, n) }

func (l *Limiter) pairKey(account events.JID, n netip.Prefix) uint64 {
	return maphash.Comparable(l.seed, struct {
		account events.JID
		network netip.Prefix
	}{account, n})
}
