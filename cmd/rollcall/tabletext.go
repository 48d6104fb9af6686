package main

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// Text as a terminal shows it.

// textWidth is how many columns of a terminal a text takes.
func textWidth(s string) (n int) {
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// runeWidth is 2 for the wide characters of East Asia, emoji among them, and 0 for marks
// that are put on the character before (Unicode Standard Annex 11).
func runeWidth(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// ellipsis stands for the part that was left out.
const ellipsis = "…"

// shorten leaves out the middle of a text so that it takes no more than so many columns.
// Both ends of a JID tell something: whose it is, and which of several.
func (t *table) shorten(s string, columns int) string {
	room := columns - 1
	if textWidth(s) <= columns || room < 1 {
		return s
	}
	t.cut = true
	begin, n := 0, 0
	for i, r := range s {
		if n += runeWidth(r); n > (room+1)/2 {
			begin, n = i, n-runeWidth(r)
			break
		}
	}
	end := len(s)
	for end > begin {
		r, size := utf8.DecodeLastRuneInString(s[:end])
		if n += runeWidth(r); n > room {
			break
		}
		end -= size
	}
	return s[:begin] + ellipsis + s[end:]
}

// shortenLine shortens the words of a line that is too long for the screen, the longest
// first.
func (t *table) shortenLine(line string) string {
	if t.screen < leastScreen {
		return line
	}
	for over := textWidth(line) - t.screen; over > 0; over = textWidth(line) - t.screen {
		longest := longestOf(line)
		short := t.shorten(longest, max(textWidth(longest)-over, leastName))
		if short == longest {
			return line
		}
		line = strings.Replace(line, longest, short, 1)
	}
	return line
}

// longestOf is the widest word of a line.
func longestOf(line string) (longest string) {
	for word := range strings.FieldsSeq(line) {
		if textWidth(word) > textWidth(longest) {
			longest = word
		}
	}
	return longest
}

// isWhole reports what is not shortened: times, and words of ours, as those for events and
// states, which would be hard to tell apart.
func isWhole(cell string) bool {
	if len(cell) >= len("2006-01-02") && cell[4] == '-' && cell[7] == '-' {
		return true
	}
	return !strings.ContainsFunc(cell, func(r rune) bool { return (r < 'a' || r > 'z') && r != '_' })
}

// fold breaks text at spaces into lines of some width, if there is any worth
// it.
func fold(text string, columns int) (lines []string) {
	for columns >= leastLast && textWidth(text) > columns {
		end, n := len(text), 0
		for i, r := range text {
			if n += runeWidth(r); n > columns+1 { // a space may follow the last that fits
				end = i
				break
			}
		}
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
