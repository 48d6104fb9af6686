package c2s

import (
	"crypto/sha1"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// newOffer adds up the extensions of list that are on. Features are sorted as the
// verification string wants them (XEP-0115, 5.1).
func newOffer(cfg *Config, list []extension) *offer {
	o := &offer{answers: map[[2]string]answer{}}
	for _, x := range list {
		if x.on != nil && !x.on(cfg) {
			continue
		}
		o.features = append(o.features, x.features...)
		o.personal = append(o.personal, x.personal...)
		o.identity += x.identity
		o.stream += x.stream
		for _, a := range x.requests {
			o.answers[[2]string{a.space, a.local}] = a
		}
	}
	slices.Sort(o.features)
	slices.Sort(o.personal)
	o.caps = verification(o.features)
	o.stream += capabilities(o.caps)
	return o
}

// verification is XEP-0115, 5.1, of the server with its one identity. The
// features are sorted.
func verification(features []string) string {
	s := "server/im//Rollcall<" + strings.Join(features, "<") + "<"
	sum := sha1.Sum([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// capabilities is the stream feature that saves clients the question (XEP-0115,
// 6.3).
func capabilities(ver string) string {
	b := stanza.AppendAttr([]byte("<c xmlns='"+stanza.NSCaps+"' hash='sha-1'"), "node", capsNode)
	return string(append(stanza.AppendAttr(b, "ver", ver), "/>"...))
}
