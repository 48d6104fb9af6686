// Package courier brings messages, questions and answers from process to process
// over core NATS. Nothing of it is stored.
//
//	place, err := c.Send(incarnation, track, message)
//	stop, err := c.Receive(incarnation, func(message []byte, later func() (done func())) { ... })
//	for chunk, err := range c.Ask(ctx, "weather", question) { ... }
//	stop, err = c.Answer("weather", "forecasters", handle)
//
// Everything that one process sends to a connector's incarnation on one track
// arrives in order and once, as long as both live, over interruptions too
// ([Courier.Send], [Courier.Receive]). The sender numbers what it sends and
// keeps it until the receiver has said that it was handled (link.go, ring.go);
// the receiver takes numbers in their order only and asks for missing ones
// (receiver.go). A message that the receiver has not handled when its
// incarnation ends is given back to the sender ([Courier.Return]). One that it
// handled in its last 2 ms may be given back all the same.
//
// A question goes to one of those who answer its verb, and the answer comes in
// chunks, as fast as the asker takes them ([Courier.Ask], [Courier.Answer]).
//
// # Limits
//
// A sender keeps 32,768 messages or 32 MiB for each track; beyond that Send waits
// 2 s for room, and is then refused. At most 65,536 messages or 128 MiB wait for a
// receiver; more are dropped, and sent again. A chunk has at most 512 KiB, and 64
// of them are on their way. An answerer works on 16 questions at once and refuses
// more. An asker or answerer that is silent for 10 s during an answer is taken for
// dead.
package courier
