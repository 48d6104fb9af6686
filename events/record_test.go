package events

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
	"pgregory.net/rapid"
)

// elements decodes a record as another implementation does.
func elements(t testing.TB, data []byte) []any {
	t.Helper()
	var e []any
	if err := msgpack.Unmarshal(data, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

// encode encodes it as another implementation does.
func encode(t testing.TB, elements []any) []byte {
	t.Helper()
	data, err := msgpack.Marshal(elements)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestReadersPassOverWhatNewerWritersAdd(t *testing.T) {
	t.Parallel()
	added := []any{"new", 3.5, nil, true, []any{[]byte{1}, map[string]any{"a": int64(-1)}}, strings.Repeat("x", 70_000)}
	for _, e := range samples {
		data := sample(e).Append(nil)
		parts := elements(t, data)
		fields := append(parts[11].([]any), added...)
		newer := encode(t, append(append(parts[:11:11], fields), added...))
		var r Record
		if err := r.Decode(newer); err != nil || !reflect.DeepEqual(r, *sample(e)) {
			t.Errorf("%s: %+v, %v", e.Kind(), r, err)
		}
	}
}

func TestReadersTakeMissingFieldsForZero(t *testing.T) {
	t.Parallel()
	for _, e := range samples {
		parts := elements(t, sample(e).Append(nil))
		parts[11] = []any{}
		var r Record
		if err := r.Decode(encode(t, parts)); err != nil || !reflect.DeepEqual(r.Event, reflect.Zero(reflect.TypeOf(e)).Interface()) {
			t.Errorf("%s: %+v, %v", e.Kind(), r.Event, err)
		}
	}
}

func TestAnUnknownKindIsKept(t *testing.T) {
	t.Parallel()
	parts := elements(t, sample(Closed{Reason: ReasonClient}).Append(nil))
	parts[1], parts[2], parts[11] = uint8(200), uint8(9), []any{"what", map[string]any{"is": "this"}}
	data := encode(t, parts)
	var r Record
	if err := r.Decode(data); err != nil {
		t.Fatal(err)
	}
	u, ok := r.Event.(Unknown)
	if !ok || u.Code != 200 || u.Version != 9 || u.Kind().String() != "unknown_200" {
		t.Errorf("read as %+v", r.Event)
	}
	var again Record
	if err := again.Decode(r.Append(nil)); err != nil || !reflect.DeepEqual(again, r) {
		t.Errorf("written and read again as %+v, %v", again, err)
	}
}

func TestOlderVersionsAreBroughtToTheNewest(t *testing.T) {
	t.Parallel()
	// In this history Closed had first a number, then the reason in capitals.
	table := upcastTable{
		KindClosed: {
			func(fields []byte) ([]byte, error) {
				d := decoder{b: fields}
				if d.array(); d.uint() != 1 || d.err != nil {
					return nil, errors.New("no such reason")
				}
				return appendStrings(nil, "KICKED"), nil
			},
			func(fields []byte) ([]byte, error) {
				f := fieldsOf(fields)
				return appendStrings(nil, strings.ToLower(f.string()), "upcast"), nil
			},
		},
	}
	write := func(version uint8, fields ...any) []byte {
		parts := elements(t, sample(Closed{}).Append(nil))
		parts[2], parts[11] = version, fields
		return encode(t, parts)
	}
	want := Closed{Reason: ReasonKicked, Text: "upcast"}
	for version, data := range map[uint8][]byte{0: write(0, uint8(1)), 1: write(1, "KICKED")} {
		var r Record
		if err := r.decode(data, &table); err != nil || r.Event != want {
			t.Errorf("version %d: %+v, %v", version, r.Event, err)
		}
	}
	var r Record
	if err := r.decode(write(2, "kicked", "as it is"), &table); err != nil || r.Event != (Closed{Reason: ReasonKicked, Text: "as it is"}) {
		t.Errorf("version 2: %+v, %v", r.Event, err)
	}
	if err := r.decode(write(0, uint8(9)), &table); !errors.Is(err, ErrUndecodable) {
		t.Errorf("what can't be upcast: %v", err)
	}
}

func TestARecordThatIsCutShortIsUndecodable(t *testing.T) {
	t.Parallel()
	for _, e := range samples {
		data := sample(e).Append(nil)
		for n := range data {
			var r Record
			if err := r.Decode(data[:n]); !errors.Is(err, ErrUndecodable) {
				t.Errorf("%s: %d of %d bytes: %v", e.Kind(), n, len(data), err)
			}
		}
	}
}

func TestUndecodableRecords(t *testing.T) {
	t.Parallel()
	change := func(i int, v any) []byte {
		parts := elements(t, sample(Closed{}).Append(nil))
		parts[i] = v
		return encode(t, parts)
	}
	deep := bytes.Repeat([]byte{0x91}, 100)
	for name, data := range map[string][]byte{
		"no array":                {0xa1, 'x'},
		"not msgpack":             {0xc1},
		"too few fields":          encode(t, []any{1, 2, 3}),
		"envelope version 0":      change(0, uint8(0)),
		"kind is a string":        change(1, "closed"),
		"kind beyond 255":         change(1, uint16(256)),
		"version beyond 255":      change(2, uint16(256)),
		"id of 3 bytes":           change(3, []byte{1, 2, 3}),
		"no id":                   change(3, []byte{}),
		"session of 17 bytes":     change(4, make([]byte, 17)),
		"no JID":                  change(5, ""),
		"time is a string":        change(6, "now"),
		"negative epoch":          change(8, int8(-1)),
		"negative prev":           change(10, int8(-1)),
		"fields are no array":     change(11, "x"),
		"a field of another type": change(11, []any{uint8(1)}),
		"nested too deep":         append(sample(Closed{}).Append(nil)[:0:0], deep...),
	} {
		var r Record
		if err := r.Decode(data); !errors.Is(err, ErrUndecodable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBeforeThereIsAnAccountARecordNeedsNoJID(t *testing.T) {
	t.Parallel()
	for _, e := range samples {
		r := sample(e)
		r.JID = JID{}
		var got Record
		err := got.Decode(r.Append(nil))
		if before := e.Kind() >= KindConnected; before != (err == nil) || before && !reflect.DeepEqual(got, *r) {
			t.Errorf("%s: %+v, %v", e.Kind(), got, err)
		}
	}
}

// anyRecord draws records of all kinds but Unknown.
func anyRecord(t *rapid.T) *Record {
	id := func(label string) (id ID) {
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, label))
		id[0] |= 1 // not zero
		return id
	}
	text := func(label string) string { return rapid.StringN(0, 300, 70_000).Draw(t, label) }
	r := sample(rapid.SampledFrom(samples).Draw(t, "event"))
	switch e := r.Event.(type) {
	case PresenceAvailable:
		e.Priority, e.Show, e.Stanza = rapid.Int8().Draw(t, "priority"), text("show"), text("stanza")
		r.Event = e
	case Closed:
		e.Reason, e.Text, e.By = Reason(text("reason")), text("text"), Actor(text("by"))
		r.Event = e
	case StreamManagementEnabled:
		e.Resumable, e.Max, e.TokenHash = rapid.Bool().Draw(t, "resumable"), rapid.Uint32().Draw(t, "max"), string(rapid.SliceOf(rapid.Byte()).Draw(t, "hash"))
		r.Event = e
	case Detached:
		e.Until = rapid.Int64().Draw(t, "until")
		r.Event = e
	case Refreshed:
		e.Conn, e.Since, e.Presence, e.TokenHash = ConnID(id("conn")), rapid.Int64().Draw(t, "since"), text("stanza"), text("hash")
		e.Address = text("address")
		e.Directed = nil
		for range rapid.IntRange(0, 40).Draw(t, "directed") {
			e.Directed = append(e.Directed, StoredJID(text("to")))
		}
		r.Event = e
	}
	r.ID, r.Time, r.Prev = EventID(id("id")), rapid.Int64().Draw(t, "time"), Seq(rapid.Uint64().Draw(t, "prev"))
	r.Connector = Incarnation{Name: text("connector"), Epoch: rapid.Uint64().Draw(t, "epoch")}
	if rapid.Bool().Draw(t, "of the account") {
		r.Session, r.Cause = SessionID{}, ConnID{}
	}
	return r
}

func TestEveryRecordIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := anyRecord(t)
		data := r.Append(nil)
		var got Record
		if err := got.Decode(data); err != nil || !reflect.DeepEqual(got, *r) {
			t.Fatalf("%+v\nis read as\n%+v, %v", r, got, err)
		}
		// The other implementation agrees, whatever width it gives the numbers.
		var parts []any
		if err := msgpack.Unmarshal(data, &parts); err != nil || len(parts) != envelopeFields {
			t.Fatalf("%d elements, %v", len(parts), err)
		}
		if text, ok := notUTF8(parts); ok {
			t.Fatalf("%+v has a string that is not UTF-8: %q", r, text)
		}
		for _, compact := range []bool{true, false} {
			var b bytes.Buffer
			enc := msgpack.NewEncoder(&b)
			enc.UseCompactInts(compact)
			if err := enc.Encode(parts); err != nil {
				t.Fatal(err)
			}
			if err := got.Decode(b.Bytes()); err != nil || !reflect.DeepEqual(got, *r) {
				t.Fatalf("%+v\nis read from the other's bytes as\n%+v, %v", r, got, err)
			}
		}
	})
}

func TestNumbersAreWrittenInTheirShortestForm(t *testing.T) {
	t.Parallel()
	for _, v := range []int64{0, 1, 127, 128, 255, 256, math.MaxUint16, math.MaxUint16 + 1, math.MaxUint32, math.MaxUint32 + 1, math.MaxInt64, -1, -32, -33, -128, -129, math.MinInt64} {
		data := appendInt(nil, v)
		d := decoder{b: data}
		if got := d.int(); got != v || d.err != nil || len(d.b) > 0 {
			t.Errorf("%d is read as %d, %v", v, got, d.err)
		}
		var other int64
		if err := msgpack.Unmarshal(data, &other); err != nil || other != v {
			t.Errorf("%d is read by the other as %d, %v", v, other, err)
		}
	}
}

// FuzzRecord: no bytes make Decode panic, and what it reads is written and
// read again as the same.
func FuzzRecord(f *testing.F) {
	for _, e := range samples {
		f.Add(sample(e).Append(nil))
	}
	f.Add(sample(Unknown{Code: 250, Version: 3, Fields: []byte{0x91, 0xc0}}).Append(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		var r, again Record
		if err := r.Decode(data); err != nil {
			if !errors.Is(err, ErrUndecodable) {
				t.Errorf("error %v", err)
			}
			return
		}
		if err := again.Decode(r.Append(nil)); err != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("%+v\nis read again as\n%+v, %v", r, again, err)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	r, buf := sample(samples[3]), make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		buf = r.Append(buf[:0])
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkDecode(b *testing.B) {
	for _, e := range []Event{samples[2], samples[3], samples[8]} {
		b.Run(e.Kind().String(), func(b *testing.B) {
			data := sample(e).Append(nil)
			var r Record
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if err := r.Decode(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Connectors has records of its own because nobody can get an account of that name.
func TestNobodyIsCalledAsConnectorsAre(t *testing.T) {
	t.Parallel()
	for _, text := range []string{Connectors.String(), "_CONNECTORS", "_connectors.", "\uff3fconnectors", "_connectors/c1"} {
		if jid, err := ParseJID(text); err == nil {
			t.Errorf("%q is taken for %s", text, jid)
		}
	}
	if !Connectors.IsBare() || Connectors.Local() != "" {
		t.Errorf("%s could be an account's", Connectors)
	}
}
