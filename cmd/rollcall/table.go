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

const (
	// leastLast is how wide the last column must be for its cells to be broken
	// into lines there. Where there is less room they begin below the second
	// column.
	leastLast = 20
	// shortLast is the width up to which a last column is not one of text: it is
	// not broken, and the widest of the others makes room for it.
	shortLast = 22
)

// A table writes aligned columns for people. On a terminal a line never gets
// longer than that is wide, if its cells allow it, and the head stays one line:
// a cell that is too long for its column goes on below. Elsewhere a row is a line. Text
// from clients and from the log passes through printable: no control character
// reaches the terminal.
type table struct {
	w      *bufio.Writer
	head   []string
	rows   [][]string
	widths []int // of the widest cells so far
	cols   []int // of the columns; none gets narrower
	begun  bool  // the head was written
	live   bool  // every row is written at once, into columns that stay
	screen int   // columns of the terminal, or 0
}

func newTable(w io.Writer, head ...string) *table {
	t := &table{w: bufio.NewWriter(w), head: head, widths: make([]int, len(head)), cols: make([]int, len(head)), screen: columns(w)}
	t.widen(head)
	return t
}

// fix makes the table live, with columns of these widths at least.
func (t *table) fix(widths ...int) {
	t.live = true
	for i, width := range widths {
		t.cols[i] = max(width, t.widths[i])
	}
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
	if !t.live {
		for _, r := range t.rows {
			t.widen(r)
		}
		t.makeRoom()
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

// makeRoom gives each column the width of its cells, but for the widest one if
// the last then has no room on the screen: its longest cells will go on a line of
// their own.
func (t *table) makeRoom() {
	last := len(t.head) - 1
	need := utf8.RuneCountInString(t.head[last])
	if t.widths[last] <= shortLast {
		need = t.widths[last]
	}
	widest := 0
	for i, width := range t.widths[:last] {
		need += width + 2
		if width > t.widths[widest] {
			widest = i
		}
	}
	for i, width := range t.widths {
		if i == widest && i < last && t.screen > 0 && need > t.screen {
			width = max(width-(need-t.screen), utf8.RuneCountInString(t.head[i]))
		}
		t.cols[i] = max(t.cols[i], width)
	}
}

// print writes a row. A first cell that is too long for its column has a line of
// its own; any other takes the rest of the row with it below the second column.
func (t *table) print(cells []string) {
	var line strings.Builder
	left := 0 // the column where the next cell begins
	for i, c := range cells {
		last := i == len(t.head)-1
		if last {
			c = t.fit(c, left)
		} else if long := utf8.RuneCountInString(c) > t.cols[i]; long && t.screen > 0 {
			if i > 0 {
				t.below(&line, cells[i:])
				break
			}
			line.WriteString(c)
			if c = ""; len(cells) > 1 {
				line.WriteByte('\n')
			}
		}
		fmt.Fprintf(&line, "%-*s  ", t.cols[i], c)
		left += t.cols[i] + 2
	}
	for text := range strings.Lines(line.String()) {
		t.w.WriteString(strings.TrimRight(text, " \n"))
		t.w.WriteByte('\n')
	}
}

// second is where the second column begins.
func (t *table) second() int { return t.cols[0] + 2 }

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
	if t.screen == 0 || cell == "" || utf8.RuneCountInString(cell) <= t.screen-left {
		return cell
	}
	var lines []string
	if second := t.second(); t.screen-left < leastLast && second < left {
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
		lines, text = append(lines, strings.TrimRight(text[:cut], " ")), text[cut+1:]
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
