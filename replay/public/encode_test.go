package public

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"hash/fnv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/names"
)

// one encodes a record and reads it with encoding/json.
func one(t testing.TB, o Options, st *events.Stored, who names.Pseudonym) (object, data map[string]any) {
	t.Helper()
	line := NewEncoder(logSource, preSource, o).Append(nil, st, who)
	if err := json.Unmarshal(line, &object); err != nil {
		t.Fatalf("%v:\n%s", err, line)
	}
	return object, object["data"].(map[string]any)
}

func TestARecordIsACloudEvent(t *testing.T) {
	t.Parallel()
	st := golden(t)["closed.v1"]
	line := NewEncoder(logSource, preSource, Options{}).Append(nil, st, juliet)
	const want = `{"specversion":"1.0",
"id":"01KDYAA4HMM2GT58X4MPKAFA01",
"source":"urn:rollcall:log:RC_EV:1764421200000000001",
"type":"rollcall.session.closed.v1",
"subject":"01KDYAA4HMM2GT58X4MPKAFA02",
"time":"2026-01-02T03:04:05.678900Z",
"recordedtime":"2026-01-02T03:04:05.678912Z",
"sequence":"00000000008589934599",
"partitionkey":"31",
"causationid":"01KDYAA4HMM2GT58X4MPKAFA03",
"correlationid":"01KDYAA4HMM2GT58X4MPKAFA02",
"traceparent":"00-019b7ca51234a0a1a2a3a4a5a6a7a802-a2a3a4a5a6a7a801-03",
"datacontenttype":"application/json",
"dataschema":"urn:rollcall:schema:session.closed:1",
"data":{"account":"juliet@example.com",
"who":"2T000000000000000000000001",
"jid":"juliet@example.com/balcony",
"connector":"c1",
"epoch":70000,
"prev":8589934592,
"reason":"kicked",
"text":"maintenance",
"began":"2026-01-02T02:59:11.540000Z",
"duration_ms":294138}}
`
	if got := indented(line); got != want {
		t.Errorf("it is\n%s", got)
	}
}

func TestWhatIsNotKnownOrNotReadableHasAFormToo(t *testing.T) {
	t.Parallel()
	e := NewEncoder(logSource, preSource, Options{})
	unknown := *golden(t)["bound.v1"]
	unknown.Event = events.Unknown{Code: 200, Version: 3, Fields: []byte{0x90}}
	for want, line := range map[string][]byte{
		`"type":"rollcall.log.unknown.v1"`: e.Append(nil, &unknown, nobody),
		`"data":{"kind":200,"version":3}}`: e.Append(nil, &unknown, nobody),
		`"id":"00000000000000000009","source":"urn:rollcall:log:RC_EV:1764421200000000001","type":"rollcall.log.damaged.v1","time":"1970-01-01T00:00:00.000005Z"`: e.AppendDamaged(nil, &events.PoisonError{Stream: "RC_EV", Seq: 9, At: 5000}),
		`"sequence":"00000000000000000009","datacontenttype"`:                       e.AppendDamaged(nil, &events.PoisonError{Seq: 9}),
		`"sequence":"00000000000000000009.0012"`:                                    e.AppendDamaged(nil, &events.PoisonError{Stream: "RC_PRE", Seq: 9, Part: 12}),
		`"data":{"size":3}}`:                                                        e.AppendDamaged(nil, &events.PoisonError{Seq: 9, Data: []byte("abc")}),
		`"sequence":"00000000000000000009","datacontenttype":"application/json","d`: e.AppendLost(nil, 9, 5, 12),
		`"type":"rollcall.log.lost.v1"`:                                             e.AppendLost(nil, 9, 5, 12),
		`"data":{"from":5,"to":12}}`:                                                e.AppendLost(nil, 9, 5, 12),
	} {
		if !json.Valid(line) || !strings.Contains(string(line), want) {
			t.Errorf("it lacks %s:\n%s", want, line)
		}
	}
}

// The subject is what the event is about.
func TestASubjectIsASessionAConnectionAnAccountOrAConnector(t *testing.T) {
	t.Parallel()
	all := golden(t)
	lost := *all["connector_lost.v1"]
	lost.Session, lost.JID = events.SessionID{}, events.Connectors
	created := *all["account_created.v1"]
	created.Session = events.SessionID{}
	failed := *all["auth_failed.v1"]
	failed.Session = events.SessionID{}
	for _, c := range []struct {
		st   *events.Stored
		who  names.Pseudonym
		want any
	}{
		{all["bound.v1"], juliet, all["bound.v1"].Session.String()},
		{&failed, nobody, failed.Cause.String()},
		{&created, juliet, juliet.String()},
		{&created, nobody, nil},
		{&lost, nobody, "c2"},
	} {
		if object, _ := one(t, Options{}, c.st, c.who); object["subject"] != c.want {
			t.Errorf("that of %s is %v, not %v", c.st.Event.Kind(), object["subject"], c.want)
		}
	}
}

func TestADurationIsNeverLessThanNothing(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	st := *golden(t)["closed.v1"]
	st.Session = events.NewSessionID(began)
	for at, want := range map[time.Duration]float64{-time.Hour: 0, 0: 0, 1999 * time.Microsecond: 1, 300 * 24 * time.Hour: 300 * 24 * 3600 * 1000} {
		st.Time = began.Add(at).UnixNano()
		if _, data := one(t, Options{}, &st, nobody); data["duration_ms"] != want || data["began"] != "2026-01-02T03:04:05.000000Z" {
			t.Errorf("%s after its beginning: %v since %v", at, data["duration_ms"], data["began"])
		}
	}
	st.Session = events.SessionID{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}
	if _, data := one(t, Options{}, &st, nobody); data["began"] != "9999-12-31T23:59:59.999000Z" {
		t.Errorf("a session of the far future began %v", data["began"])
	}
}

func TestAddressesAreToldAsFarAsIsAllowed(t *testing.T) {
	t.Parallel()
	for address, prefix := range map[string]any{
		"192.0.2.77:50123": "192.0.2.0/24", "[2001:db8:1:2::3]:1": "2001:db8:1::/48", "[::ffff:192.0.2.9]:3": "192.0.2.0/24",
		"[fe80::1%eth0]:9": "fe80::/48", "a\nb": nil,
	} {
		st := *golden(t)["resumed.v1"]
		st.Event = events.Resumed{Address: address}
		for o, want := range map[Addresses]any{FullAddresses: address, PrefixAddresses: prefix, NoAddresses: nil} {
			if _, data := one(t, Options{Addresses: o}, &st, nobody); data["address"] != want {
				t.Errorf("of %q %d tells %v, not %v", address, o, data["address"], want)
			}
		}
	}
}

// No option but Whole tells a stanza, and none a token's hash.
func TestStanzasAreNotPublished(t *testing.T) {
	t.Parallel()
	for name, st := range golden(t) {
		line := NewEncoder(logSource, preSource, Options{}).Append(nil, st, nobody)
		whole := NewEncoder(logSource, preSource, Options{Whole: true}).Append(nil, st, nobody)
		if bytes.Contains(line, []byte("<presence")) || bytes.Contains(line, []byte("romeo")) && name != "presence_directed.v1" {
			t.Errorf("%s is published as\n%s", name, line)
		}
		if bytes.Contains(whole, []byte("0102feff")) || bytes.Contains(whole, []byte("\\u0001")) {
			t.Errorf("%s has the hash:\n%s", name, whole)
		}
	}
}

// Any text stands there as encoding/json writes it, byte for byte; and all of it is read
// as it was written.
func TestTextIsWrittenAsEncodingJSONWritesIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := anyText(t, "text")
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(s); err != nil {
			t.Fatal(err)
		}
		if got := string(appendString(nil, s)) + "\n"; got != want.String() {
			t.Fatalf("%q is written as %s, not as %s", s, got, want.String())
		}
	})
}

// Each record gives one object: valid, on one line, of known members, and the same again
// as encoding/json would write it.
func TestEveryRecordIsOneObject(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		st, o := anyStored(t), anyOptions(t)
		who := rapid.SampledFrom([]names.Pseudonym{nobody, juliet}).Draw(t, "who")
		line := NewEncoder(logSource, preSource, o).Append([]byte("before "), st, who)
		line, ok := bytes.CutPrefix(line, []byte("before "))
		var compact bytes.Buffer
		if err := json.Compact(&compact, line); err != nil || !ok || !bytes.Equal(compact.Bytes(), line) || bytes.ContainsRune(line, '\n') {
			t.Fatalf("%v:\n%s", err, line)
		}
		var object struct{ Data map[string]json.RawMessage }
		if err := json.Unmarshal(line, &object); err != nil {
			t.Fatal(err)
		}
		typ := TypeOf(st.Event.Kind())
		for f := range typ.AllFields() {
			value, ok := object.Data[f.Name]
			if f.Always && !ok || f.Whole && ok && !o.Whole {
				t.Fatalf("%s %s is there: %t:\n%s", typ.Event, f.Name, ok, line)
			}
			if again, err := again(value); ok && (err != nil || replaced(again) != replaced(value)) {
				t.Fatalf("%s is %s, not %s", f.Name, value, again)
			}
			delete(object.Data, f.Name)
		}
		for name := range object.Data {
			t.Fatalf("%s has no field %s:\n%s", typ.Event, name, line)
		}
	})
}

// again reads a value and writes it as encoding/json does.
func again(value json.RawMessage) ([]byte, error) {
	if len(value) == 0 {
		return nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader(value))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// replaced has one form of the character that stands for bytes that are not UTF-8:
// nobody who reads it can tell whether it was written as an escape.
func replaced(text []byte) string { return strings.ReplaceAll(string(text), "\ufffd", `\ufffd`) }

func TestTheTypesAreTheKinds(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, typ := range Types() {
		if seen[typ.Event] {
			t.Errorf("there are two %s", typ.Event)
		}
		seen[typ.Event] = true
		if typ.Kind != 0 && (typ.Event != typ.Kind.String() || TypeOf(typ.Kind).Event != typ.Event) {
			t.Errorf("kind %s is %s", typ.Kind, typ.Event)
		}
		for _, name := range []string{typ.Event, typ.Name()} {
			if found, ok := Named(name); !ok || found.Event != typ.Event {
				t.Errorf("no type is named %s", name)
			}
		}
	}
	for k := range 256 {
		kind := events.Kind(k)
		known := !strings.HasPrefix(kind.String(), "unknown_")
		if got := TypeOf(kind).Event; known != (got == kind.String()) || !known && got != "unknown" {
			t.Errorf("kind %s is published as %s", kind, got)
		}
	}
}

func TestAnEncoderAllocatesNothing(t *testing.T) {
	room, e := make([]byte, 0, 64<<10), NewEncoder(logSource, preSource, Options{Addresses: PrefixAddresses})
	for name, st := range golden(t) {
		if n := testing.AllocsPerRun(20, func() { e.Append(room, st, juliet) }); n > 0 {
			t.Errorf("%s takes %v", name, n)
		}
	}
}

// What a record costs: to decode it, and to decode and write it.
func BenchmarkEncode(b *testing.B) {
	var records [][]byte
	for _, st := range golden(b) {
		if st.Stream == "RC_EV" && st.Event.Kind() != events.KindRefreshed {
			records = append(records, st.Record.Append(nil))
		}
	}
	e, room := NewEncoder(logSource, preSource, Options{}), make([]byte, 0, 4096)
	for name, write := range map[string]bool{"decode": false, "decode and write": true} {
		b.Run(name, func(b *testing.B) {
			st := &events.Stored{Stream: "RC_EV", At: 1_767_323_045_678_912_345}
			size := 0
			for i := 0; b.Loop(); i++ {
				if err := st.Decode(records[i%len(records)]); err != nil {
					b.Fatal(err)
				}
				if write {
					size += len(e.Append(room, st, juliet))
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(size)/float64(b.N), "bytes/event")
		})
	}
}

func TestAPartitionIsOfTheWholeAccount(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"juliet@example.com/balcony", "juliet@example.com", "r\u00f6m\u00e9o@example.net/\U0001f339"} {
		h := fnv.New32a()
		h.Write([]byte(strings.Split(s, "/")[0]))
		if got, want := Partition(events.StoredJID(s)), uint8(h.Sum32()%256); got != want {
			t.Errorf("that of %s is %d, not %d", s, got, want)
		}
	}
}

// The trace of a session is the session's id, so nothing is stored for it.
func TestATraceIsTheSession(t *testing.T) {
	t.Parallel()
	st := *golden(t)["bound.v1"]
	object, _ := one(t, Options{}, &st, nobody)
	parts := strings.Split(object["traceparent"].(string), "-")
	if len(parts) != 4 || parts[1] != hex.EncodeToString(st.Session[:]) || parts[2] != hex.EncodeToString(st.ID[8:]) {
		t.Errorf("it is %v", parts)
	}
	clear(st.ID[8:])
	if object, _ := one(t, Options{}, &st, nobody); object["traceparent"] != nil {
		t.Errorf("a span of zeros is none: %v", object["traceparent"])
	}
}
