package filter

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
)

// A value is what a field is compared with, in the form of its key.
type value struct {
	any  bool // key:*, whatever it is
	word string
	glob glob
	jid  events.JID
	id   events.SessionID
	net  netip.Prefix
	from int64 // numbers from here
	to   int64 // up to and including this
}

// parse reads a value.
func (k *key[S]) parse(s string) (v value, err error) {
	s = bare(s)
	switch {
	case s == "":
		return v, errors.New("the value is empty")
	case len(s) > maxValue && k.form != account: // which has limits of its own
		return v, fmt.Errorf("a value is longer than %d bytes", maxValue)
	case s == "*":
		return value{any: true}, nil
	}
	switch k.form {
	case text, fold:
		v.glob = glob{s, k.form == fold}
		return v, nil
	case words:
		if v.word = literal(s); k.plain != nil {
			v.word = k.plain(v.word)
		}
		if !slices.Contains(k.words(), v.word) {
			err = fmt.Errorf("there is no %q", v.word)
		}
	case account:
		v.jid, err = parseAccount(literal(s))
	case id:
		var id events.ID
		if id, err = events.ParseID(literal(s)); err != nil {
			err = fmt.Errorf("%q is none", literal(s))
		}
		v.id = events.SessionID(id)
	case network:
		v.net, err = parseNetwork(literal(s))
	case number:
		v.from, v.to, err = parseRange(s, func(s string) (int64, error) { return strconv.ParseInt(s, 10, 32) })
	case duration:
		if !strings.ContainsAny(s, "<>.") {
			return v, fmt.Errorf("%q is no range", s)
		}
		v.from, v.to, err = parseRange(s, parseMillis)
	}
	return v, err
}

// allowed is what a key's values may be, for whoever gave another.
func (k *key[S]) allowed() string {
	switch k.form {
	case words:
		return "there are " + strings.Join(k.words(), ", ")
	case account:
		return "it is user@domain"
	case id:
		return "it is the 26 characters of a session's id"
	case network:
		return "it is an address, or a network as in 192.0.2.0/24"
	case number:
		return "it is a number, or a range as in >0, <=5 or 1..5"
	case duration:
		return "it is a range as in >1h, <=90s or 5m..1h, in ms, s, m, h or d"
	}
	return "it is text, in which * is any text"
}

// example is a value as people may give it.
func (k *key[S]) example() string {
	if k.form == words {
		return k.words()[0]
	}
	return "*"
}

func parseAccount(s string) (events.JID, error) {
	j, err := events.ParseJID(s)
	if err != nil || j.Local() == "" || !j.IsBare() {
		return j, fmt.Errorf("%q is no account", s)
	}
	return j, nil
}

// parseNetwork reads an address or a network. One of IPv4 that is written as of IPv6 is
// one of IPv4, as in the addresses that are compared with it.
func parseNetwork(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, fmt.Errorf("%q is no address", s)
	}
	return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
}

// parseRange reads a, a..b, >a, >=a, <b or <=b. Its ends belong to a..b.
func parseRange(s string, one func(string) (int64, error)) (from, to int64, err error) {
	from, to = math.MinInt64, math.MaxInt64
	bad := fmt.Errorf("%q is none", s)
	read := func(into *int64, text string, more int64) {
		n, e := one(text)
		*into, err = n+more, cmp.Or(err, e)
	}
	switch low, high, isRange := strings.Cut(s, ".."); {
	case isRange && low+high == "":
		return 0, 0, bad
	case isRange:
		if low != "" {
			read(&from, low, 0)
		}
		if high != "" {
			read(&to, high, 0)
		}
	case strings.HasPrefix(s, ">="):
		read(&from, s[2:], 0)
	case strings.HasPrefix(s, "<="):
		read(&to, s[2:], 0)
	case s[0] == '>':
		read(&from, s[1:], 1)
	case s[0] == '<':
		read(&to, s[1:], -1)
	default:
		read(&from, s, 0)
		to = from
	}
	if err != nil {
		return 0, 0, bad
	}
	if from > to {
		return 0, 0, fmt.Errorf("%q has its ends the wrong way round", s)
	}
	return from, to, nil
}

// parseMillis reads a duration, to the millisecond, as the published form has them.
func parseMillis(s string) (int64, error) {
	d, err := replay.ParseDuration(s)
	if err == nil && (d < 0 || d%time.Millisecond != 0) {
		err = errors.New("it is no whole number of milliseconds")
	}
	return d.Milliseconds(), err
}
