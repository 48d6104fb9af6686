package export

import "slices"

// An eventTable is dataset events: a row a record, in the files of its class.
type eventTable struct {
	rows    eventRows
	classes []string
	parts   map[string]*part // by class
	pre     bool             // what can't be decoded is of a connection too
}

// newEventTable is that of the log, or, of the class connection alone, of the events
// before there is an account.
func newEventTable(c *Config, pre bool) *eventTable {
	classes := slices.DeleteFunc(slices.Clone(c.Classes), func(class string) bool { return (class == classConnection) != pre })
	ids := c.Format == formatOCSF || c.Format == formatECS
	return &eventTable{rows: eventRows{rowChoices: rowChoices{c.Names, c.Addresses}, ids: ids}, classes: classes, pre: pre}
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

func (t *eventTable) take(it *item) error {
	class := classLog
	if t.pre {
		class = classConnection
	} else if it.st != nil {
		class = classOf(it.st.Event.Kind())
	}
	if p := t.parts[class]; p != nil {
		row := t.rows.of(it)
		if !t.rows.ids {
			row = row[evSeq:] // all that are columns
		}
		return p.write(row)
	}
	return nil
}
