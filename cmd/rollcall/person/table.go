package person

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"
)

// A table is one of those in the zip: a file in each form.
type table struct {
	name    string
	means   string // a sentence or more of the README
	columns []string
	rows    func(context.Context) iter.Seq2[row, error]
}

// A row has a cell for each column: text, a number, a truth value or a list of texts. Nil
// and the empty text say nothing.
type row struct {
	cells  []any
	object []byte // the line of NDJSON, where that is not made of the cells
}

// A form is one in which tables are written.
type form struct {
	suffix string
	sink   func(w io.Writer, columns []string) sink
}

// A sink takes the rows of a table. The rows that it has taken are written when it is
// closed.
type sink interface {
	write(row) error
	close() error
}

var forms = []form{{".ndjson", newLines}, {".csv", newCells}}

// lines writes a row as an object, without the cells that say nothing.
type lines struct {
	w     io.Writer
	names [][]byte // of members, with their colons
	line  bytes.Buffer
}

func newLines(w io.Writer, columns []string) sink {
	l := &lines{w: w}
	for _, c := range columns {
		l.names = append(l.names, fmt.Appendf(nil, "%q:", c))
	}
	return l
}

func (l *lines) write(r row) error {
	l.line.Reset()
	if r.object != nil {
		l.line.Write(r.object)
	} else if err := l.object(r.cells); err != nil {
		return err
	}
	l.line.WriteByte('\n')
	_, err := l.w.Write(l.line.Bytes())
	return err
}

func (l *lines) object(cells []any) error {
	text := json.NewEncoder(&l.line)
	text.SetEscapeHTML(false)
	l.line.WriteByte('{')
	for i, c := range cells {
		if !says(c) {
			continue
		}
		if l.line.Len() > 1 {
			l.line.WriteByte(',')
		}
		l.line.Write(l.names[i])
		if err := text.Encode(c); err != nil {
			return err
		}
		l.line.Truncate(l.line.Len() - 1) // the line's end
	}
	l.line.WriteByte('}')
	return nil
}

// says reports that there is something in a cell.
func says(cell any) bool {
	switch c := cell.(type) {
	case nil:
		return false
	case string:
		return c != ""
	case []string:
		return len(c) > 0
	}
	return true
}

func (l *lines) close() error { return nil }

// cells writes RFC 4180, with a line of the columns' names.
type cells struct {
	w      *csv.Writer
	fields []string
}

func newCells(w io.Writer, columns []string) sink {
	c := &cells{w: csv.NewWriter(w), fields: make([]string, len(columns))}
	c.w.Write(columns) // an error stays, and close returns it
	return c
}

func (c *cells) write(r row) error {
	for i, v := range r.cells {
		switch v := v.(type) {
		case nil:
			c.fields[i] = ""
		case string:
			c.fields[i] = harmless(v)
		case []string:
			c.fields[i] = harmless(strings.Join(v, ", "))
		default:
			c.fields[i] = fmt.Sprint(v)
		}
	}
	return c.w.Write(c.fields)
}

func (c *cells) close() error {
	c.w.Flush()
	return c.w.Error()
}

// harmless is a text that no spreadsheet takes for a formula: strangers choose the names
// that they try, and clients what they call themselves.
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
