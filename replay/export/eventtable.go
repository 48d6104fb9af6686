package export

import (
	"slices"

	"rollcall/events"
)

// An eventTable is dataset events: a row a record, in the files of its class.
type eventTable struct {
	rows    eventRows
	classes []string
	parts   map[string]*part // by class
}

func newEventTable(c *Config) *eventTable {
	return &eventTable{rows: eventRows{names: c.Names, addresses: c.Addresses}, classes: c.Classes}
}

func (t *eventTable) begin(s *segment) error {
	t.parts = map[string]*part{}
	for _, class := range t.classes {
		p, err := s.add(datasetEvents+"/class="+class+"/", t.rows.columns())
		if err != nil {
			return err
		}
		t.parts[class] = p
	}
	return nil
}

func (t *eventTable) take(st *events.Stored) error {
	if p := t.parts[classOf(st.Event.Kind())]; p != nil {
		return p.write(t.rows.of(st))
	}
	return nil
}

func (t *eventTable) damaged(poison *events.PoisonError) error {
	if !slices.Contains(t.classes, classLog) {
		return nil
	}
	return t.parts[classLog].write(t.rows.damaged(poison))
}
