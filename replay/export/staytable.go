package export

import (
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
)

// The columns of dataset sessions, in their order.
const (
	seSession = iota
	seWho
	seDomain
	seBegan
	seBound
	seEnded
	seDuration
	seReason
	seMechanism
	seTLS
	seAgent
	seConnectorFirst
	seConnectorLast
	seNetworkFirst
	seNetworkLast
	seDetaches
	seResumes
	seDetachedFor
	seAvailableFor
	seClosedSeq
	seAccount // from here to seText only with names
	seResource
	seText
	seRole // from here on with names or without
	seJIDTag
)

var sessionColumns = []column{
	seSession:        {name: "session", kind: unique, required: true, bloom: true},
	seWho:            {name: "who", kind: word, bloom: true},
	seDomain:         {name: "domain", kind: word},
	seBegan:          {name: "began", kind: instant},
	seBound:          {name: "bound", kind: instant},
	seEnded:          {name: "ended", kind: instant, required: true},
	seDuration:       {name: "duration_ms", kind: number, required: true},
	seReason:         {name: "reason", kind: word},
	seMechanism:      {name: "mechanism", kind: word},
	seTLS:            {name: "tls", kind: word},
	seAgent:          {name: "agent", kind: word},
	seConnectorFirst: {name: "connector_first", kind: word},
	seConnectorLast:  {name: "connector_last", kind: word},
	seNetworkFirst:   {name: "network_first", kind: word, bloom: true},
	seNetworkLast:    {name: "network_last", kind: word, bloom: true},
	seDetaches:       {name: "detaches", kind: counter, required: true},
	seResumes:        {name: "resumes", kind: counter, required: true},
	seDetachedFor:    {name: "detached_ms", kind: number, required: true},
	seAvailableFor:   {name: "available_ms", kind: number, required: true},
	seClosedSeq:      {name: "closed_seq", kind: counter, required: true},
	seAccount:        {name: "account", kind: word, bloom: true},
	seResource:       {name: "resource", kind: word},
	seText:           {name: "text", kind: word},
	seRole:           {name: "role", kind: word},
	seJIDTag:         {name: "jid_tag", kind: word, bloom: true},
}

// The columns of dataset online, in their order.
const (
	onSeq = iota
	onSession
	onWho
	onDomain
	onConnector
	onEpoch
	onNetwork
	onBegan
	onAvailable
	onPriority
	onInterested
	onDetachedUntil
	onAccount // from here to onResource only with names
	onResource
	onRole
)

var onlineColumns = []column{
	onSeq:           {name: "seq", kind: counter, required: true},
	onSession:       {name: "session", kind: unique, required: true, bloom: true},
	onWho:           {name: "who", kind: word, bloom: true},
	onDomain:        {name: "domain", kind: word},
	onConnector:     {name: "connector", kind: word},
	onEpoch:         {name: "epoch", kind: counter},
	onNetwork:       {name: "network", kind: word, bloom: true},
	onBegan:         {name: "began", kind: instant},
	onAvailable:     {name: "available", kind: flag, required: true},
	onPriority:      {name: "priority", kind: number},
	onInterested:    {name: "interested", kind: flag, required: true},
	onDetachedUntil: {name: "detached_until", kind: instant},
	onAccount:       {name: "account", kind: word, bloom: true},
	onResource:      {name: "resource", kind: word},
	onRole:          {name: "role", kind: word},
}

// A stayTable is datasets sessions and online: a row for each session in the segment in
// which it ended, and one for each that was bound when the first record of an hour came.
type stayTable struct {
	stays            *stays
	tags             tagger
	ended, beginning []column // nil: not exported
	part             *part    // of those that ended
	hour             int64    // of the newest segment
}

func newStayTable(o *stays, c *Config, hour int64) *stayTable {
	t := &stayTable{stays: o, tags: newTagger(c), hour: hour}
	sessions, online := slices.Contains(c.Datasets, datasetSessions), slices.Contains(c.Datasets, datasetOnline)
	if sessions {
		t.ended = withoutNames(sessionColumns, seAccount, seRole)
	}
	if online {
		t.beginning = withoutNames(onlineColumns, onAccount, onRole)
	}
	if c.Names && sessions {
		t.ended = sessionColumns
	}
	if c.Names && online {
		t.beginning = onlineColumns
	}
	return t
}

func (t *stayTable) begin(s *segment) (err error) {
	if t.beginning != nil {
		if err := t.writeOnline(s); err != nil {
			return err
		}
	}
	t.hour = s.place.hour
	if t.ended != nil {
		t.part, err = s.add(datasetSessions+"/", t.ended)
	}
	return err
}

// writeOnline writes those that are there when an hour begins; in a later segment of the
// hour nobody.
func (t *stayTable) writeOnline(s *segment) error {
	p, err := s.add(datasetOnline+"/", t.beginning)
	if err != nil || t.hour == s.place.hour {
		return err
	}
	row := make([]value, len(t.beginning))
	for _, o := range t.stays.sorted() {
		if o.IsBound {
			o.online(row, s.From-1)
			if err := p.write(row); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *stayTable) take(it *item) error {
	return t.stays.take(it, func(e ending) error {
		if t.ended == nil {
			return nil
		}
		row := make([]value, len(t.ended))
		e.row(row)
		if e.Name != nil {
			*behind(row, sessionColumns, seJIDTag) = textOf(t.tags.tag("full JID", string(e.Name), e.at))
		}
		return t.part.write(row)
	})
}

// row fills in a session that has ended.
func (e *ending) row(row []value) {
	row[seSession], row[seDomain] = textOf(e.ID.String()), textOf(e.Domain)
	if !e.Who.IsZero() {
		row[seWho] = textOf(e.Who.String())
	}
	row[seBegan], row[seBound], row[seEnded] = instantOf(e.Began), instantOf(e.Bound), numberOf(e.at)
	row[seDuration], row[seReason] = numberOf(duration(e.Began, e.at)), textOf(string(e.reason))
	row[seMechanism], row[seTLS], row[seAgent] = textOf(e.Mechanism), textOf(e.TLS), textOf(e.Agent)
	row[seConnectorFirst], row[seConnectorLast] = textOf(e.FirstConnector), textOf(e.LastConnector)
	row[seNetworkFirst], row[seNetworkLast] = textOf(e.FirstNetwork), textOf(e.LastNetwork)
	row[seDetaches], row[seResumes] = counterOf(e.Detaches), counterOf(e.Resumes)
	row[seDetachedFor] = numberOf(duration(0, e.DetachedFor+lasted(e.Detached, e.at)))
	row[seAvailableFor] = numberOf(duration(0, e.AvailableFor+lasted(e.Available, e.at)))
	row[seClosedSeq] = counterOf(uint64(e.seq))
	*behind(row, sessionColumns, seRole) = textOf(e.Role)
	if len(row) == len(sessionColumns) {
		row[seAccount], row[seResource], row[seText] = textOf(e.Account), textOf(e.Resource), textOf(e.text)
	}
}

// online fills in a stay that goes on after a record.
func (s *stay) online(row []value, at events.Seq) {
	clear(row)
	row[onSeq], row[onSession], row[onDomain] = counterOf(uint64(at)), textOf(s.ID.String()), textOf(s.Domain)
	if !s.Who.IsZero() {
		row[onWho] = textOf(s.Who.String())
	}
	row[onConnector], row[onEpoch], row[onNetwork] = textOf(s.LastConnector), counterOf(s.Epoch), textOf(s.LastNetwork)
	row[onBegan], row[onAvailable], row[onInterested] = instantOf(s.Began), flagOf(s.Available != 0), flagOf(s.Interested)
	if s.Available != 0 {
		row[onPriority] = numberOf(int64(s.Priority))
	}
	row[onDetachedUntil] = instantOf(s.Until)
	*behind(row, onlineColumns, onRole) = textOf(s.Role)
	if len(row) == len(onlineColumns) {
		row[onAccount], row[onResource] = textOf(s.Account), textOf(s.Resource)
	}
}
