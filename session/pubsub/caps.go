package pubsub

import (
	"strings"
	"sync"

	"github.com/rollcall-xmpp/rollcall/session/lru"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// The capabilities of clients: XEP-0115. The server asks for them because of
// the features that end with +notify (XEP-0163, 4.2), once for each
// verification string: what a client says is believed for others too only if
// it fits the string (verification.go).

const (
	// maxKnownCaps bounds the strings whose meaning is kept. At the limit the one
	// that nobody has had for the longest time goes, and is asked for again.
	maxKnownCaps = 1_000
	// maxWanted bounds the nodes that one client may ask for, maxWantedBytes
	// their names together. It is not shown the events of others.
	maxWanted      = 200
	maxWantedBytes = 16 << 10
	// maxAsked bounds how often a client is asked in one session. Its other
	// abilities are not of interest.
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
