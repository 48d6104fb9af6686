package main

import (
	"encoding/json"
	"log/slog"
	"maps"
	"slices"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
)

// A peerWatch compares something that this connector is configured with, and that should be the
// same at all, with what others that run say of it in their leases. It warns and refuses
// nothing, for whoever changes it restarts one connector after the other. It is used by one
// goroutine.
type peerWatch struct {
	name    string                           // this connector's
	differs func(there ask.LeaseInfo) string // in which way; "": not at all, or that is not known
	warning string
	over    string // said when nothing differs any longer
	log     *slog.Logger

	others map[string]events.LeaseState // by name
	told   []string                     // of which connectors it warned last
}

// hear takes a lease that has begun, or ended.
func (w *peerWatch) hear(s events.LeaseState, alive bool) {
	switch {
	case s.Name == w.name:
		return
	case alive:
		if w.others == nil {
			w.others = make(map[string]events.LeaseState)
		}
		w.others[s.Name] = s
	case w.others[s.Name].Incarnation == s.Incarnation:
		delete(w.others, s.Name)
	}
	var differ []string
	for _, name := range slices.Sorted(maps.Keys(w.others)) {
		other := w.others[name]
		difference := w.difference(other)
		if difference == "" {
			continue
		}
		differ = append(differ, other.String())
		if !slices.Contains(w.told, other.String()) {
			w.log.Warn(w.warning, "connector", other.Name, "difference", difference)
		}
	}
	if len(differ) == 0 && len(w.told) > 0 {
		w.log.Warn(w.over)
	}
	w.told = differ
}

func (w *peerWatch) difference(other events.LeaseState) string {
	var there ask.LeaseInfo
	if json.Unmarshal(other.Info, &there) != nil {
		return "" // of another version
	}
	return w.differs(there)
}

// peerWatches hear of the same leases.
type peerWatches []*peerWatch

func (all peerWatches) hear(s events.LeaseState, alive bool) {
	for _, w := range all {
		w.hear(s, alive)
	}
}
