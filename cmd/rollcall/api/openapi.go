package api

import _ "embed"

// description is what the routes are in OpenAPI 3.1.
//
//go:embed openapi.json
var description []byte

func (h *History) openapi(q *question) error {
	q.w.Header().Set("Content-Type", "application/json")
	_, err := q.w.Write(description)
	return err
}
