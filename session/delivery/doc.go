// Package delivery brings stanzas from one session to others, on whichever
// connectors they are (RFC 6121, 8.5). It knows no stream and no client: a
// connector gives it what a session sends, and takes from it what a session gets.
//
// # Use
//
//	r, err := delivery.New(delivery.Config{...})
//	r.Begin(svc)                                      // an incarnation; see package connector
//	sender := delivery.NewSender(r, full, at)         // a session that was bound at that position
//	err = sender.Send(message, to)
//	rec := delivery.NewRecipient(r, id, account, pass) // found by Config.Local, e.g. a Sessions
//	err = rec.BecomeReceptive(storePresence)
//	v := delivery.Decide(delivery.Case{To: bob, Kind: delivery.Chat, Account: account})
//
// # The way of a message
//
//	Sender.Send       sender.go     the session's own order
//	  Decide          decide.go     the rules, pure: the verdict
//	  Router.deliver  deliver.go    to sessions here at once; one parcel for each
//	                                other connector
//	    Courier.Send
//	      Receive     queues.go     at the other connector, when its table knows
//	                                what the sender's knew
//	    Recipient     recipient.go  after what waited for the session
//	      pass                      to the connector that holds the client
//	  store           offline.go    if nobody is there: until somebody comes
//	  copy            carbons.go
//
// A stanza that finds its recipients gone, anywhere on this way or by never
// being acknowledged, goes the same way again, three times at most (resend.go).
//
// # What is promised
//
// Between one sender and one account stanzas come in order and once while their
// connectors live, at least once if the recipient's dies. docs/design.md has the
// promise in full, and what it rests on.
//
// Nobody is passed over for not being there yet: before a stanza finds no session,
// or another one than that of the full JID, the log is asked for the account's
// newest event, and the table has it. No stanza vanishes. Where its way ends without
// a session,
//
//   - a message of type chat or normal is stored, or its sender gets
//     service-unavailable: nobody has the full JID and the type is normal, the
//     account does not exist, its store is full, or the sender asks not to store it
//     (XEP-0334). One that says only that somebody is typing is dropped (XEP-0160, 3).
//   - a groupchat message and a request are refused;
//   - a headline, directed presence, an error and a response are dropped, as in
//     RFC 6121, 8.5, and so is the copy of a message that others got, and a stored
//     message of a sender that the account blocks by the time it comes;
//   - messages that wait for an account are removed with it, and nobody is told.
//
// An error goes to the sender's session as long as that is there, and nowhere
// afterwards.
//
// # Goroutines and limits
//
// A Sender runs on the goroutine of its session. Receive runs on the courier's,
// and may wait for room: at most 8,192 parcels wait, in at most 1,280 queues, each
// with a goroutine while something is in it. A Recipient has one while somebody
// else is taking what waits for it. Reroute runs on its caller's and waits for other
// connectors. Nothing here waits for a client to read. Waits for order end after
// 2 s (CatchUp), for a session that is getting what waited after 5 s; then order is
// given up for the sake of delivery, and a line of the log says so.
package delivery
