package load

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

const (
	// star is the user whose presence many see.
	star = "star"
	// owner is the user whose roster many resources follow.
	owner = "owner"
	// fanWindow is how many stanzas that each go to many are on their way.
	fanWindow = 10
)

func fan(i int) string { return "fan" + strconv.Itoa(i) }

// circle are the users of presence.
func circle(l *Load) iter.Seq[string] {
	return func(yield func(string) bool) {
		if !yield(star) {
			return
		}
		for i := 0; i < l.Contacts && yield(fan(i)); i++ {
		}
	}
}

// presence has one user change its presence, which l.Contacts others see,
// spread over the server's addresses. They subscribe at the first time.
func presence(ctx context.Context, s *Server, l *Load) (*Round, error) {
	seats := []seat{{s.first(), star, "load"}}
	for i := range l.Contacts {
		seats = append(seats, seat{s.Addrs[i%len(s.Addrs)], fan(i), "load"})
	}
	all, err := gather(ctx, s, seats, nil)
	if err != nil {
		return nil, err
	}
	if err := befriend(all[0], all[1:]); err != nil {
		return nil, errors.Join(err, all.leave())
	}
	if err := all.settle(); err != nil {
		return nil, errors.Join(err, all.leave())
	}
	f := &flow{from: all[0], to: all[1:], window: fanWindow, mark: "</presence>", stanzas: [][]byte{
		[]byte("<presence><show>away</show></presence>"), []byte("<presence><show>chat</show></presence>"),
	}}
	r, err := run(ctx, s, []*flow{f}, l)
	return r, errors.Join(err, all.leave())
}

// push has one of l.Resources resources of a user change the roster, and counts
// the pushes that all of them get.
func push(ctx context.Context, s *Server, l *Load) (*Round, error) {
	var seats []seat
	for i := range l.Resources {
		seats = append(seats, seat{s.Addrs[i%len(s.Addrs)], owner, "load" + strconv.Itoa(i)})
	}
	all, err := gather(ctx, s, seats, nil)
	if err != nil {
		return nil, err
	}
	if err := all.settle(); err != nil {
		return nil, errors.Join(err, all.leave())
	}
	f := &flow{from: all[0], to: all, window: fanWindow, mark: "</query>"}
	round := time.Now().UnixNano() // a set that changes nothing may have no pushes
	for _, name := range []string{"Romeo", "Mercutio"} {
		f.stanzas = append(f.stanzas, fmt.Appendf(nil,
			"<iq type='set' id='set'><query xmlns='%s'><item jid='friend@%s' name='%s %d'/></query></iq>", stanza.NSRoster, s.Domain, name, round))
	}
	r, err := run(ctx, s, []*flow{f}, l)
	return r, errors.Join(err, all.leave())
}
