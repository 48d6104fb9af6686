package public

import (
	"bytes"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/rollcall-xmpp/rollcall/docs/schema"
	"github.com/rollcall-xmpp/rollcall/replay/names"
)

// Whatever a record has in it, and whatever is told of it, the schemas hold.
func TestEveryRecordIsValid(t *testing.T) {
	t.Parallel()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	files := []string{"event"}
	for _, typ := range Types() {
		files = append(files, typ.Schema())
	}
	for _, name := range files {
		text, err := schema.Files.ReadFile(name + ".schema.json")
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err == nil {
			err = c.AddResource(doc.(map[string]any)["$id"].(string), doc)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	event, err := c.Compile("urn:rollcall:schema:event:1")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		who := rapid.SampledFrom([]names.Pseudonym{nobody, juliet}).Draw(t, "who")
		line := NewEncoder(logSource, preSource, anyOptions(t)).Append(nil, anyStored(t), who)
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
		if err != nil {
			t.Fatal(err)
		}
		if err := event.Validate(v); err != nil {
			t.Fatalf("%v:\n%s", err, line)
		}
	})
}
