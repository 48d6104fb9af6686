package main

import (
	"slices"
	"strings"
)

// How wide the columns of a table are.

const (
	// leastLast is how wide the last column must be for its cells to be broken
	// into lines there. Where there is less room they begin below the second
	// column.
	leastLast = 20
	// shortText is what it has at any rate: a word as "available".
	shortText = 10
	// shortLast is the width up to which a last column without spaces is not one of
	// text: it is not broken, and others make room for it.
	shortLast = 22
	// leastName is how wide a column stays whose cells are shortened: so much of a JID
	// tells it from most others.
	leastName = 14
	// leastScreen is the narrowest terminal whose lines are made to fit at any price.
	leastScreen = 40
)

func (t *table) widen(cells []string) {
	for i, c := range cells {
		t.widths[i] = max(t.widths[i], textWidth(c))
		if isWhole(c) {
			t.floors[i] = max(t.floors[i], textWidth(c))
		} else if i == len(t.head)-1 && strings.Contains(c, " ") {
			t.text = true
		}
	}
}

// layOut gives each column the width of its cells. Where a screen has less room than that
// long names make some, those of the first column last, for it is what a row is about. If
// that is not enough, cells of the columns at the end go below, and columns move together.
func (t *table) layOut() {
	want := slices.Clone(t.widths)
	last := len(want) - 1
	if t.screen > 0 && !t.names(last) {
		want[last] = max(textWidth(t.head[last]), min(shortText, t.widths[last])) // longer cells are broken, or go below
	}
	if t.screen > 0 {
		t.shrink(want)
	}
	for i, width := range want {
		t.cols[i] = max(t.cols[i], width)
	}
}

func (t *table) shrink(want []int) {
	over := func() int {
		sum := t.gap * (len(want) - 1)
		for _, width := range want {
			sum += width
		}
		return sum - t.screen
	}
	for over() > 0 && t.narrow(want) {
	}
	if over() > 0 && !t.begun {
		t.gap = 1
	}
	for i := len(want) - 1; i > 0 && over() > 0; i-- {
		want[i] = max(want[i]-over(), textWidth(t.head[i]))
	}
}

// narrow makes the widest column of names narrower, the first one only if no other can be.
func (t *table) narrow(want []int) bool {
	widest := 0
	for i := 1; i < len(want); i++ {
		if want[i] > t.least(i) && (widest == 0 || want[i] > want[widest]) {
			widest = i
		}
	}
	if want[widest] <= t.least(widest) {
		return false
	}
	want[widest]--
	return true
}

// least is how narrow shortening may make a column.
func (t *table) least(i int) int { return max(leastName, t.floors[i], textWidth(t.head[i])) }

// names reports a column of names, whose cells are shortened: any but a last one of text.
func (t *table) names(i int) bool {
	return i < len(t.head)-1 || !t.live && !t.text && t.widths[i] <= shortLast
}

// shortens reports a cell that is shortened to fit its column, if that is worth it.
func (t *table) shortens(i int, cell string) bool {
	return !isWhole(cell) && t.cols[i] >= leastName
}
