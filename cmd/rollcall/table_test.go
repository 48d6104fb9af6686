package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestColumnsAreAlignedAndLinesHaveNoTrailingBlanks(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	table := newTable(&b, "NAME", "N", "TEXT")
	table.row("a", "1", "x")
	table.row("long name", "22", "")
	table.row("ü", "3")
	if err := table.flush(); err != nil {
		t.Fatal(err)
	}
	want := "NAME       N   TEXT\n" +
		"a          1   x\n" +
		"long name  22\n" +
		"ü          3\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func TestALongLastCellGoesOnBelowOnATerminal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		screen int
		want   string
	}{
		{0, "N   TEXT\n" + "1   address=127.0.0.1:50000 agent=\"über client\" mechanism=SCRAM-SHA-256\n" + "22  short\n"},
		{32, "N   TEXT\n" +
			"1   address=127.0.0.1:50000\n" +
			"    agent=\"über client\"\n" +
			"    mechanism=SCRAM-SHA-256\n" +
			"22  short\n"},
		{48, "N   TEXT\n" +
			"1   address=127.0.0.1:50000 agent=\"über client\"\n" +
			"    mechanism=SCRAM-SHA-256\n" +
			"22  short\n"},
		{20, "N   TEXT\n" + "1   address=127.0.0.1:50000 agent=\"über client\" mechanism=SCRAM-SHA-256\n" + "22  short\n"},
	} {
		var b bytes.Buffer
		table := newTable(&b, "N", "TEXT")
		table.screen = tt.screen
		table.row("1", `address=127.0.0.1:50000 agent="über client" mechanism=SCRAM-SHA-256`)
		table.row("22", "short")
		table.flush()
		if b.String() != tt.want {
			t.Errorf("on %d columns got\n%swant\n%s", tt.screen, b.String(), tt.want)
		}
	}
}

func TestALastCellWithoutRoomGoesBelowTheOthers(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	table := newTable(&b, "N", "ACCOUNT", "TEXT")
	table.screen = 40
	table.row("1", "somebody@localhost", "short")
	table.row("22", "alice@localhost", "mechanism=SCRAM-SHA-256 address=127.0.0.1:50000")
	table.flush()
	want := "N   ACCOUNT             TEXT\n" +
		"1   somebody@localhost  short\n" +
		"22  alice@localhost\n" +
		"    mechanism=SCRAM-SHA-256\n" +
		"    address=127.0.0.1:50000\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func TestATableWithoutRowsSaysNothing(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	newTable(&b, "NAME").flush()
	if b.Len() > 0 {
		t.Errorf("got %q", b.String())
	}
}

func TestALongTableIsWrittenInPiecesWithOneHead(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	table := newTable(&b, "N")
	for i := range 2*tableBatch + 1 {
		table.row(fmt.Sprint(i))
	}
	if b.Len() == 0 {
		t.Error("nothing was written before the end")
	}
	table.flush()
	if got := strings.Count(b.String(), "\n"); got != 2*tableBatch+2 {
		t.Errorf("%d lines", got)
	}
}

func TestNothingFromOutsideControlsTheTerminal(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"balcony":          "balcony",
		"Zürich 漢字":        "Zürich 漢字",
		"a\x1b[2Jb":        `a\x1b[2Jb`,
		"line\nbreak":      `line\nbreak`,
		"right\u202eto":    `right\u202eto`,
		"not \xff UTF-8":   `not \xff UTF-8`,
		"zero\u200bwidth":  `zero\u200bwidth`,
		`"quoted" \ as is`: `"quoted" \ as is`,
	} {
		if got := printable(text); got != want {
			t.Errorf("printable(%q) = %s, want %s", text, got, want)
		}
	}
}
