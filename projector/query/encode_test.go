package query

import (
	"encoding/json"
	"testing"
)

func TestAnEmptyTextIsNullAndAllElseIsAsItIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value any
		want  string
	}{
		{map[string]any{"a": "", "b": []string{"", ":"}, "c": map[string]string{"": ""}}, `{"a":null,"b":["",":"],"c":{"":null}}`},
		{map[string]string{"a:": `:""`, `:""`: ":", "c": `"`}, `{":\"\"":":","a:":":\"\"","c":"\""}`},
		{map[string]string{"a": "<b> & c", "d": "\\", "e": ":"}, `{"a":"<b> & c","d":"\\","e":":"}`},
		{"", `""`},
	} {
		got, err := Marshal(c.value)
		if err != nil || string(got) != c.want || !json.Valid(got) {
			t.Errorf("got %s, %v, want %s", got, err, c.want)
		}
	}
}

// So whoever reads an answer into the types of this package has what was sent.
func TestASessionIsReadBackWhole(t *testing.T) {
	t.Parallel()
	sent := Session{ID: "01", Username: "alice"}
	line, err := Marshal(sent)
	var got Session
	if err == nil {
		err = json.Unmarshal(line, &got)
	}
	if err != nil || got != sent {
		t.Errorf("got %+v, %v", got, err)
	}
}
