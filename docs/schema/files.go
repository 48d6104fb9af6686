// Package schema has the published description of events: JSON Schemas, an AsyncAPI
// document and vectors. README.md says what they promise.
package schema

import "embed"

// Files are event.schema.json, a schema of data for each type, which is named
// class.event.schema.json, asyncapi.yaml, and the vectors.
//
//go:embed *.json asyncapi.yaml vectors/*.json
var Files embed.FS
