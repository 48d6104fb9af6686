package c2s

import (
	"context"
	"errors"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Last activity: XEP-0012. Of the server it is how long it has been running; of an
// account, for its owner and those who see its presence, how long none of its
// resources has been there, and what was said last. How long a resource has been
// idle is for its client to say.

var lastActivity = extension{
	features: []string{stanza.NSLastActivity},
	personal: []string{stanza.NSLastActivity},
	requests: []answer{{space: stanza.NSLastActivity, local: "query", at: atServer | atOwn | atOthers, get: getLastActivity}},
}

// getLastActivity is XEP-0012, 3 of accounts and 5 of the server.
func getLastActivity(cl *client, r *request) error {
	if r.to.Local() == "" {
		return sendLast(cl, r, parting{at: cl.srv.started})
	}
	if !cl.resource.Watches(r.to) {
		return refuse(stanza.Forbidden)
	}
	if len(cl.srv.cfg.Table.Account(r.to).Available()) > 0 {
		return sendLast(cl, r, parting{at: time.Now()})
	}
	svc := cl.srv.service.Load()
	if svc == nil {
		return events.ErrUnavailable
	}
	p, err := (&partings{log: svc.Log(), limits: cl.srv.cfg.Limits}).last(r.to.Bare())
	if errors.Is(err, events.ErrNotFound) {
		return refuse(stanza.ItemNotFound) // it was never there, or not for as long as the log goes back
	}
	if err != nil {
		return err
	}
	return sendLast(cl, r, p)
}

func sendLast(cl *client, r *request, p parting) error {
	seconds := max(int64(time.Since(p.at)/time.Second), 0)
	b := stanza.AppendAttr([]byte("<query xmlns='"+stanza.NSLastActivity+"'"), "seconds", strconv.FormatInt(seconds, 10))
	if p.status == "" {
		b = append(b, "/>"...)
	} else {
		b = append(stanza.AppendText(append(b, '>'), p.status), "</query>"...)
	}
	cl.result(r.iq, string(b))
	return nil
}

// A parting is the moment from which on no resource of an account was
// available, and what was said then.
type parting struct {
	at     time.Time
	status string
}

// lookBack is how far before an account's last event its parting is looked for at
// first: mostly the one is the other. Then it is looked for farther and farther
// back, and at last in all that there is.
const lookBack = time.Minute

// partings are found in a log, whose presence is read within limits.
type partings struct {
	log    events.Log
	limits stanza.Limits
}

// last finds that of an account that has no available resource. No table keeps it:
// the log knows, and is rarely asked. If there was none, it is the account's last
// event, which is all that is known; without one the error is events.ErrNotFound.
func (ps *partings) last(account events.JID) (parting, error) {
	ctx, cancel := context.WithTimeout(context.Background(), loginTime)
	defer cancel()
	newest, err := ps.log.Last(ctx, account)
	if poison, ok := errors.AsType[*events.PoisonError](err); ok {
		newest.Seq, newest.At, err = poison.Seq, poison.At, nil
	}
	if err != nil {
		return parting{}, err
	}
	last := newest.StoredAt()
	for back := lookBack; ; back *= 60 {
		all := back > 60*60*lookBack
		part := events.Range{Account: account, To: newest.Seq, Since: last.Add(-back)}
		if all {
			part.Since = time.Time{}
		}
		p, found, err := ps.within(ps.log.Read(ctx, part))
		switch {
		case err != nil:
			return p, err
		case found || all && !p.at.IsZero():
			return p, nil
		case all:
			return parting{at: last}, nil
		}
	}
}

// within finds the last parting within a part of an account's history. It
// reports false if there is none, or if it is the end of a session that may have
// been unavailable already.
func (ps *partings) within(history iter.Seq2[*events.Stored, error]) (p parting, found bool, err error) {
	available := map[events.SessionID]bool{} // as far as is known
	for st, err := range history {
		var poison *events.PoisonError
		if errors.As(err, &poison) {
			continue
		}
		if err != nil {
			return p, false, err
		}
		was, known := available[st.Session]
		switch e := st.Event.(type) {
		case events.Authenticated:
			available[st.Session] = false
		case events.PresenceAvailable:
			available[st.Session] = true
		case events.PresenceUnavailable:
			if was || !known {
				p, found = parting{time.Unix(0, st.At), ps.status(e.Stanza)}, true
			}
			available[st.Session] = false
		case events.Closed:
			if was || !known {
				p, found = parting{at: time.Unix(0, st.At)}, known
			}
		}
	}
	return p, found, nil
}

// status is what a presence says in words (RFC 6121, 4.7.2.2).
func (ps *partings) status(presence string) string {
	el, err := stanza.Parse([]byte(presence), stanza.NSClient, ps.limits)
	if err != nil {
		return ""
	}
	return strings.Clone(el.Child(stanza.NSClient, "status").Text())
}
