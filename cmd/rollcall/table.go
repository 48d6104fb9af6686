package main

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tableBatch is how many rows a table looks ahead to find its columns' widths.
// Later rows may widen a column, never narrow it.
const tableBatch = 500

// A table writes aligned columns for people. Text from clients and from the
// log passes through printable: no control character reaches the terminal.
type table struct {
	w      *bufio.Writer
	head   []string
	rows   [][]string
	widths []int
	begun  bool // the head was written
	live   bool // every row is written at once
}

func newTable(w io.Writer, head ...string) *table {
	t := &table{w: bufio.NewWriter(w), head: head, widths: make([]int, len(head))}
	t.widen(head)
	return t
}

// row adds a row; there may be fewer cells than columns.
func (t *table) row(cells ...string) error {
	for i, c := range cells {
		cells[i] = printable(c)
	}
	t.rows = append(t.rows, cells)
	if t.live || len(t.rows) >= tableBatch {
		return t.flush()
	}
	return nil
}

// flush writes the rows so far. A table without rows leaves no trace.
func (t *table) flush() error {
	if len(t.rows) == 0 {
		return nil
	}
	for _, r := range t.rows {
		t.widen(r)
	}
	if !t.begun {
		t.begun = true
		t.print(t.head)
	}
	for _, r := range t.rows {
		t.print(r)
	}
	t.rows = t.rows[:0]
	return t.w.Flush()
}

func (t *table) widen(cells []string) {
	for i, c := range cells {
		t.widths[i] = max(t.widths[i], utf8.RuneCountInString(c))
	}
}

func (t *table) print(cells []string) {
	var line strings.Builder
	for i, c := range cells {
		fmt.Fprintf(&line, "%-*s  ", t.widths[i], c)
	}
	t.w.WriteString(strings.TrimRight(line.String(), " "))
	t.w.WriteByte('\n')
}

// printable makes text safe for a terminal: what can't be printed (control
// characters, changes of direction) is written as an escape.
func printable(s string) string {
	for _, r := range s {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			q := strconv.QuoteToGraphic(s)
			return q[1 : len(q)-1]
		}
	}
	return s
}
