package web

import (
	"fmt"
	"html/template"
)

// A table is what a figure is in numbers.
type table struct {
	Head []column
	Rows [][]cell
	Cut  int // rows that are left out
}

// A column has a name, and numbers or words.
type column struct {
	Name   string
	Number bool
}

// A cell is a field: text, which may lead somewhere, and a bar if it has a length.
type cell struct {
	Text   template.HTML
	To     string
	Number bool
	Bar    float64 // percent
}

// maxRows is how many a table of a figure has at most.
const maxRows = 500

// add adds a row if there is room.
func (t *table) add(cells ...cell) {
	if len(t.Rows) == maxRows {
		t.Cut++
		return
	}
	for i := range cells {
		cells[i].Number = t.Head[i].Number
	}
	t.Rows = append(t.Rows, cells)
}

// words is a field that is text, or a number.
func words(v any) cell {
	switch v := v.(type) {
	case int, int64, uint64:
		return cell{Text: template.HTML(count(v))}
	}
	return cell{Text: template.HTML(template.HTMLEscapeString(fmt.Sprint(v)))}
}

// to is a field that leads somewhere.
func (c cell) to(address string) cell {
	c.To = address
	return c
}

// bar is a number and its part of the greatest.
func bar(n, most uint64) cell {
	c := words(n)
	if most > 0 {
		c.Bar = 100 * float64(n) / float64(most)
	}
	return c
}
