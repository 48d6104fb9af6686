// Package pubsub is personal eventing (XEP-0163), with as much of XEP-0060 as
// clients need for their avatars (XEP-0084), bookmarks (XEP-0402), nicknames
// (XEP-0172) and devices (XEP-0384). Whoever owns an account publishes on its
// nodes; whoever gets its presence is shown what its client asks for, as far as it
// may read it, and so is whoever has subscribed. There are no other publishers.
//
// It knows no stream and no connection. [Service.Handle] answers a request of a
// session; events go to the sessions of all that may see them by package delivery,
// and each session's [Listener], at the connector that has the session, picks out
// those that its client asks for. Package pep decides what is stored, and who may
// read it; whose roster has whom, who is blocked and which sessions there are is
// asked of others ([Config]).
//
// # Use
//
//	s, err := pubsub.New(pubsub.Config{...})
//	go s.Follow(ctx)                                // or each login reads what its contacts publish
//	err = s.Handle(pubsub.Request{From: full, ...}) // by a session
//	l := pubsub.NewListener(s, full, send)
//	l.Learn(presence)                               // it has become available
//	b := l.Wants(message)                           // for delivery.Policy's Event
//
// # Where things are
//
//   - What a Service needs: service.go, errors.go.
//   - Requests: request.go, publish.go, nodes.go, subscriptions.go; of owners:
//     owner.go, form.go, affiliations.go. Who may read: access.go.
//   - What is shown: notify.go; to whoever comes: last.go, newest.go.
//   - What clients ask for: listener.go, caps.go, verification.go.
//
// # Limits
//
// The items of an account are bounded by package pep. The abilities of clients,
// and the items that were published last, are kept in memory to be quick, up to
// a limit beyond which those that were not needed for the longest time are
// forgotten, and read or asked for again (caps.go, newest.go). One client's
// wishes, and the accounts that it watches, are heeded up to limits of their
// own.
package pubsub
