package web

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// listConnectors shows those that hold sessions, and what became of others recently.
func listConnectors(v *visit) (*shown, error) {
	var body struct {
		Items []connector
		News  []event
		More  bool
	}
	if err := v.ask("Connectors", "/v1/connectors", nil, &body); err != nil {
		return nil, err
	}
	var page eventsPage
	if err := v.ask("What became of them", "/v1/events", newest("class:connector", 30), &page); err != nil {
		return nil, err
	}
	body.News, body.More = page.Items, !page.Complete
	return &shown{template: "connectors", Title: "Connectors", Live: liveWith(body.Items), Body: body, parts: []string{"now"}}, nil
}

// newest asks for the newest events that a filter means.
func newest(filter string, limit int) url.Values {
	return url.Values{"filter": {filter}, "order": {"desc"}, "limit": {strconv.Itoa(limit)}}
}

// Lost is the connector of which an event says that it is lost; "" if it says no such thing.
func (e *event) Lost() string { return e.text("lost") }

// Witness is the connector that wrote an event.
func (e *event) Witness() string { return e.text("connector") }

// Place is the connector that an event of connectors is about.
func (e *event) Place() string {
	if lost := e.Lost(); lost != "" {
		return lost
	}
	return e.text("connector")
}

// Became is what became of it, in a word.
func (e *event) Became() string { return strings.TrimPrefix(e.Name(), "connector ") }

// Around is the difference between before a loss and when what came of it was written. Clients
// notice that their connector is dead before the others do, so that many have logged in anew,
// and replaced their sessions, when its loss is written.
func (e *event) Around() string {
	return "/time?" + url.Values{
		"from": {e.RecordedTime.Add(-lossSpan).UTC().Format(time.RFC3339)}, "to": {e.RecordedTime.Add(lossSpan).UTC().Format(time.RFC3339)},
	}.Encode()
}

const (
	maxStories = 5                // losses of which a page tells what they did
	lossSpan   = 30 * time.Second // within which the sessions of a lost connector are closed, and its clients notice
	maxEnded   = 1000
)

// A story is what the loss of a connector did.
type story struct {
	Event event
	Ended []event // the sessions that it ended
	More  bool    // there are more
	All   string  // address of the list of them
}

// oneConnector tells of one: what it holds, and each time that it came and went.
func oneConnector(v *visit) (*shown, error) {
	name := v.r.PathValue("name")
	var all struct{ Items []connector }
	if err := v.ask("Connectors", "/v1/connectors", nil, &all); err != nil {
		return nil, err
	}
	var body struct {
		Name    string
		Now     *connector
		News    []event
		Stories []story
		More    bool
	}
	body.Name = name
	for i := range all.Items {
		if all.Items[i].Name == name {
			body.Now = &all.Items[i]
		}
	}
	var page eventsPage
	if err := v.ask("What became of connectors", "/v1/events", newest("class:connector", 1000), &page); err != nil {
		return nil, err
	}
	body.More = !page.Complete
	for _, e := range page.Items {
		if e.Place() != name {
			continue
		}
		body.News = append(body.News, e)
		if e.Lost() == name && len(body.Stories) < maxStories {
			s, err := v.storyOf(e)
			if err != nil {
				return nil, err
			}
			body.Stories = append(body.Stories, s)
		}
	}
	if body.Now == nil && body.News == nil {
		return nil, &problem{Status: 404, Title: "No such connector", Detail: "nothing is known of a connector " + name + ", now or among the newest 1,000 events of connectors"}
	}
	return &shown{template: "connector", Title: "Connector " + name, Live: liveWith(all.Items), Body: body, parts: []string{"now"}}, nil
}

// storyOf tells which sessions ended because a connector was lost: they are closed right
// after that is written.
func (v *visit) storyOf(e event) (s story, err error) {
	asked := url.Values{
		"filter": {"type:closed reason:connector_lost"}, "after": {e.Seq()},
		"until": {e.RecordedTime.Add(lossSpan).Format(time.RFC3339Nano)}, "limit": {strconv.Itoa(maxEnded)},
	}
	var page eventsPage
	if err := v.ask("Sessions that ended with it", "/v1/events", asked, &page); err != nil {
		return s, err
	}
	asked.Set("order", "asc")
	asked.Del("limit")
	return story{Event: e, Ended: page.Items, More: !page.Complete, All: "/events?" + asked.Encode()}, nil
}

// Few are the first of the sessions that ended.
func (s story) Few() []event { return s.Ended[:min(len(s.Ended), 20)] }

// Others is how many more there are.
func (s story) Others() int { return len(s.Ended) - len(s.Few()) }
