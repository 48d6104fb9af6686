package c2s

import "github.com/rollcall-xmpp/rollcall/session/stanza"

// Software version: XEP-0092. The machine that it runs on is nobody's business.

const nsVersion = "jabber:iq:version"

var softwareVersion = extension{
	features: []string{nsVersion},
	requests: []answer{{space: nsVersion, local: "query", at: atServer, get: getVersion}},
}

func getVersion(cl *client, r *request) error {
	b := []byte("<query xmlns='" + nsVersion + "'><name>Rollcall</name><version>")
	cl.result(r.iq, string(append(stanza.AppendText(b, cl.srv.cfg.Version), "</version></query>"...)))
	return nil
}
