package public

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/names"
)

var (
	logSource = Source{"RC_EV", time.Unix(0, 1_764_421_200_000_000_001)}
	preSource = Source{"RC_PRE", time.Unix(0, 1_764_421_200_000_000_002)}
	nobody    names.Pseudonym
	juliet    = names.Pseudonym{0x5a, 15: 1}
)

// golden reads the frozen records of package events, by the names of their files.
func golden(t testing.TB) map[string]*events.Stored {
	t.Helper()
	files, err := filepath.Glob("../../events/testdata/golden/*.txt")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d golden records, %v", len(files), err)
	}
	all := make(map[string]*events.Stored)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, dump, _ := strings.Cut(string(text), "\n\n")
		data, err := hex.DecodeString(strings.ReplaceAll(dump, "\n", ""))
		if err != nil {
			t.Fatal(err)
		}
		st := &events.Stored{Stream: "RC_EV", Seq: 1<<33 + 7, At: 1_767_323_045_678_912_345}
		if err := st.Decode(data); err != nil {
			t.Fatal(err)
		}
		if TypeOf(st.Event.Kind()).Class == Connection {
			st.Stream, st.Part = "RC_PRE", 3
		}
		all[strings.TrimSuffix(filepath.Base(file), ".txt")] = st
	}
	return all
}

// anyStored draws records of all kinds, with text that is not always any.
func anyStored(t *rapid.T) *events.Stored {
	id := func(label string) (id events.ID) {
		if rapid.IntRange(0, 9).Draw(t, "no "+label) > 0 {
			copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, label))
		}
		return id
	}
	jid := func(label string) events.JID {
		s := rapid.SampledFrom([]string{"a@b", "a@b/c", "\"\\@\u2028/<&>\xff", "b"}).Draw(t, label)
		return events.StoredJID(s)
	}
	st := &events.Stored{
		Stream: rapid.SampledFrom([]string{"RC_EV", "RC_PRE"}).Draw(t, "stream"),
		Seq:    events.Seq(rapid.Uint64().Draw(t, "seq")), Part: rapid.Uint32Max(9999).Draw(t, "part"), At: rapid.Int64().Draw(t, "at"),
		Record: events.Record{
			ID: events.EventID(id("id")), Session: events.SessionID(id("session")), Cause: events.ConnID(id("cause")), JID: jid("jid"),
			Time: rapid.Int64().Draw(t, "time"), Prev: events.Seq(rapid.Uint64().Draw(t, "prev")),
			Connector: events.Incarnation{Name: anyName(t), Epoch: rapid.Uint64().Draw(t, "epoch")},
			Event:     anyEvent(t, jid),
		},
	}
	if TypeOf(st.Event.Kind()).Class == Connection && rapid.Bool().Draw(t, "nobody's") {
		st.JID = events.JID{}
	}
	return st
}

func anyText(t *rapid.T, label string) string {
	return rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, label)
}

// anyName is a connector's: any text without control characters, which --name refuses.
func anyName(t *rapid.T) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '-'
		}
		return r
	}, anyText(t, "connector"))
}

func anyEvent(t *rapid.T, jid func(string) events.JID) events.Event {
	text := func(label string) string { return anyText(t, label) }
	address := rapid.SampledFrom([]string{"", "192.0.2.77:1", "[2001:db8:1:2::3]:65535", "[::ffff:192.0.2.9]:3", "[fe80::1%eth0]:9", "somewhere\x01"}).Draw(t, "address")
	yes, at, n := rapid.Bool().Draw(t, "yes"), rapid.Int64().Draw(t, "at"), rapid.Uint32().Draw(t, "n")
	refreshed := events.Refreshed{
		Since: at, Interested: yes, Carbons: !yes, Available: rapid.Bool().Draw(t, "available"), Priority: int8(n), Presence: text("stanza"),
		PresenceAt: at, Managed: rapid.Bool().Draw(t, "managed"), Resumable: yes, Max: n, TokenHash: "hash", Detached: rapid.Bool().Draw(t, "detached"),
		Until: at, Address: address, Role: text("role"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "directed") {
		refreshed.Directed = append(refreshed.Directed, jid("to"))
	}
	return rapid.SampledFrom([]events.Event{
		events.Authenticated{Mechanism: text("mechanism"), TLS: text("tls"), Address: address, Agent: text("agent"), Role: text("role")},
		events.Bound{Requested: text("requested"), Role: text("role")}, events.RosterRequested{},
		events.PresenceAvailable{Priority: int8(n), Show: text("show"), Stanza: text("stanza")}, events.PresenceUnavailable{Stanza: text("stanza")},
		events.PresenceDirected{To: jid("to"), Available: yes}, events.StreamManagementEnabled{Resumable: yes, Max: n, TokenHash: "hash"},
		events.Detached{Reason: events.Reason(text("reason")), Until: at, HeldBy: text("holder")}, events.Resumed{Address: address}, refreshed,
		events.Closed{Reason: events.Reason(text("reason")), Text: text("text"), By: events.Actor(text("by")), HeldBy: text("holder")}, events.CarbonsEnabled{}, events.CarbonsDisabled{},
		events.AccountCreated{By: events.Actor(text("by"))}, events.PasswordChanged{By: events.Actor(text("by"))}, events.AccountRemoved{By: events.Actor(text("by"))},
		events.RoleTaken{Role: text("role")},
		events.RoleChanged{Role: text("role"), Further: rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "further"), Was: text("was"), By: events.Actor(text("by")), Text: text("text")},
		events.AccountDisabled{Until: at, Text: text("text"), By: events.Actor(text("by"))}, events.AccountEnabled{By: events.Actor(text("by"))},
		events.NetworkBanned{Network: text("network"), Until: at, Text: text("text"), By: events.Actor(text("by"))}, events.NetworkUnbanned{Network: text("network"), By: events.Actor(text("by"))},
		events.ConnectorStarted{}, events.ConnectorStopped{},
		events.ConnectorLost{Lost: events.Incarnation{Name: text("lost"), Epoch: uint64(n)}}, events.Connected{Address: address},
		events.StreamOpened{Host: text("host")}, events.Secured{Version: text("version"), Cipher: text("cipher")},
		events.AuthFailed{Username: text("username"), Mechanism: text("mechanism"), Condition: text("condition"), Address: address},
		events.Disconnected{Reason: events.Reason(text("reason")), Text: text("text"), Address: address},
		events.Unknown{Code: events.Kind(rapid.SampledFrom([]int{0, 20, 80, 200}).Draw(t, "code")), Version: uint8(n), Fields: []byte{0x91, uint8(n)}},
	}).Draw(t, "event")
}

// anyOptions draws what is told.
func anyOptions(t *rapid.T) Options {
	return Options{Whole: rapid.Bool().Draw(t, "whole"), Addresses: Addresses(rapid.IntRange(0, 2).Draw(t, "addresses"))}
}

// lines has one object in each line of a golden text, its members one below the other.
func indented(object []byte) string {
	return string(bytes.ReplaceAll(object, []byte(`,"`), []byte(",\n\""))) + "\n"
}
