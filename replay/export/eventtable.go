package export

// An eventTable is dataset events: a row a record, in the files of its class.
type eventTable struct {
	rows    eventRows
	classes []string
	parts   map[string]*part // by class
}

func newEventTable(c *Config) *eventTable {
	return &eventTable{rows: eventRows{rowChoices: rowChoices{c.Names, c.Addresses}}, classes: c.Classes}
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
	if it.st != nil {
		class = classOf(it.st.Event.Kind())
	}
	if p := t.parts[class]; p != nil {
		return p.write(t.rows.of(it))
	}
	return nil
}
