package metrics

import "github.com/rollcall-xmpp/rollcall/events"

// The counts that a connector keeps of its clients, and of the records that it
// wrote about them.

func (s *scrape) clients() {
	stats := s.cfg.Server.Stats()
	for t, n := range stats.Open {
		s.gauge(connections, float64(n), t.String())
		s.counter(connectionsTotal, stats.Accepted[t], t.String())
	}
	for reason, n := range stats.Ended {
		if reason == "" {
			reason = "none"
		}
		s.counter(disconnections, n, string(reason))
	}
	for f, n := range stats.AuthFailures {
		s.counter(failures, n, string(f.Condition), f.Mechanism)
	}
	for mechanism, r := range stats.LoginTimes {
		s.histogram(loginTime, r, mechanism)
	}
	s.gauge(bans, float64(stats.Bans))
	s.gauge(drained, number(s.cfg.Health.isDraining()))
	for domain, answers := range stats.Databases {
		s.gauge(databaseUp, number(answers), domain)
	}
	s.counter(pushes, stats.RosterPushes)
	s.counter(resumes, stats.RefusedResumes, "refused")
	for l, n := range stats.Limits {
		s.counter(limitsHit, n, l.String())
	}
	for l, n := range stats.OwnLimits {
		s.counter(limitsHit, n, l.String())
	}
}

func (s *scrape) events() {
	t := s.cfg.Tally
	for kind, n := range t.Kinds() {
		s.counter(eventsTotal, n, kind.String())
	}
	for way, n := range t.Logins() {
		s.counter(logins, n, way.Mechanism, way.TLS)
	}
	for reason, n := range t.Ends() {
		s.counter(closed, n, string(reason))
	}
	for outcome, n := range t.Outcomes() {
		s.counter(resumes, n, outcome.String())
	}
	for kind, label := range presenceKinds {
		s.counter(presence, t.Count(kind), label)
	}
	s.counter(detached, t.Count(events.KindDetached))
	s.histogram(duration, t.Durations.Read())
	s.histogram(resumeAge, t.Waits.Read())
	s.histogram(visible, t.Visible.Read())
}

var presenceKinds = map[events.Kind]string{
	events.KindPresenceAvailable:   "available",
	events.KindPresenceUnavailable: "unavailable",
	events.KindPresenceDirected:    "directed",
}
