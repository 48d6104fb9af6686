// Package web is the face of the service in a browser: who is online, what happened, and
// the table of any moment.
//
// It makes pages of what the API answers and of nothing else. A page asks the API in the
// same process, with the viewer's own token, so scopes, limits and the audit are the API's,
// and whatever is seen can be had by a program:
//
//	server.Around(web.New(web.Config{API: server, Logger: log}))
//
// Each page stands in a file of its own beside its template: a function that asks and a
// template that shows. Pages are whole without a script; the one in static/app.mjs adds
// what is live. The state of a page is its URL.
package web
