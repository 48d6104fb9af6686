package metrics

import (
	"math"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/projector"
)

// What is the same for all of a service: the table, the log, the streams, and the
// connection to them.

// The label of the readers of the log.
const (
	projection = "table"
	publisher  = "publisher"
)

func (s *scrape) table() {
	stats := s.cfg.Table.Stats()
	s.gauge(all, float64(stats.Sessions))
	s.gauge(accounts, float64(stats.Accounts))
	s.counter(poison, stats.Poison, projection)
	s.counter(unknown, stats.Unknown, projection)
	s.counter(mismatched, stats.Mismatched, projection)
	s.gauge(held, float64(s.heldLeases()))
	if s.cfg.Connector == "" {
		return
	}
	var own projector.Connector
	for _, c := range s.cfg.Table.Connectors() {
		if c.Name == s.cfg.Connector {
			own.Bound, own.Interested = own.Bound+c.Bound, own.Interested+c.Interested
			own.Available, own.Detached = own.Available+c.Available, own.Detached+c.Detached
		}
	}
	s.gauge(sessions, float64(own.Bound), "bound")
	s.gauge(sessions, float64(own.Interested), "interested")
	s.gauge(sessions, float64(own.Available), "available")
	s.gauge(sessions, float64(own.Detached), "detached")
}

func (s *scrape) heldLeases() int {
	if l := s.cfg.Table.Leases(); l != nil {
		return len(l.Held)
	}
	return 0
}

func (s *scrape) projection() {
	end := s.cfg.Probe.End()
	s.gauge(position, float64(s.cfg.Table.Position().Seq), projection)
	s.gauge(reachable, number(!end.IsCutOff(s.at)))
	events, late := math.NaN(), math.NaN()
	if n, ok := end.Lag(s.at); ok {
		events, late = float64(n), 0
		if !end.Unread.IsZero() {
			late = max(s.at.Sub(end.Unread).Seconds(), 0)
		}
	}
	s.gauge(lag, events, projection)
	s.gauge(lagTime, late, projection)
	s.gauge(heartbeat, seconds(s.cfg.Health.fold.Heartbeat()), projection)
	s.gauge(rebuilding, number(s.cfg.Health.IsRebuilding()), projection)
	if s.cfg.Publisher != nil {
		s.publisher(end)
	}
}

func (s *scrape) publisher(end *End) {
	s.gauge(position, float64(s.cfg.Publisher.Position()), publisher)
	s.gauge(heartbeat, seconds(s.cfg.Publisher.Heartbeat()), publisher)
	events, late := math.NaN(), math.NaN()
	if is := end.Publisher; is.Known && !end.IsCutOff(s.at) {
		events, late = float64(max(end.Last, is.Position)-is.Position), 0
		if !is.Unread.IsZero() {
			late = max(s.at.Sub(is.Unread).Seconds(), 0)
		}
	}
	s.gauge(lag, events, publisher)
	s.gauge(lagTime, late, publisher)
}

func (s *scrape) log() {
	for _, o := range bus.Outcomes() {
		s.histogram(appendTime, s.cfg.Bus.Log().Appends(o), o.String())
	}
	times, failed := s.cfg.Bus.Syncs()
	s.histogram(syncTime, times)
	s.counter(syncFailed, failed)
	sent, dropped := s.cfg.Bus.Pre().Stats()
	s.counter(preSent, sent)
	s.counter(preDropped, dropped)
	s.counter(waitRefused, s.cfg.Bus.Waiting().Refused())
	parcels := s.cfg.Bus.Courier().Stats()
	s.counter(parcelsSent, parcels.Sent)
	s.counter(parcelsGot, parcels.Received)
	s.counter(parcelsAgain, parcels.Repeated)
}

func (s *scrape) streams() {
	rest := s.cfg.Probe.Rest()
	if rest.Err != nil || s.at.Sub(rest.At) > restStale {
		return
	}
	for _, st := range rest.Streams {
		s.gauge(logFirst, float64(st.First), st.Name)
		s.gauge(logLast, float64(st.Last), st.Name)
		s.gauge(logRecords, float64(st.Records), st.Name)
		s.gauge(logBytes, float64(st.Bytes), st.Name)
		if st.MaxBytes > 0 {
			s.gauge(logLimit, float64(st.MaxBytes), st.Name)
		}
		if !st.FirstAt.IsZero() {
			s.gauge(logFirstTime, seconds(st.FirstAt), st.Name)
		}
		if st.Name == bus.WaitingStream {
			s.gauge(waiting, float64(st.Records))
		}
	}
	if rest.Disk != nil {
		s.gauge(diskFree, float64(rest.Disk.Free))
	}
	if !rest.Keyframe.IsZero() {
		s.gauge(keyframeTime, seconds(rest.Keyframe))
	}
	for _, f := range rest.Feeds {
		late := 0.0
		if !f.Oldest.IsZero() {
			late = max(s.at.Sub(f.Oldest).Seconds(), 0)
		}
		s.gauge(feedPending, float64(f.Pending+f.Unacked), f.Name)
		s.gauge(feedAcked, float64(f.Acked), f.Name)
		s.gauge(feedOldest, late, f.Name)
	}
}

func (s *scrape) nats() {
	connected, reconnects := s.cfg.Bus.Connection()
	s.gauge(natsConnected, number(connected))
	s.counter(natsReconnects, reconnects)
	rtt := math.NaN()
	if rest := s.cfg.Probe.Rest(); rest.Err == nil && s.at.Sub(rest.At) <= restStale {
		rtt = rest.RoundTrip.Seconds()
	}
	s.gauge(natsRTT, rtt)
}

func (s *scrape) leases() {
	if s.cfg.Connector == "" {
		return
	}
	times, failed, lost := s.cfg.Bus.Leases().Renewals()
	s.histogram(renewal, times)
	s.counter(renewFailed, failed)
	s.counter(leasesLost, lost)
	if s.cfg.Server != nil {
		s.gauge(serving, number(s.cfg.Server.HasLease()))
	}
}
