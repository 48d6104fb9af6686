package stream_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/stanza"
	"github.com/rollcall-xmpp/rollcall/session/stream"
)

// A protocol in which anybody may ask for the time of day, and is told that it is
// late.
func Example() {
	converse := func(c *stream.Conn) error {
		if _, err := c.Open(); err != nil {
			return err
		}
		c.Send([]byte("<stream:features xmlns:stream='" + stanza.NSStream + "'/>"))
		c.MarkAuthenticated() // it does not matter who asks
		c.MarkBound()
		for {
			el, err := c.Next()
			if err != nil {
				return err
			}
			c.Send(stanza.AppendResult(nil, el, "<time xmlns='urn:example'>late</time>", stanza.Stamp{}))
		}
	}
	server, err := stream.New(
		stream.Config{Domains: []string{"localhost"}, AllowPlaintext: true},
		func(c *stream.Conn) stream.Ending { return stream.EndingFor(converse(c)) },
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	go server.Serve(context.Background(), l)

	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	client.SetDeadline(time.Now().Add(20 * time.Second))
	in := stanza.NewReader(client, stanza.Limits{})
	io.WriteString(client, "<stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>")
	in.Header()
	in.Next() // the features
	io.WriteString(client, "<iq type='get' id='1'><time xmlns='urn:example'/></iq>")
	answer, err := in.Next()
	fmt.Println(answer.Raw(), err)

	client.Close()
	server.Shutdown(context.Background())
	l.Close()
	// Output: <iq id='1' type='result'><time xmlns='urn:example'>late</time></iq> <nil>
}
