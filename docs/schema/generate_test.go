package schema_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/public"
)

var update = flag.Bool("update", false, "write the schemas anew, and vectors that are missing; those that exist are never changed")

const (
	draft     = "https://json-schema.org/draft/2020-12/schema"
	anyID     = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"
	timestamp = `^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$`
)

// An object is JSON whose members stay in their order.
type object []member

type member struct {
	name  string
	value any
}

func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	for i, m := range o {
		b.WriteByte("{,"[min(i, 1)])
		fmt.Fprintf(&b, "%q:", m.name)
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(m.value); err != nil {
			return nil, err
		}
	}
	if len(o) == 0 {
		b.WriteByte('{')
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// The schemas say what the list of types says. With -update they are written from it.
func TestTheSchemasAreThoseOfTheTypes(t *testing.T) {
	t.Parallel()
	want := map[string][]byte{"event.schema.json": pretty(t, envelope()), "asyncapi.yaml": asyncAPI()}
	for _, typ := range public.Types() {
		want[typ.Schema()+".schema.json"] = pretty(t, dataSchema(&typ))
	}
	for name, text := range want {
		if *update {
			if err := os.WriteFile(name, text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s is not that of the types, %v (with -update it is written anew)", name, err)
		}
	}
	there, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range there {
		if name := file.Name(); strings.HasSuffix(name, ".schema.json") && want[name] == nil {
			t.Errorf("%s is of no type", name)
		}
	}
}

func pretty(t *testing.T, v any) []byte {
	t.Helper()
	compact, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, compact, "", "  "); err != nil {
		t.Fatal(err)
	}
	return append(b.Bytes(), '\n')
}

// dataSchema is the schema that an event's dataschema names.
func dataSchema(typ *public.Type) object {
	properties, required := object{}, []string{}
	for f := range typ.AllFields() {
		value := append(form(f.Form), member{"description", means(f)})
		properties = append(properties, member{f.Name, value})
		if f.Always {
			required = append(required, f.Name)
		}
	}
	s := object{
		{"$schema", draft},
		{"$id", urn(typ)},
		{"title", typ.Name()},
		{"description", typ.Means},
		{"type", "object"},
		{"properties", properties},
	}
	if len(required) > 0 {
		s = append(s, member{"required", required})
	}
	return s
}

func means(f public.Field) string {
	text := strings.ToUpper(f.Means[:1]) + f.Means[1:]
	if f.Whole {
		text += "; not published, only given to whoever may read the log itself"
	}
	return text + "."
}

func urn(typ *public.Type) string {
	return fmt.Sprintf("urn:rollcall:schema:%s:%d", typ.Schema(), public.Version)
}

func form(f public.Form) object {
	text := object{{"type", "string"}}
	switch f {
	case public.ID:
		return append(text, member{"pattern", anyID})
	case public.Time:
		return append(text, member{"format", "date-time"}, member{"pattern", timestamp})
	case public.Reason:
		return append(text, member{"examples", reasons})
	case public.Integer:
		return object{{"type", "integer"}, {"minimum", 0}}
	case public.Signed:
		return object{{"type", "integer"}, {"minimum", -128}, {"maximum", 127}}
	case public.Boolean:
		return object{{"type", "boolean"}}
	case public.TextList:
		return object{{"type", "array"}, {"items", text}}
	}
	return text
}

var reasons = []events.Reason{
	events.ReasonClient, events.ReasonError, events.ReasonConnectionLost, events.ReasonTimeout, events.ReasonResumed,
	events.ReasonReplaced, events.ReasonKicked, events.ReasonConnectorLost, events.ReasonShutdown,
	events.ReasonPasswordChanged, events.ReasonAccountRemoved, events.ReasonOverload, events.ReasonUnavailable,
	events.ReasonAccountDisabled, events.ReasonBanned,
	events.ReasonRoleChanged,
}

// envelope is the schema of a whole event. One of a type that it does not know is valid,
// whatever its data.
func envelope() object {
	text := func(pattern, description string) object {
		return object{{"type", "string"}, {"pattern", pattern}, {"description", description}}
	}
	at := func(description string) object {
		return append(form(public.Time), member{"description", description})
	}
	id := func(description string) object { return text(anyID, description) }
	properties := object{
		{"specversion", object{{"const", "1.0"}}},
		{"id", text("^.+$", "The event's ULID. One without a record that can be read has its sequence. With source it names the event.")},
		{"source", text("^urn:rollcall:log:[A-Z_]+:[0-9]+$", "The stream, and its creation in Unix nanoseconds. Another source is another log.")},
		{"type", text(`^rollcall\.[a-z]+\.[a-z_]+\.v[0-9]+$`, "Class, event and version. There may be new ones.")},
		{"subject", text("^.+$", "What the event is about: the session; before there is one the connection; the account, by its pseudonym; or the connector, by its name.")},
		{"time", at("When it happened, by the clock of the connector that wrote it. May run backwards.")},
		{"recordedtime", at("When the log stored it.")},
		{"sequence", text(`^[0-9]{20}(\.[0-9]{4})?$`, "Its place in the source, without gaps. Where events share a message, the message's and the event's in it.")},
		{"partitionkey", text("^(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])$", "FNV-32a of the account's JID, modulo 256.")},
		{"causationid", id("The connection whose client led to it.")},
		{"correlationid", id("The session; before there is one the connection.")},
		{"traceparent", text("^00-[0-9a-f]{32}-[0-9a-f]{16}-03$", "The same as a W3C trace: a session is one trace, and each of its events a span.")},
		{"datacontenttype", object{{"const", "application/json"}}},
		{"dataschema", text(`^urn:rollcall:schema:[a-z]+\.[a-z_]+:[0-9]+$`, "The schema of data.")},
		{"data", object{{"type", "object"}}},
	}
	known := []any{object{
		{"if", object{{"properties", object{{"type", object{{"enum", []string{"rollcall.log.damaged.v1", "rollcall.log.lost.v1"}}}}}}}},
		{"else", object{{"required", []string{"time", "recordedtime"}}}},
	}}
	for _, typ := range public.Types() {
		known = append(known, object{
			{"if", object{{"properties", object{{"type", object{{"const", typ.Name()}}}}}}},
			{"then", object{{"properties", object{{"dataschema", object{{"const", urn(&typ)}}}, {"data", object{{"$ref", urn(&typ)}}}}}}},
		})
	}
	return object{
		{"$schema", draft},
		{"$id", fmt.Sprintf("urn:rollcall:schema:event:%d", public.Version)},
		{"title", "An event of Rollcall"},
		{"description", "One record of the log as a CloudEvents 1.0 object in JSON."},
		{"type", "object"},
		{"properties", properties},
		{"required", []string{"specversion", "id", "source", "type", "sequence", "datacontenttype", "dataschema", "data"}},
		{"allOf", known},
	}
}

// asyncAPI lists the types as messages. How to get them is the channel's affair.
func asyncAPI() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `asyncapi: 3.0.0
info:
  title: Rollcall's events
  version: %d.0.0
  description: >-
    Every record of the log as a CloudEvents 1.0 object in JSON. The sequence of a source has no gaps,
    and its order is total; whoever reads may begin anywhere. See README.md beside this file.
defaultContentType: application/cloudevents+json
channels:
  log:
    address: null
    title: The log
    description: All that happens to accounts and their sessions, in one order, wherever it is read.
    messages:
`, public.Version)
	types := func(connection bool) (list []public.Type) {
		return slices.DeleteFunc(slices.Clone(public.Types()), func(t public.Type) bool {
			return (t.Class == public.Connection) != connection
		})
	}
	channel := func(list []public.Type) {
		for _, t := range list {
			fmt.Fprintf(&b, "      %s:\n        $ref: '#/components/messages/%s'\n", t.Event, t.Event)
		}
	}
	channel(types(false))
	b.WriteString(`  published:
    address: rc.v1.pub.{class}.{event}.{partition}
    title: The published log
    description: >-
      The same in stream RC_PUBLIC of NATS JetStream, if a process has the role publisher. An event's sequence
      in the stream is that of the event. A feed (rollcall feed add) keeps a reader's place in it.
    parameters:
      class:
        description: That of the event's type.
      event:
        description: Its name.
      partition:
        description: The event's partitionkey, 0 if it has none.
    messages:
`)
	channel(types(false))
	b.WriteString(`  connections:
    address: null
    title: Connections
    description: What happens before there is an account, with a source and numbers of its own. The oldest go when there is much of it.
    messages:
`)
	channel(types(true))
	b.WriteString("operations:\n")
	for _, name := range []string{"log", "published", "connections"} {
		fmt.Fprintf(&b, "  read_%s:\n    action: send\n    channel:\n      $ref: '#/channels/%s'\n", name, name)
	}
	b.WriteString("components:\n  messages:\n")
	for _, t := range public.Types() {
		fmt.Fprintf(&b, `    %s:
      name: %s
      title: %q
      tags:
        - name: %s
      payload:
        schemaFormat: application/schema+json;version=draft-2020-12
        schema:
          allOf:
            - $ref: ./event.schema.json
            - properties:
                type:
                  const: %s
                data:
                  $ref: ./%s.schema.json
`, t.Event, t.Name(), t.Means, t.Class, t.Name(), t.Schema())
	}
	return b.Bytes()
}

// A new reason of package events is to be told here, too.
func TestTheExamplesAreAllReasons(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../../events/event.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), ` Reason = "`); n != len(reasons) {
		t.Errorf("there are %d reasons, of which %d are examples", n, len(reasons))
	}
}
