package person

import (
	"context"
	"iter"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
)

// readers is the table of whoever asked about the account, or changed it.
func (x *export) readers() table {
	return table{
		name: "read_by",
		means: "Who asked about this account, by the API or the command line, or changed it, what they asked, and how many\n" +
			"rows they got if that was counted; this export too. It is kept for a year. Questions about everybody, whose\n" +
			"answers may have had this account among others, are not here: rollcall audit has them. It is about the name, so\n" +
			"it has no pseudonyms either.",
		columns: []string{"seq", "time", "by", "from", "did", "asked", "rows"},
		rows:    x.asking.all,
	}
}

// questions reads the audit to its end, not to the export's: this export is on record
// before it begins, by a clock that may be a little ahead.
func (x *export) questions(ctx context.Context) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		x.asked = time.Time{}
		for raw, err := range x.Audit.Read(ctx, time.Time{}, time.Time{}) {
			if err != nil {
				yield(row{}, err)
				return
			}
			if x.asked.IsZero() {
				x.asked = raw.At
			}
			e, err := access.Open(raw.Seq, raw.At, raw.Data)
			if err != nil || !e.Concerns(x.account) {
				continue
			}
			r := row{cells: []any{e.Seq, instant(e.At), e.By, e.From, e.Did, e.Asked, nil}}
			if e.Rows != nil {
				r.cells[6] = *e.Rows
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}
