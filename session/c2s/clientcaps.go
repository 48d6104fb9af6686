package c2s

import (
	"crypto/rand"
	"strings"
	"sync"

	"rollcall/session/lru"
	"rollcall/session/stanza"
)

// The capabilities of clients: XEP-0115. The server asks for them because of
// the features that end with +notify (XEP-0163, 4.2), once for each
// verification string: what a client says is believed for others too only if
// it fits the string (pepverification.go).

const (
	// maxKnownCaps bounds the strings whose meaning is kept. At the limit the one
	// that nobody has had for the longest time goes, and is asked for again.
	maxKnownCaps = 1_000
	// maxWanted bounds the nodes that one client may ask for, maxWantedBytes
	// their names together. It is not shown the events of others.
	maxWanted      = 200
	maxWantedBytes = 16 << 10
	// maxAsked bounds how often a client is asked in one session. What else it
	// may be able to do is not of interest.
	maxAsked = 20
)

// A capsCache knows which nodes clients of a verification string want. Its methods
// are for any goroutine.
type capsCache struct {
	mu    sync.Mutex
	known lru.Cache[string, map[string]bool] // guarded; the maps never change
}

func newCapsCache() *capsCache {
	return &capsCache{known: lru.Cache[string, map[string]bool]{Limit: maxKnownCaps}}
}

func (c *capsCache) get(ver string) (map[string]bool, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known.Get(ver)
}

func (c *capsCache) put(ver string, nodes map[string]bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known.Put(strings.Clone(ver), nodes, 1)
}

// caps are a client's own, owned by the connection's goroutine.
type caps struct {
	ver   string // that it has said last
	asked string // id of the question that is not answered
	times int    // that it was asked
}

// learnCaps looks at what an available presence says.
func (cl *client) learnCaps(presence *stanza.Element) {
	c := presence.Child(nsCaps, "c")
	ver := c.Attr("ver")
	if ver == "" || ver == cl.caps.ver || cl.srv.cfg.Private == nil {
		return
	}
	nodes, known := cl.srv.caps.get(ver)
	if !known && cl.caps.times == maxAsked {
		return
	}
	cl.caps.ver = strings.Clone(ver)
	if known {
		cl.want(nodes)
		return
	}
	cl.caps.times++
	cl.caps.asked = rand.Text()
	b := stanza.AppendAttr([]byte("<iq type='get'"), "id", cl.caps.asked)
	b = stanza.AppendAttr(b, "from", cl.account.Domain())
	b = stanza.AppendAttr(b, "to", cl.full)
	b = stanza.AppendAttr(append(b, "><query xmlns='"+stanza.NSDiscoInfo+"'"...), "node", c.Attr("node")+"#"+ver)
	cl.send(append(b, "/></iq>"...))
}

// forgetCaps is for a client that is no longer available. When it comes back it
// is shown the last items again (XEP-0163, 4.3.3).
func (cl *client) forgetCaps() {
	cl.caps.ver, cl.caps.asked = "", ""
	cl.wanted.Store(nil)
}

// answered takes the answer to that question.
func (cl *client) answered(iq *stanza.Element) {
	if cl.caps.asked == "" || iq.ID() != cl.caps.asked {
		return
	}
	cl.caps.asked = ""
	query := iq.Child(stanza.NSDiscoInfo, "query")
	if iq.Type() != "result" || query == nil {
		return
	}
	nodes := nodesWanted(query)
	if verificationOf(query) == cl.caps.ver {
		cl.srv.caps.put(cl.caps.ver, nodes)
	}
	cl.want(nodes)
}

// nodesWanted are those that a client asks for by its features.
func nodesWanted(query *stanza.Element) map[string]bool {
	nodes, size := map[string]bool{}, 0
	for f := range query.Children() {
		node, ok := strings.CutSuffix(f.Attr("var"), "+notify")
		if !ok || !f.Is(stanza.NSDiscoInfo, "feature") || len(nodes) == maxWanted || size+len(node) > maxWantedBytes {
			continue
		}
		size += len(node)
		nodes[strings.Clone(node)] = true
	}
	return nodes
}

// want makes the client get events of the nodes, and those that were before.
func (cl *client) want(nodes map[string]bool) {
	before := cl.wanted.Swap(&nodes)
	if before == nil {
		cl.showLast(nodes)
		return
	}
	fresh := map[string]bool{}
	for n := range nodes {
		if !(*before)[n] {
			fresh[n] = true
		}
	}
	cl.showLast(fresh)
}
