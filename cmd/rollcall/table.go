package main

import (
	"bufio"
	"strings"
)

// tableBatch is how many rows a table looks ahead to find its columns' widths.
// Later rows may widen a column, never narrow it.
const tableBatch = 500

// A table writes aligned columns for people. On a terminal no line gets longer than that
// is wide, and the head stays one line: long names are shortened in the middle, visibly, and
// what has no room all the same goes on below. Elsewhere, and with --wide, a row is a line
// and whole. Text from clients and from the log passes through printable: no control
// character reaches the terminal.
type table struct {
	w      *bufio.Writer
	con    *console
	head   []string
	rows   [][]string
	widths []int // of the widest cells so far
	floors []int // of the widest cells that are never shortened
	cols   []int // of the columns; none gets narrower
	gap    int   // between two of them
	begun  bool  // the head was written
	text   bool  // the last column has sentences
	live   bool  // every row is written at once, into columns that stay
	screen int   // columns of the terminal, or 0
	cut    bool  // something was shortened
}

func newTable(con *console, head ...string) *table {
	n := len(head)
	t := &table{w: bufio.NewWriter(con.out), con: con, head: head, widths: make([]int, n), floors: make([]int, n), cols: make([]int, n), gap: 2, screen: con.columns()}
	t.widen(head)
	t.text = false // heads are none
	return t
}

// fix makes the table live, with columns of these widths at least.
func (t *table) fix(widths ...int) {
	t.live = true
	for i, width := range widths {
		t.cols[i] = max(width, t.widths[i])
	}
}

// sentences makes the last column one of text, however short.
func (t *table) sentences() *table {
	t.text = true
	return t
}

// row adds a row; there may be fewer cells than columns.
func (t *table) row(cells ...string) error {
	for i, c := range cells {
		cells[i] = printable(c)
	}
	t.rows = append(t.rows, cells)
	if t.live || len(t.rows) >= tableBatch {
		return t.write()
	}
	return nil
}

// flush writes the rows so far, the last ones. A table without rows leaves no trace.
func (t *table) flush() error {
	err := t.write()
	if t.cut && !t.live && !t.con.explained {
		t.con.explained = true
		t.con.say("(… stands for what has no room; --wide shows all of it)")
	}
	return err
}

func (t *table) write() error {
	if len(t.rows) == 0 {
		return nil
	}
	if !t.live {
		for _, r := range t.rows {
			t.widen(r)
		}
		t.layOut()
	}
	if !t.begun {
		t.begun = true
		t.print(t.head)
	}
	for _, r := range t.rows {
		t.print(r)
	}
	t.rows = t.rows[:0]
	t.con.erase()
	return t.w.Flush()
}

// print writes a row. A cell that is too long for its column takes the rest of the row with
// it below the second column, unless it can be shortened.
func (t *table) print(cells []string) {
	var line strings.Builder
	left := 0 // the column where the next cell begins
	for i, c := range cells {
		switch {
		case t.screen == 0:
		case i == len(t.head)-1 && !t.names(i):
			c = t.fit(c, left)
		case textWidth(c) <= t.cols[i]:
		case t.shortens(i, c):
			c = t.shorten(c, t.cols[i])
		case i > 0:
			t.below(&line, cells[i:])
			cells = nil
		}
		if cells == nil {
			break
		}
		line.WriteString(c)
		line.WriteString(strings.Repeat(" ", max(t.cols[i]-textWidth(c), 0)+t.gap))
		left += t.cols[i] + t.gap
	}
	for text := range strings.Lines(line.String()) {
		t.w.WriteString(t.shortenLine(strings.TrimRight(text, " \n")))
		t.w.WriteByte('\n')
	}
}

// second is where the second column begins.
func (t *table) second() int { return t.cols[0] + t.gap }

// below writes cells one after the other, below the second column.
func (t *table) below(line *strings.Builder, cells []string) {
	text := strings.TrimRight(strings.Join(cells, "  "), " ")
	for _, part := range fold(text, t.screen-t.second()) {
		line.WriteString("\n" + strings.Repeat(" ", t.second()) + part)
	}
}

// fit breaks a last cell that begins at the column left so that it fits the
// screen.
func (t *table) fit(cell string, left int) string {
	if cell == "" || textWidth(cell) <= t.screen-left {
		return cell
	}
	lines := fold(cell, t.screen-left)
	if second := t.second(); second < left {
		below := append([]string{""}, fold(cell, t.screen-second)...) // nothing here, all of it there
		if t.screen-left < max(leastLast, textWidth(longestOf(cell))) || len(below) < len(lines) {
			lines, left = below, second
		}
	}
	return strings.Join(lines, "\n"+strings.Repeat(" ", left))
}
