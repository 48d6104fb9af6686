package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/docs/examples"
)

// A figure is one that the API computes of a span.
type figure struct {
	name, title, about string
	query              string // in SQL to files of an export, a macro of docs/examples
	draw               func(*visit, *analysis) error
}

// figures are those that there are, in the order of their links.
var figures = []figure{
	{"concurrency", "Online", "How many sessions were online, the most of each step; the table has the accounts as well.", "concurrency(step := interval 1 hour)", drawConcurrency},
	{"logins", "Logins", "Logins that succeeded and that failed.", "logins_by_mechanism(step := interval 1 hour)", drawLogins},
	{"ends", "Ends", "How sessions ended, by reason.", "ends(step := interval 1 hour)", drawEnds},
	{"durations", "Durations", "How long sessions lasted that ended in the span.", "durations()", drawDurations},
	{"users", "Active accounts", "How many different accounts were online on a day, in a week, in a month (DAU, WAU, MAU).", "active(period := 'day')", drawUsers},
	{"resumes", "Resumption", "What became of sessions that lost their connection.", "resumption()", drawResumes},
	{"agents", "Clients", "What software logged in, as far as it says.", "clients()", drawAgents},
	{"connectors", "Connectors", "What happened at each connector.", "connectors()", drawConnectors},
	{"storms", "Storms", "When many accounts came back at once.", "storms(least := 10)", drawStorms},
	{"fights", "Fights", "Resources for which two clients replaced each other again and again.", "fights(least := 3)", drawFights},
}

// sql is what computes the figure from the files of an export.
func (f *figure) sql() string {
	name, _, _ := strings.Cut(f.query, "(")
	return "from " + f.query + ";\n\n" + examples.Macro(name)
}

// rowsOf are the items of a figure.
func rowsOf[T any](a *analysis) (rows []T, err error) {
	err = json.Unmarshal(a.Covers.Items, &rows)
	return rows, err
}

// draw draws series over the span.
func (a *analysis) draw(v *visit, all ...series) {
	if a.Covers.steps() > 0 {
		p := plotOf(a.Title, a.Covers.begin(), a.Covers.begin().Add(time.Duration(a.Covers.steps())*a.Covers.step()), a.Covers.step(), v.zone, all)
		a.Plot = &p
	}
}

// mostSeries is how many series are drawn apart; the rest is one.
const mostSeries = 5

// greatest are the numbers of each reason of ends in so many steps, those of the greatest sum
// first. A reason has its color wherever it is drawn.
func greatest(of map[string][]int, steps int) (all []series) {
	names := slices.Collect(maps.Keys(of))
	sum := func(ns []int) (n int) {
		for _, one := range ns {
			n += one
		}
		return n
	}
	slices.SortFunc(names, func(x, y string) int { return cmp.Or(-cmp.Compare(sum(of[x]), sum(of[y])), cmp.Compare(x, y)) })
	for i, name := range names {
		if i < mostSeries {
			all = append(all, series{Name: name, Class: "end-" + name, of: of[name]})
			continue
		}
		if i == mostSeries {
			all = append(all, series{Name: "others", Class: "series-6", of: make([]int, steps)})
		}
		for at, n := range of[name] {
			all[mostSeries].of[at] += n
		}
	}
	return all
}

func drawConcurrency(v *visit, a *analysis) error {
	rows, err := rowsOf[struct {
		At                 time.Time
		Sessions, Accounts int
		MostSessions       int `json:"most_sessions"`
		MostAccounts       int `json:"most_accounts"`
	}](a)
	a.Table.Head = []column{{"From", false}, {"Most sessions", true}, {"Most accounts", true}}
	most := make([]int, a.Covers.steps())
	for _, r := range rows {
		if i := a.Covers.index(r.At); i >= 0 && i < len(most) {
			most[i] = max(most[i], r.MostSessions)
		}
	}
	for _, r := range slices.Backward(rows) {
		a.Table.add(cell{Text: v.Time(r.At)}.to("/time?at="+r.At.Format(time.RFC3339)), words(r.MostSessions), words(r.MostAccounts))
	}
	a.draw(v, series{Name: "sessions", of: most, level: true})
	return err
}

func drawLogins(v *visit, a *analysis) error {
	rows, err := rowsOf[struct {
		At                time.Time
		Mechanism         string
		Succeeded, Failed int
	}](a)
	a.Table.Head = []column{{"From", false}, {"Mechanism", false}, {"Succeeded", true}, {"Failed", true}}
	good, bad := make([]int, a.Covers.steps()), make([]int, a.Covers.steps())
	for _, r := range slices.Backward(rows) {
		if i := a.Covers.index(r.At); i >= 0 && i < len(good) {
			good[i] += r.Succeeded
			bad[i] += r.Failed
		}
		failed := words(r.Failed)
		if r.Failed > 0 {
			failed = failed.to(a.failedAt(r.At))
		}
		a.Table.add(cell{Text: v.Time(r.At)}, words(cmp.Or(r.Mechanism, "unknown")), words(r.Succeeded), failed)
	}
	a.draw(v, series{Name: "succeeded", of: good}, series{Name: "failed", Class: "series-5", of: bad})
	return err
}

// failedAt are the logins that failed in the step that begins then.
func (a *analysis) failedAt(at time.Time) string {
	return loginsPath("", failedLogins, at.Format(time.RFC3339), at.Add(a.Covers.step()).Format(time.RFC3339))
}

func drawEnds(v *visit, a *analysis) error {
	rows, err := rowsOf[struct {
		At       time.Time
		Reason   string
		Sessions int
	}](a)
	a.Table.Head = []column{{"From", false}, {"Reason", false}, {"Sessions", true}}
	of := map[string][]int{}
	for _, r := range slices.Backward(rows) {
		if of[r.Reason] == nil {
			of[r.Reason] = make([]int, a.Covers.steps())
		}
		if i := a.Covers.index(r.At); i >= 0 && i < a.Covers.steps() {
			of[r.Reason][i] += r.Sessions
		}
		a.Table.add(cell{Text: v.Time(r.At)}, words(r.Reason).to("/events?filter=type:closed+reason:"+r.Reason), words(r.Sessions))
	}
	a.draw(v, greatest(of, a.Covers.steps())...)
	return err
}

func drawDurations(_ *visit, a *analysis) error {
	rows, err := rowsOf[struct {
		By, Of   string
		Sessions uint64
		P50      int64 `json:"p50_ms"`
		P90      int64 `json:"p90_ms"`
		P99      int64 `json:"p99_ms"`
		Longest  int64 `json:"longest_ms"`
	}](a)
	a.Table.Head = []column{{"By", false}, {"Of", false}, {"Sessions", true}, {"Median", true}, {"90th percentile", true}, {"99th percentile", true}, {"Longest", true}}
	most := uint64(0)
	for _, r := range rows {
		most = max(most, r.Sessions)
	}
	for _, r := range rows {
		of := r.Of
		if r.By == "client" {
			of = cmp.Or(of, "does not say")
		}
		ms := func(n int64) cell { return words(rounded(time.Duration(n) * time.Millisecond)) }
		a.Table.add(words(r.By), words(of), bar(r.Sessions, most), ms(r.P50), ms(r.P90), ms(r.P99), ms(r.Longest))
	}
	return err
}

func drawUsers(v *visit, a *analysis) error {
	rows, err := rowsOf[struct {
		Period       string
		Begins, Ends time.Time
		Accounts     uint64
		Whole, Exact bool
	}](a)
	a.Table.Head = []column{{"Period", false}, {"Begins", false}, {"Accounts", true}, {"Covered", false}}
	most := uint64(0)
	for _, r := range rows {
		most = max(most, r.Accounts)
	}
	for _, r := range rows {
		of := "wholly"
		if !r.Whole {
			of = "in part"
		}
		if !r.Exact {
			of += ", at least"
		}
		a.Table.add(words(r.Period), cell{Text: v.Time(r.Begins)}, bar(r.Accounts, most), words(of))
	}
	return err
}

func drawResumes(_ *visit, a *analysis) error {
	rows, err := rowsOf[struct {
		By, Of                                    string
		Detached, Resumed, Ended, Open, Elsewhere uint64
		Success                                   *float64
		P50                                       int64 `json:"p50_ms"`
	}](a)
	a.Table.Head = []column{{"Client", false}, {"Lost connections", true}, {"Resumed", true}, {"At another connector", true}, {"Ended", true}, {"Open", true}, {"Success", true}, {"Median time", true}}
	for _, r := range rows {
		success := "–"
		if r.Success != nil {
			success = fmt.Sprintf("%.1f %%", 100**r.Success)
		}
		within := "–"
		if r.Resumed > 0 {
			within = duration(time.Duration(r.P50) * time.Millisecond)
		}
		of := cmp.Or(r.Of, "does not say")
		if r.By == "all" {
			of = "all"
		}
		a.Table.add(words(of), bar(r.Detached, rows[0].Detached), words(r.Resumed), words(r.Elsewhere), words(r.Ended), words(r.Open), words(success), words(within))
	}
	return err
}

func drawAgents(_ *visit, a *analysis) error {
	rows, err := rowsOf[struct {
		Agent            string
		Logins, Accounts uint64
		Exact            bool
	}](a)
	a.Table.Head = []column{{"Client", false}, {"Logins", true}, {"Accounts", true}}
	most := uint64(0)
	for _, r := range rows {
		most = max(most, r.Logins)
	}
	for _, r := range rows {
		a.Table.add(words(cmp.Or(r.Agent, "does not say")), bar(r.Logins, most), words(r.Accounts))
	}
	return err
}

func drawConnectors(_ *visit, a *analysis) error {
	rows, err := rowsOf[struct {
		Connector                                      string
		Started, Stopped, Lost, Logins, Resumed, Ended uint64
		Sessions                                       int
		Most                                           int `json:"most_sessions"`
	}](a)
	a.Table.Head = []column{{"Connector", false}, {"Started", true}, {"Stopped", true}, {"Lost", true}, {"Logins", true}, {"Resumed", true}, {"Ended", true}, {"Online at the end", true}, {"Peak", true}}
	for _, r := range rows {
		a.Table.add(words(r.Connector).to("/events?filter=connector:"+r.Connector+"+class:connector"), words(r.Started), words(r.Stopped), words(r.Lost), words(r.Logins), words(r.Resumed), words(r.Ended), words(r.Sessions), words(r.Most))
	}
	return err
}

func drawStorms(v *visit, a *analysis) error {
	rows, err := rowsOf[struct {
		Began, Ended     time.Time
		CameBack         int `json:"came_back"`
		Cause, Connector string
		Caused           int
	}](a)
	a.Table.Head = []column{{"Began", false}, {"Lasted", true}, {"Came back", true}, {"Cause (of how many)", false}, {"Connector", false}}
	for _, r := range slices.Backward(rows) {
		a.Table.add(cell{Text: v.Time(r.Began)}.to("/time?at="+r.Began.Format(time.RFC3339)), words(rounded(r.Ended.Sub(r.Began))), words(r.CameBack), words(fmt.Sprintf("%s (%d)", r.Cause, r.Caused)), words(r.Connector))
	}
	return err
}

func drawFights(v *visit, a *analysis) error {
	rows, err := rowsOf[struct {
		JID          string
		Began, Ended time.Time
		Replaced     int
	}](a)
	a.Table.Head = []column{{"Full JID", false}, {"Began", false}, {"Ended", false}, {"Replaced", true}}
	for _, r := range slices.Backward(rows) {
		a.Table.add(words(r.JID).to(accountPath(r.JID)), cell{Text: v.Time(r.Began)}, cell{Text: v.Time(r.Ended)}, words(r.Replaced))
	}
	return err
}
