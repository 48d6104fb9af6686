package c2s

import "time"

// Entity time: XEP-0202. The server tells it as XEP-0082 writes it, in UTC; its
// zone says nothing about anybody's day.

const nsTime = "urn:xmpp:time"

var entityTime = extension{
	features: []string{nsTime},
	requests: []answer{{space: nsTime, local: "time", at: atServer, get: getTime}},
}

func getTime(cl *client, r *request) error {
	now := time.Now().UTC().Format("2006-01-02T15:04:05Z")
	cl.result(r.iq, "<time xmlns='"+nsTime+"'><tzo>+00:00</tzo><utc>"+now+"</utc></time>")
	return nil
}
