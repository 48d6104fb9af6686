package guess

import (
	"hash/maphash"
	"math"
	"net/netip"
	"slices"
	"time"
)

// maxPlaces is how many places an account has; the one with the oldest login goes. A
// phone has a new address each time it changes the cell.
const maxPlaces = 32

// A place is where an account has logged in: an address, a network or an installation.
type place struct {
	key   uint32 // a part of a hash; two places of an account hardly share one
	last  int32  // login
	level float32
	at    int32 // of level
}

// places are those of one account.
type places []place

// newest is the last login of all, by which accounts are compared.
func (p places) newest() (newest float32) {
	for i, one := range p {
		if i == 0 || float32(one.last) > newest {
			newest = float32(one.last)
		}
	}
	return newest
}

// find returns the place with a key, nil if there is none or the login was too long ago.
func (p places) find(key uint32, now int32) *place {
	i := slices.IndexFunc(p, func(one place) bool { return one.key == key })
	if i < 0 || now-p[i].last > int32(remembered.Seconds()) {
		return nil
	}
	return &p[i]
}

// fullSince reports that there were logins at as many places as an account has, all of them
// after a time. Whether one more is new cannot be told then.
func (p places) fullSince(at int32) bool {
	return len(p) == maxPlaces && !slices.ContainsFunc(p, func(one place) bool { return one.last <= at })
}

// learn adds a login at a place, or renews it.
func (p places) learn(key uint32, at int32) places {
	i := slices.IndexFunc(p, func(one place) bool { return one.key == key })
	switch {
	case i >= 0:
		p[i].last = max(p[i].last, at)
		return p
	case len(p) < maxPlaces:
		return append(p, place{key: key, last: at})
	}
	oldest := 0
	for i := range p {
		if p[i].last < p[oldest].last {
			oldest = i
		}
	}
	if p[oldest].last < at {
		p[oldest] = place{key: key, last: at}
	}
	return p
}

// Learn says that the client's account has logged in at a time, here or at another
// connector.
func (l *Limiter) Learn(c Client, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.learn(c, l.seconds(at))
}

// learn renews the account's places. The networks of its address get to know it, once a
// day, and not by more addresses than an account has places.
func (l *Limiter) learn(c Client, at int32) {
	account := l.key(c.Account)
	list := l.known.get(account)
	if c.Address.IsValid() {
		p, day := list.find(l.addressKey(c.Address), at), int32(friendsDay.Seconds())
		if p == nil && !list.fullSince(at-day) || p != nil && at-p.last >= day {
			l.befriend(c.Address, at)
		}
		list = list.learn(l.neighbourhoodKey(c.Address), at)
	}
	for _, key := range l.placeKeys(c) {
		list = list.learn(key, at)
	}
	l.known.put(account, list)
}

// befriend counts an account that has logged in at an address, as much as is left of that
// by now.
func (l *Limiter) befriend(a netip.Addr, at int32) {
	now := l.seconds(l.now())
	for _, n := range networksOf(a) {
		o := l.originAt(n, now)
		o.friends += fade(now - at)
		l.networks.put(l.networkKey(n.Prefix), o)
	}
}

// fade is what is left of an account that has logged in somewhere.
func fade(seconds int32) float32 { return float32(math.Exp(-float64(seconds) / friendsDay.Seconds())) }

// placeAdmits uses a try of one of the places that the client is at, if there is one.
func (l *Limiter) placeAdmits(t *Try) bool {
	if t.client.Online != nil && t.client.Online() { // which says nothing about the installation
		l.learn(Client{Account: t.client.Account, Address: t.client.Address}, t.now)
	}
	return slices.ContainsFunc(l.placeKeys(t.client), func(key uint32) bool { return l.take(t, key, ofPlace) })
}

// neighbourhoodAdmits is placeAdmits for addresses near those of the account.
func (l *Limiter) neighbourhoodAdmits(t *Try) bool {
	return t.client.Address.IsValid() && l.take(t, l.neighbourhoodKey(t.client.Address), nearPlace)
}

// take uses a try of a place, if the account has it and there is one.
func (l *Limiter) take(t *Try, key uint32, by pace) bool {
	p := l.known.get(l.key(t.client.Account)).find(key, t.now)
	if p == nil {
		return false
	}
	p.level, p.at = by.leak(p.level, t.now-p.at), t.now
	if !by.admits(p.level) {
		return false
	}
	p.level++
	t.place = key
	return true
}

// placeKeys are those of an address and of an installation.
func (l *Limiter) placeKeys(c Client) (keys []uint32) {
	if c.Installation != "" {
		keys = append(keys, uint32(maphash.String(l.seed, c.Installation)))
	}
	if c.Address.IsValid() {
		keys = append(keys, l.addressKey(c.Address))
	}
	return keys
}

func (l *Limiter) addressKey(a netip.Addr) uint32 { return uint32(l.networkKey(placeOf(a))) }

func (l *Limiter) neighbourhoodKey(a netip.Addr) uint32 {
	return uint32(l.networkKey(neighbourhoodOf(a)))
}
