package schema_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rollcall-xmpp/rollcall/docs/schema"
	"github.com/rollcall-xmpp/rollcall/replay/public"
)

// compiled is the schema of an event, with those of all data.
func compiled(t testing.TB) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	names := []string{"event"}
	for _, typ := range public.Types() {
		names = append(names, typ.Schema())
	}
	for _, name := range names {
		text, err := schema.Files.ReadFile(name + ".schema.json")
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource(doc.(map[string]any)["$id"].(string), doc); err != nil {
			t.Fatal(err)
		}
	}
	s, err := c.Compile("urn:rollcall:schema:event:1")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t testing.TB, s *jsonschema.Schema, event []byte) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(event))
	if err != nil {
		t.Fatalf("%v: %s", err, event)
	}
	return s.Validate(v)
}

func TestVectorsAreValid(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	seen := make(map[string]bool)
	for path, v := range vectors(t) {
		if err := validate(t, s, v.Event); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		seen[decoded(t, v.Event)["type"].(string)] = true
	}
	for _, typ := range public.Types() {
		if !seen[typ.Name()] && typ.Event != "lost" { // which is made of no record
			t.Errorf("no vector is a %s", typ.Name())
		}
	}
	source := public.Source{Stream: "RC_EV", Created: time.Unix(0, 1)}
	e := public.NewEncoder(source, public.Source{}, public.Options{})
	if err := validate(t, s, e.AppendLost(nil, 9, 5, 12)); err != nil {
		t.Error(err)
	}
}

// A schema that takes everything proves nothing.
func TestWhatIsWrongIsNotValid(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	closed := vectors(t)["vectors/closed.v1.json"].Event
	for was, is := range map[string]string{
		`"specversion": "1.0"`:              `"specversion": "2.0"`,
		`"sequence": "0000`:                 `"sequence": "0`,
		`"reason": "kicked",`:               ``,
		`"epoch": 70000`:                    `"epoch": "70000"`,
		`"who": "2S`:                        `"who": "ju`,
		`"time": "2026-01-02T03:04:05.67`:   `"time": "2026-01-02T03:04:65.67`,
		`"recordedtime"`:                    `"recorded"`,
		`"data": {`:                         `"data": {}, "more": {`,
		`urn:rollcall:schema:session.c`:     `urn:rollcall:schema:session.d`,
		`"began": "2026-01-02T02:59:11.540`: `"began": "2026-01-02T02:59:11.5`,
	} {
		text := strings.Replace(string(closed), was, is, 1)
		if text == string(closed) {
			t.Errorf("there is no %s in it:\n%s", was, text)
		} else if !json.Valid([]byte(text)) {
			t.Errorf("with %s it is not even JSON", is)
		} else if err := validate(t, s, []byte(text)); err == nil {
			t.Errorf("with %s it is valid", is)
		}
	}
}

// Types and reasons that are not known here are to be taken, as are more members.
func TestWhatIsNewIsValid(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	closed := string(vectors(t)["vectors/closed.v1.json"].Event)
	for _, text := range []string{
		strings.Replace(closed, `"kicked"`, `"bored"`, 1),
		strings.Replace(closed, `"epoch"`, `"new": [1], "epoch"`, 1),
		strings.NewReplacer(`session.closed.v1`, `session.moved.v1`, `session.closed:1`, `session.moved:1`).Replace(closed),
		strings.NewReplacer(`session.closed.v1`, `session.closed.v2`, `session.closed:1`, `session.closed:2`, `"reason"`, `"why"`).Replace(closed),
	} {
		if err := validate(t, s, []byte(text)); err != nil {
			t.Errorf("%v:\n%s", err, text)
		}
	}
}
