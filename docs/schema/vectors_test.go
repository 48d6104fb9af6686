package schema_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/names"
	"github.com/rollcall-xmpp/rollcall/replay/public"
)

// A vector is a record as it is in the log, and the event that it is published as.
type vector struct {
	Record  string          `json:"record"` // in hexadecimal
	Stream  string          `json:"stream"`
	Created string          `json:"created"` // of the stream, Unix nanoseconds
	Seq     events.Seq      `json:"seq"`
	Part    uint32          `json:"part"` // of its message
	At      string          `json:"at"`   // when the log stored it, Unix nanoseconds
	Who     string          `json:"who,omitempty"`
	Event   json.RawMessage `json:"event"`
}

const (
	created  = "1764421200000000001"
	storedAt = "1767323045678912345"
	juliet   = "2SCZ4DSHK1VQ9W0Y7BPF6X8RGA"
)

// publish gives the event of a vector's record.
func (v *vector) publish(t *testing.T) []byte {
	t.Helper()
	data, err := hex.DecodeString(v.Record)
	if err != nil {
		t.Fatal(err)
	}
	var at, made int64
	if _, err := fmt.Sscan(v.At+" "+v.Created, &at, &made); err != nil {
		t.Fatal(err)
	}
	source := func(stream string) public.Source { return public.Source{Stream: stream, Created: time.Unix(0, made)} }
	e := public.NewEncoder(source("RC_EV"), source("RC_PRE"), public.Options{})
	st := &events.Stored{Stream: v.Stream, Seq: v.Seq, Part: v.Part, At: at}
	if err := st.Decode(data); err != nil {
		return e.AppendDamaged(nil, &events.PoisonError{Stream: v.Stream, Seq: v.Seq, Part: v.Part, At: at, Data: data, Err: err})
	}
	var who names.Pseudonym
	if v.Who != "" {
		if who, err = names.Parse(v.Who); err != nil {
			t.Fatal(err)
		}
	}
	return e.Append(nil, st, who)
}

// What is published of a record may grow by members, and what was published of it stays:
// a vector has what was, and is never changed.
func TestEveryRecordIsStillPublishedAsItWas(t *testing.T) {
	t.Parallel()
	records := goldenRecords(t)
	maps.Copy(records, lifelike())
	for name, v := range records {
		path := filepath.Join("vectors", name+".json")
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) && *update {
			v.Event = v.publish(t)
			text = pretty(t, v)
			err = os.WriteFile(path, text, 0o644)
		}
		if err != nil {
			t.Errorf("%v (with -update it is written)", err)
			continue
		}
		var was vector
		if err := json.Unmarshal(text, &was); err != nil {
			t.Fatal(err)
		}
		if was.Record != v.Record {
			t.Errorf("%s is of another record", path)
		}
	}
	for path, v := range vectors(t) {
		if !contains(decoded(t, v.publish(t)), decoded(t, v.Event)) {
			t.Errorf("%s is now published as\n%s", path, v.publish(t))
		}
	}
}

// Every vector is in vectors/SHA256SUMS from its release on, with the hash that it had.
func TestVectorsAreFrozen(t *testing.T) {
	t.Parallel()
	const list = "vectors/SHA256SUMS"
	text, err := os.ReadFile(list)
	if err != nil && !*update {
		t.Fatal(err)
	}
	sums := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		sums[name] = sum
	}
	there := make(map[string]bool)
	for path := range vectors(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		there[name] = true
		sum := fmt.Sprintf("%x", sha256.Sum256(data))
		if sums[name] == "" && *update {
			sums[name] = sum
		}
		if sums[name] != sum {
			t.Errorf("%s has changed, or is not in %s (with -update a new one gets there)", path, list)
		}
	}
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		fmt.Fprintf(&b, "%s  %s\n", sums[name], name)
		if !there[name] {
			t.Errorf("vectors/%s is gone", name)
		}
	}
	if *update {
		if err := os.WriteFile(list, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// vectors are those in the tree, by their paths.
func vectors(t *testing.T) map[string]*vector {
	t.Helper()
	paths, err := filepath.Glob("vectors/*.json")
	if err != nil || len(paths) < 30 {
		t.Fatalf("%d vectors, %v", len(paths), err)
	}
	all := make(map[string]*vector)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		v := new(vector)
		if err := json.Unmarshal(text, v); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all[path] = v
	}
	return all
}

// goldenRecords are the frozen records of package events, in all their versions.
func goldenRecords(t *testing.T) map[string]*vector {
	t.Helper()
	files, err := filepath.Glob("../../events/testdata/golden/*.txt")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d golden records, %v", len(files), err)
	}
	all := make(map[string]*vector)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, dump, _ := strings.Cut(string(text), "\n\n")
		record := strings.ReplaceAll(dump, "\n", "")
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		v := &vector{Record: record, Stream: "RC_EV", Created: created, Seq: 1<<33 + 7, At: storedAt, Who: juliet}
		if typ, ok := public.Named(strings.Split(name, ".")[0]); ok && typ.Class == public.Connection {
			v.Stream, v.Part, v.Who = "RC_PRE", 3, ""
		}
		all[name] = v
	}
	return all
}

// lifelike are records as services write them, where the golden ones have every field
// set, and what is no record.
func lifelike() map[string]*vector {
	id := func(last byte) events.ID { return events.ID{1, 0x9b, 0x7c, 0xa5, 0x12, 0x34, 0xa0, 0xa1, 15: last} }
	account, bound := events.StoredJID("juliet@example.com"), events.StoredJID("juliet@example.com/Caf\u00e9 \u2028\"\\")
	at := time.Date(2026, 1, 2, 3, 4, 5, 678_900_000, time.UTC).UnixNano()
	of := func(stream, who string, r events.Record) *vector {
		r.ID, r.Time, r.Connector = events.EventID(id(1)), at, events.Incarnation{Name: "c1", Epoch: 7}
		return &vector{Record: hex.EncodeToString(r.Append(nil)), Stream: stream, Created: created, Seq: 18231, At: storedAt, Who: who}
	}
	session := events.SessionID(id(2))
	early := events.SessionID(events.ID{0x01, 0x9c, 15: 1}) // begins after the event, by its connector's clock
	all := map[string]*vector{
		"created.v2":        of("RC_EV", juliet, events.Record{JID: account, Event: events.AccountCreated{By: "juliet@example.com"}}),
		"erased.v2":         of("RC_EV", "", events.Record{JID: account, Event: events.AccountRemoved{By: "token \u2028\"<&>"}, Prev: 18230}),
		"login.v3":          of("RC_EV", juliet, events.Record{JID: account, Session: session, Cause: events.ConnID(id(3)), Event: events.Authenticated{Mechanism: "PLAIN", Address: "[2001:db8::1]:5", Role: "night-shift"}}),
		"text.v3":           of("RC_EV", juliet, events.Record{JID: bound, Session: session, Event: events.Closed{Reason: "another_reason", Text: "tab\t nul\x00 \u2029 \xff <&>", By: "cli root@example", HeldBy: "c2"}}),
		"skewed.v3":         of("RC_EV", juliet, events.Record{JID: bound, Session: early, Event: events.Closed{Reason: events.ReasonClient}}),
		"clear":             of("RC_EV", juliet, events.Record{JID: bound, Session: session, Event: events.PresenceAvailable{Stanza: "<presence/>"}}),
		"connector_started": of("RC_EV", "", events.Record{JID: events.Connectors, Event: events.ConnectorStarted{}}),
		"connector_lost":    of("RC_EV", "", events.Record{JID: events.Connectors, Event: events.ConnectorLost{Lost: events.Incarnation{Name: "c2", Epoch: 3}}}),
		"guess":             of("RC_PRE", "", events.Record{Cause: events.ConnID(id(3)), Event: events.AuthFailed{Username: "root", Mechanism: "PLAIN", Condition: "not-authorized", Address: "192.0.2.9:7"}}),
		"unknown":           of("RC_EV", juliet, events.Record{JID: account, Event: events.Unknown{Code: 200, Version: 3, Fields: []byte{0x91, 0xa3, 'n', 'e', 'w'}}}),
	}
	all["damaged"] = &vector{Record: "c0ffee", Stream: "RC_EV", Created: created, Seq: 18231, At: storedAt}
	all["damaged_connection"] = &vector{Record: "", Stream: "RC_PRE", Created: created, Seq: 18231, Part: 12, At: storedAt}
	return all
}

func decoded(t *testing.T, text []byte) (v map[string]any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

// contains reports that an object has all members that it had.
func contains(is, was map[string]any) bool {
	for name, value := range was {
		a, ok := is[name].(map[string]any)
		b, both := value.(map[string]any)
		if ok && both && !contains(a, b) || !(ok && both) && !reflect.DeepEqual(is[name], value) {
			return false
		}
	}
	return true
}
