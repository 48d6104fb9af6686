package query

import (
	"bytes"
	"encoding/json"
)

// Marshal encodes an answer for programs as one line of JSON, without the line's end. Each
// type has one set of keys, and a text that is empty, which is one that is absent or not
// known, is null, as are absent numbers, times and objects. No page of HTML will hold it, so
// that < > & stay as they are.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	line := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	// Within a text each quotation mark has a backslash before it, so this is a value.
	return bytes.ReplaceAll(line, []byte(`:""`), []byte(`:null`)), nil
}
