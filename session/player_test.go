package session_test

import (
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A player carries out the commands of a transcript on one account.
type player struct {
	t         *testing.T
	account   *session.Account
	connector events.Incarnation
	now       time.Duration // since the transcript's start
	seq       events.Seq
}

func newPlayer(t *testing.T) *player {
	return &player{t: t, connector: events.Incarnation{Name: "c1", Epoch: 1}}
}

// id makes a session's id of a name of at most 16 bytes, and the zero id of none.
func id(name string) (id events.SessionID) {
	copy(id[:], name)
	return id
}

// connID is id for a connection.
func connID(name string) events.ConnID { return events.ConnID(id(name)) }

func nameOf[ID ~[16]byte](id ID) string {
	name := strings.TrimRight(string(id[:]), "\x00")
	if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' }) {
		return hex.EncodeToString(id[:4])
	}
	return name
}

// args are the words of a command after its verb: a session, and key=value.
type args struct {
	t       *testing.T
	session events.SessionID
	values  map[string]string
}

func parseArgs(t *testing.T, words []string) args {
	a := args{t: t, values: make(map[string]string)}
	for _, w := range words {
		k, v, isPair := strings.Cut(w, "=")
		if !isPair && a.session.IsZero() {
			a.session = id(w)
		}
		a.values[k] = v
	}
	return a
}

func (a args) has(key string) bool { _, ok := a.values[key]; return ok }

func (a args) number(key string) int {
	if !a.has(key) {
		return 0
	}
	n, err := strconv.Atoi(a.values[key])
	if err != nil {
		a.t.Fatalf("%s=%s: %v", key, a.values[key], err)
	}
	return n
}

func (p *player) jid(s string) events.JID {
	j, err := events.ParseJID(s)
	if err != nil {
		p.t.Fatal(err)
	}
	return j
}

// play carries out one line and returns what came of it.
func (p *player) play(line string) string {
	words := strings.Fields(line)
	a := parseArgs(p.t, words[1:])
	switch words[0] {
	case "at":
		p.connector = events.Incarnation{Name: a.values["connector"], Epoch: uint64(a.number("epoch"))}
		return ""
	case "clock":
		p.now = time.Duration(a.number("seconds")) * time.Second
		return ""
	}
	c := p.command(words[0], a)
	steps, err := session.Decide(p.account, c)
	switch {
	case err != nil:
		return fmt.Sprintf("refused: %v\n", err)
	case len(steps) == 0:
		return "nothing to do\n"
	}
	var out strings.Builder
	for _, s := range steps {
		out.WriteString(p.store(s, connID(a.values["conn"])))
	}
	return out.String()
}

var policies = map[string]session.Conflict{
	"": session.Replace, "replace": session.Replace, "refuse": session.Refuse, "rename": session.Rename,
}

func (p *player) command(verb string, a args) session.Command {
	s, reason := a.session, events.Reason(a.values["reason"])
	switch verb {
	case "authenticate":
		return session.Authenticate{Session: s, AsOf: math.MaxUint64, Role: a.values["role"]}
	case "bind":
		return session.Bind{
			Session: s, Resource: a.values["resource"], Generated: a.values["generated"],
			Conflict: policies[a.values["policy"]], Limit: a.number("limit"),
		}
	case "roster":
		return session.RequestRoster{Session: s}
	case "available":
		return session.BecomeAvailable{Session: s, Priority: int8(a.number("priority")), Show: a.values["show"], Stanza: "<presence/>"}
	case "unavailable":
		return session.BecomeUnavailable{Session: s}
	case "direct":
		return session.DirectPresence{Session: s, To: p.jid(a.values["to"]), Available: a.values["type"] != "unavailable"}
	case "carbons":
		return session.SwitchCarbons{Session: s, On: a.has("on")}
	case "enable":
		return session.EnableStreamManagement{Session: s, Resumable: a.has("token"), Max: uint32(a.number("max")), TokenHash: a.values["token"]}
	case "detach":
		return session.Detach{Session: s, Reason: reason, Now: int64(p.now)}
	case "resume":
		return session.Resume{Session: s, Previous: id(a.values["previous"]), TokenHash: a.values["token"], Now: int64(p.now)}
	case "take":
		asOf := events.Seq(math.MaxUint64)
		if a.has("asof") {
			asOf = events.Seq(a.number("asof"))
		}
		return session.TakeRole{Session: s, Role: a.values["role"], AsOf: asOf}
	case "close":
		return session.Close{Session: s, Reason: reason}
	}
	return p.accountCommand(verb, a)
}

func (p *player) accountCommand(verb string, a args) session.Command {
	by := events.Actor(a.values["by"])
	switch verb {
	case "kick":
		return session.Kick{Resource: a.values["resource"], Session: a.session, Text: a.values["text"], By: by}
	case "fence":
		lost := events.Incarnation{Name: a.values["connector"], Epoch: uint64(a.number("epoch"))}
		return session.Fence{Lost: lost, Keep: true, Now: int64(p.now)}
	case "expire":
		return session.Expire{Now: int64(p.now)}
	case "create":
		return session.CreateAccount{By: by}
	case "passwd":
		return session.ChangePassword{Except: id(a.values["except"]), By: by}
	case "remove":
		return session.RemoveAccount{By: by}
	case "role":
		return session.ChangeRole{
			Role: a.values["role"], Was: a.values["was"], NoLess: a.has("no-less"), Assumable: strings.Split(a.values["assumable"], ","),
			By: by, Text: a.values["text"],
		}
	}
	p.t.Fatalf("no such command: %s", verb)
	return nil
}

// store applies a step as the log would have it, and returns the line for it.
func (p *player) store(s session.Step, cause events.ConnID) string {
	p.seq++
	st := events.Stored{Seq: p.seq, At: int64(p.now), Record: events.Record{
		Session: s.Session, JID: s.JID, Connector: p.connector, Cause: cause, Prev: p.seq - 1, Event: s.Event,
	}}
	if st.JID.IsZero() {
		st.JID = p.jid("alice@example.org")
	}
	p.account = session.Apply(p.account, &st)
	line := fmt.Sprintf("%d %-2s %s", st.Seq, nameOf(st.Session), st.Event.Kind())
	for _, field := range strings.Fields(strings.Trim(fmt.Sprintf("%+v", s.Event), "{}")) {
		if !strings.HasSuffix(field, ":") { // an empty one
			line += " " + field
		}
	}
	return line + "\n"
}

// show lists the account's sessions.
func (p *player) show() string {
	if p.account == nil || len(p.account.Sessions()) == 0 {
		return "= no sessions\n"
	}
	var out strings.Builder
	best := p.account.Best()
	for _, s := range p.account.Sessions() {
		mark := " "
		if slices.Contains(best, s) {
			mark = "*"
		}
		fmt.Fprintf(&out, "=%s%s %s at %s%s\n", mark, nameOf(s.ID), s.JID(), s.Connector(), describe(s))
	}
	return out.String()
}

func describe(s *session.Session) string {
	var d []string
	add := func(is bool, format string, a ...any) {
		if is {
			d = append(d, fmt.Sprintf(format, a...))
		}
	}
	add(!s.Bound(), "unbound")
	add(s.Interested(), "interested")
	add(s.Available(), "available %d", s.Priority)
	add(s.Carbons(), "carbons")
	add(s.Managed() && !s.Resumable(), "managed")
	add(s.Resumable() && !s.Detached(), "resumable")
	add(s.Detached(), "detached until %ds", s.DetachedUntil()/1e9)
	add(len(s.Directed()) > 0, "directed to %v", s.Directed())
	add(s.Role() != "", "%s", s.Role())
	if len(d) == 0 {
		return ""
	}
	return ": " + strings.Join(d, ", ")
}
