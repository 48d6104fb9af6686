package main

import (
	"path/filepath"
	"strings"

	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/nearby"
)

// announce tells the user's other processes on this machine where the embedded server listens
// and where its key is. Without it they work, too, with --nkey.
func (n *node) announce(server *natsd.Server) {
	_, address, listens := strings.Cut(server.URL(), "://")
	if !listens {
		return
	}
	key, err := filepath.Abs(natsd.KeyFile(n.cfg.Data))
	if err == nil {
		s := nearby.Service{Key: key}
		if n.cfg.natsNeedsTLS() {
			s.Certificate, err = filepath.Abs(n.cfg.Cert + n.cfg.Certs)
		}
		if err == nil {
			n.withdraw, err = nearby.Announce(address, s)
		}
	}
	if err != nil {
		n.log.Warn("other commands don't find the key of this service by themselves; name it with --nkey", "key", key, "error", err)
	}
}
