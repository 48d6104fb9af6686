// Package api serves the history and the present to other programs over HTTP.
//
// A Server has a listener's worth of limits, answers in JSON, and says what is wrong as
// RFC 9457 has it. Routes are mounted on it before it serves:
//
//	server := api.New(api.Config{Logger: log, Position: table.Position})
//	server.Handle("GET /livez", alive)
//	err := server.Serve(ctx, listener, nil)
//
// Every answer names in Rollcall-Position the last record that it may know of. A request with
// min_seq waits until that record is known, for 5 s at most: whoever has just written reads
// what was written.
package api
