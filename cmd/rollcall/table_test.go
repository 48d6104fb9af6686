package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
)

// tableOn is a table on a terminal of so many columns; 0: on none.
func tableOn(w io.Writer, columns int, head ...string) *table {
	con := newConsole(nil, w, io.Discard)
	con.screen = columns
	return newTable(con, head...)
}

func TestColumnsAreAlignedAndLinesHaveNoTrailingBlanks(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	table := tableOn(&b, 0, "NAME", "N", "TEXT")
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
		table := tableOn(&b, tt.screen, "N", "TEXT")
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
	table := tableOn(&b, 40, "N", "ACCOUNT", "TEXT")
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

// A text of many words in a narrow column takes more lines than below.
func TestATextGoesWhereItTakesFewerLines(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	table := tableOn(&b, 60, "N", "ACCOUNT", "DETAIL").sentences()
	table.row("1", "somebody.who.is.longer@localhost", "mechanism=PLAIN address=192.0.2.7:5000 tls=1.3 agent=some")
	table.row("2", "alice@localhost", "one two three four five six seven")
	table.flush()
	want := "" +
		"N  ACCOUNT                           DETAIL\n" +
		"1  somebody.who.is.longer@localhost\n" +
		"   mechanism=PLAIN address=192.0.2.7:5000 tls=1.3 agent=some\n" +
		"2  alice@localhost                   one two three four five\n" +
		"                                     six seven\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

// Generated resources are long. Whose a session is and its resource's end are told all the same.
func TestLongNamesAreShortenedInTheMiddleOnATerminal(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	table := tableOn(&b, 80, "JID", "STATE", "PRI", "ROSTER", "CONNECTOR", "SINCE (UTC)")
	table.row("alice@localhost/6KCQPWJVX5DUSMSBLCN63XXYTR", "available", "0", "yes", "c1", "23:07:41")
	table.row("alice@localhost/profanity.Xh4kT9", "available", "0", "yes", "c1", "23:07:42")
	table.row("carol@localhost/IHDOLVW7WBPZG5ARPQLCZZYOZ5")
	table.flush()
	want := "" +
		"JID                               STATE      PRI  ROSTER  CONNECTOR  SINCE (UTC)\n" +
		"alice@localhost/…USMSBLCN63XXYTR  available  0    yes     c1         23:07:41\n" +
		"alice@localhost/profanity.Xh4kT9  available  0    yes     c1         23:07:42\n" +
		"carol@localhost/…ZG5ARPQLCZZYOZ5\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

// Wherever it is shown, a live table's columns stay where its head is.
func TestTheColumnsOfALiveTableStay(t *testing.T) {
	t.Parallel()
	const jid = "alice@localhost/6KCQPWJVX5DUSMSBLCN63XXYTR"
	for screen, long := range map[int]string{
		0:  "2      " + jid + "  priority=0\n",
		80: "2      alice@localh…BLCN63XXYTR  priority=0\n",
	} {
		var b bytes.Buffer
		table := tableOn(&b, screen, "SEQ", "JID", "DETAIL")
		table.fix(5, 24, 0)
		table.row("1", "bob@localhost/phone", "priority=1")
		table.row("2", jid, "priority=0")
		table.row("3", "bob@localhost/phone", "priority=1")
		want := "" +
			"SEQ    JID                       DETAIL\n" +
			"1      bob@localhost/phone       priority=1\n" + long +
			"3      bob@localhost/phone       priority=1\n"
		if b.String() != want {
			t.Errorf("on %d columns got\n%swant\n%s", screen, b.String(), want)
		}
	}
}

func TestColumnsNeverGetNarrower(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	table := tableOn(&b, 40, "JID", "TEXT")
	table.row("a-resource-of-thirty-characters", "x")
	table.flush()
	table.row("b", "y")
	table.row("c", "some text")
	table.flush()
	want := "" +
		"JID                              TEXT\n" +
		"a-resource-of-thirty-characters  x\n" +
		"b                                y\n" +
		"c                                some text\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func TestATableWithoutRowsSaysNothing(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	tableOn(&b, 0, "NAME").flush()
	if b.Len() > 0 {
		t.Errorf("got %q", b.String())
	}
}

func TestALongTableIsWrittenInPiecesWithOneHead(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	table := tableOn(&b, 0, "N")
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
