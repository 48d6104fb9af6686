package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/chart"
	"github.com/rollcall-xmpp/rollcall/replay/stats"
)

// statsTables show figures to people.
type statsTables struct {
	con    *console
	answer *stats.Answer
	// overview: each figure is one of several, and has a few lines at most.
	overview bool
}

// fewRows is how many rows a figure has in an overview.
const fewRows = 8

// show writes those that are named, or all.
func (s *statsTables) show(names []string) error {
	a := s.answer
	s.con.say("%s, by %s: %d events", s.span(time.Now()), briefly(a.Step.Milliseconds()), a.Records)
	for _, f := range [...]struct {
		name  string
		write func() error
	}{
		{"concurrency", s.concurrency}, {"logins", s.logins}, {"ends", s.ends}, {"durations", s.durations}, {"users", s.users},
		{"resumes", s.resumes}, {"agents", s.agents}, {"connectors", s.connectors}, {"fights", s.fights}, {"storms", s.storms},
	} {
		if len(names) > 0 && !slices.Contains(names, f.name) {
			continue
		}
		if s.overview {
			fmt.Fprintln(s.con.out)
		}
		if err := f.write(); err != nil {
			return err
		}
	}
	return nil
}

// span is the time that the figures are of. Its end has a date if it is another day's than
// its beginning.
func (s *statsTables) span(now time.Time) string {
	since, until := s.answer.Since, s.answer.Until
	return fmt.Sprintf("%s to %s %s", s.con.stamp(since, now), s.con.stamp(until, since), s.con.zoneName(until))
}

// rows writes a table of some rows, the first of which are enough for an overview.
func rowsOf[T any](s *statsTables, what string, list []T, cells func(T) []string, head ...string) error {
	if len(list) == 0 {
		fmt.Fprintf(s.con.out, "no %s\n", what)
		return nil
	}
	t := newTable(s.con, head...)
	for i, row := range list {
		if s.overview && i == fewRows && len(list) > fewRows+1 {
			t.row("...", fmt.Sprintf("%d more: rollcall stats %s", len(list)-i, what))
			break
		}
		if err := t.row(cells(row)...); err != nil {
			return err
		}
	}
	return t.flush()
}

// at is a time of a row.
func (s *statsTables) at(t time.Time) string { return s.con.stamp(t, s.answer.Until) }

// timeHead is the head of a column of times.
func (s *statsTables) timeHead(word string) string {
	return timeHead(word, s.con.zoneName(s.answer.Until))
}

func count[N int | uint64](n N) string { return strconv.FormatUint(uint64(n), 10) }

func (s *statsTables) concurrency() error {
	list := s.answer.Concurrency
	if s.overview {
		return s.curves(list)
	}
	most := 0
	for _, c := range list {
		most = max(most, c.MostSessions)
	}
	return rowsOf(s, "concurrency", list, func(c stats.Concurrency) []string {
		return []string{s.at(c.At), count(c.Sessions), count(c.MostSessions), count(c.Accounts), count(c.MostAccounts), bar(float64(c.MostSessions), float64(most))}
	}, s.timeHead("ONLINE"), "SESSIONS", "MOST", "ACCOUNTS", "MOST", "MOST SESSIONS")
}

// curves are the same in two lines.
func (s *statsTables) curves(list []stats.Concurrency) error {
	if len(list) == 0 {
		fmt.Fprintln(s.con.out, "no concurrency")
		return nil
	}
	t := newTable(s.con, "ONLINE", "AT FIRST", "MOST", s.timeHead("IN"), "")
	for _, c := range [...]struct {
		what     string
		at, most func(stats.Concurrency) int
	}{
		{"sessions", func(c stats.Concurrency) int { return c.Sessions }, func(c stats.Concurrency) int { return c.MostSessions }},
		{"accounts", func(c stats.Concurrency) int { return c.Accounts }, func(c stats.Concurrency) int { return c.MostAccounts }},
	} {
		var line []float64
		for _, row := range list {
			line = append(line, float64(c.most(row)))
		}
		top := slices.MaxFunc(list, func(a, b stats.Concurrency) int { return cmp.Compare(c.most(a), c.most(b)) })
		if err := t.row(c.what, count(c.at(list[0])), count(c.most(top)), s.at(top.At), spark(line, s.con.sparkRoom())); err != nil {
			return err
		}
	}
	return t.flush()
}

// A series is what was counted by steps of one kind.
type series struct {
	name   string
	n, bad int
	line   []float64
}

// series puts rows of steps together, most first.
func seriesOf[T any](s *statsTables, list []T, of func(T) (at time.Time, name string, n, bad int)) (all []*series) {
	var steps []int64
	for at := s.answer.Since.UnixNano(); at < s.answer.Until.UnixNano(); at = (at/int64(s.answer.Step) + 1) * int64(s.answer.Step) {
		steps = append(steps, at)
	}
	by := map[string]*series{}
	for _, row := range list {
		at, name, n, bad := of(row)
		if by[name] == nil {
			by[name] = &series{name: name, line: make([]float64, len(steps))}
			all = append(all, by[name])
		}
		by[name].n += n
		by[name].bad += bad
		i, _ := slices.BinarySearch(steps, at.UnixNano())
		by[name].line[min(i, len(steps)-1)] += float64(n + bad)
	}
	slices.SortStableFunc(all, func(a, b *series) int { return cmp.Compare(b.n+b.bad, a.n+a.bad) })
	return all
}

func (s *statsTables) logins() error {
	all := seriesOf(s, s.answer.Logins, func(l stats.Logins) (time.Time, string, int, int) { return l.At, l.Mechanism, l.Succeeded, l.Failed })
	return rowsOf(s, "logins", all, func(l *series) []string {
		return []string{cmp.Or(l.name, "-"), count(l.n), count(l.bad), spark(l.line, s.con.sparkRoom())}
	}, "LOGINS BY", "SUCCEEDED", "FAILED", "")
}

func (s *statsTables) ends() error {
	all := seriesOf(s, s.answer.Ends, func(e stats.Ends) (time.Time, string, int, int) { return e.At, string(e.Reason), e.Sessions, 0 })
	total := 0
	for _, e := range all {
		total += e.n
	}
	return rowsOf(s, "ends", all, func(e *series) []string {
		return []string{cmp.Or(e.name, "-"), count(e.n), chart.Percent(e.n, total) + "%", bar(float64(e.n), float64(all[0].n))}
	}, "ENDS BY", "SESSIONS", "SHARE", "")
}

func (s *statsTables) durations() error {
	return rowsOf(s, "durations", s.answer.Durations, func(d stats.Durations) []string {
		var line []float64
		for _, b := range d.Buckets {
			line = append(line, float64(b.Sessions))
		}
		return []string{rowName(d.By, d.Of), count(d.Sessions), briefly(d.P50), briefly(d.P90), briefly(d.P99), briefly(d.Longest), spark(line, s.con.sparkRoom())}
	}, "DURATIONS OF", "SESSIONS", "HALF", "90%", "99%", "LONGEST", "1s ... 7d")
}

// rowName is what a row of durations or resumptions is of.
func rowName(by, of string) string {
	switch {
	case by == stats.ByAll:
		return "all"
	case by == stats.ByClient:
		return "client " + cmp.Or(of, "unknown")
	}
	return "reason " + cmp.Or(of, "unknown")
}

func (s *statsTables) users() error {
	most := map[string]int{}
	for _, u := range s.answer.Users {
		most[u.Period] = max(most[u.Period], u.Accounts)
	}
	return rowsOf(s, "users", s.newestUsers(), func(u stats.Users) []string {
		note := ""
		switch {
		case !u.Exact:
			note = "or more"
		case !u.Whole:
			note = "in a part of it"
		}
		return []string{u.Period, u.Begins.Format(time.DateOnly), count(u.Accounts), bar(float64(u.Accounts), float64(most[u.Period])), note}
	}, "USERS OF A", "FROM (UTC)", "ACCOUNTS", "", "")
}

// newestUsers are those of all periods or, in an overview, the newest of each kind.
func (s *statsTables) newestUsers() []stats.Users {
	if !s.overview {
		return s.answer.Users
	}
	var list []stats.Users
	for _, period := range []string{"month", "week", "day"} {
		of := slices.DeleteFunc(slices.Clone(s.answer.Users), func(u stats.Users) bool { return u.Period != period })
		list = append(list, of[max(0, len(of)-2):]...)
	}
	return list
}

func (s *statsTables) resumes() error {
	return rowsOf(s, "resumes", s.answer.Resumes, func(r stats.Resumes) []string {
		success := "-"
		if r.Success != nil {
			success = fmt.Sprintf("%.1f%%", 100**r.Success)
		}
		return []string{rowName(r.By, r.Of), count(r.Detached), count(r.Resumed), success, count(r.Elsewhere), count(r.Unnoticed), count(r.Open), briefly(r.P50), briefly(r.P99)}
	}, "DETACHED OF", "TIMES", "RESUMED", "SUCCESS", "ELSEWHERE", "UNNOTICED", "OPEN", "HALF IN", "99% IN")
}

func (s *statsTables) agents() error {
	return rowsOf(s, "agents", s.answer.Agents, func(a stats.Agent) []string {
		return []string{cmp.Or(a.Agent, "unknown"), count(a.Logins), count(a.Accounts), bar(float64(a.Logins), float64(s.answer.Agents[0].Logins))}
	}, "CLIENT", "LOGINS", "ACCOUNTS", "")
}

func (s *statsTables) connectors() error {
	return rowsOf(s, "connectors", s.answer.Connectors, func(c stats.Connector) []string {
		return []string{c.Connector, count(c.Sessions), count(c.Most), count(c.Logins), count(c.Resumed), count(c.Ended), count(c.Started), count(c.Stopped), count(c.Lost)}
	}, "CONNECTOR", "SESSIONS", "MOST", "LOGINS", "RESUMED", "ENDED", "STARTED", "STOPPED", "LOST")
}

func (s *statsTables) fights() error {
	return rowsOf(s, "fights", s.answer.Fights, func(f stats.Fight) []string {
		return []string{f.JID.String(), s.at(f.Began), briefly(f.Ended.Sub(f.Began).Milliseconds()), count(f.Replaced)}
	}, "FIGHT FOR", s.timeHead("SINCE"), "LASTED", "REPLACED")
}

func (s *statsTables) storms() error {
	return rowsOf(s, "storms", s.answer.Storms, func(w stats.Storm) []string {
		return []string{s.at(w.Began), briefly(w.Ended.Sub(w.Began).Milliseconds()), count(w.CameBack), fmt.Sprintf("%d after %s at %s", w.Caused, w.Cause, w.Connector)}
	}, s.timeHead("STORM"), "LASTED", "CAME BACK", "CAUSE")
}
