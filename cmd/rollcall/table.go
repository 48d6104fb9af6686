package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// tableBatch is how many rows a table looks ahead to find its columns' widths.
// Later rows may widen a column, never narrow it.
const tableBatch = 500

// leastLast is how wide the last column must be for its cells to be broken into
// lines there. Where there is less room they begin below the second column.
const leastLast = 20

// A table writes aligned columns for people. On a terminal what is too long for
// a line goes on below, in the last column; elsewhere a row is a line. Text from
// clients and from the log passes through printable: no control character reaches
// the terminal.
type table struct {
	w      *bufio.Writer
	head   []string
	rows   [][]string
	widths []int
	begun  bool // the head was written
	live   bool // every row is written at once
	screen int  // columns of the terminal, or 0
}

func newTable(w io.Writer, head ...string) *table {
	t := &table{w: bufio.NewWriter(w), head: head, widths: make([]int, len(head)), screen: columns(w)}
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

// print writes a row, and what of its last cell does not fit the screen in
// lines below it.
func (t *table) print(cells []string) {
	var line strings.Builder
	left := 0 // the column where the next cell begins
	for i, c := range cells {
		if i == len(t.head)-1 {
			c = t.fit(c, left)
		}
		fmt.Fprintf(&line, "%-*s  ", t.widths[i], c)
		left += t.widths[i] + 2
	}
	for text := range strings.Lines(line.String()) {
		t.w.WriteString(strings.TrimRight(text, " \n"))
		t.w.WriteByte('\n')
	}
}

// fit breaks a last cell that begins at the column left so that it fits the
// screen.
func (t *table) fit(cell string, left int) string {
	if t.screen == 0 || utf8.RuneCountInString(cell) <= t.screen-left {
		return cell
	}
	var lines []string
	if second := t.widths[0] + 2; t.screen-left < leastLast && second < left {
		lines, left = append(lines, ""), second // nothing here, all of it below
	}
	lines = append(lines, fold(cell, t.screen-left)...)
	return strings.Join(lines, "\n"+strings.Repeat(" ", left))
}

// fold breaks text at spaces into lines of some width, if there is any worth
// it.
func fold(text string, width int) (lines []string) {
	for width >= leastLast && utf8.RuneCountInString(text) > width {
		runes := []rune(text)
		end := len(string(runes[:width+1])) // a space may follow the last that fits
		cut := strings.LastIndexByte(text[:end], ' ')
		if cut < 0 {
			if cut = strings.IndexByte(text, ' '); cut < 0 {
				break
			}
		}
		lines, text = append(lines, text[:cut]), text[cut+1:]
	}
	return append(lines, text)
}

// columns is the width of the terminal that w is, or 0.
func columns(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
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
