package pubsub

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// TestWhatOneClientMayAskForHasALimit: beyond it nodes are left out.
func TestWhatOneClientMayAskForHasALimit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ features, length, want int }{
		{10, 100, 10},
		{maxWanted + 1, 50, maxWanted},
		{100, 1 << 10, maxWantedBytes >> 10},
	} {
		var b strings.Builder
		for i := range c.features {
			fmt.Fprintf(&b, "<feature var='%0*d+notify'/><feature var='%d'/>", c.length, i, i)
		}
		query, err := stanza.Parse([]byte("<query xmlns='"+stanza.NSDiscoInfo+"'>"+b.String()+"</query>"), stanza.NSClient, stanza.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(nodesWanted(query)); got != c.want {
			t.Errorf("of %d nodes with names of %d bytes %d are taken, want %d", c.features, c.length, got, c.want)
		}
	}
}
