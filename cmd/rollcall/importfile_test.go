package main

import (
	"strings"
	"testing"
)

func TestAnImportLineIsAJIDAndEverythingAfterItsColon(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ line, jid, password string }{
		{"alice@localhost:secret", "alice@localhost", "secret"},
		{"Alice@LocalHost:secret", "alice@localhost", "secret"},
		{"alice@localhost: a:b ", "alice@localhost", " a:b "},
		{"alice@[::1]:secret", "alice@[::1]", "secret"},
		{"alice@[::1]:a]:b", "alice@[::1]", "a]:b"},
		{"alice@localhost:@[x]:y", "alice@localhost", "@[x]:y"},
		{"alice@localhost:", "alice@localhost", ""},
	} {
		e, err := readEntry(tt.line)
		if err != nil || e.account.String() != tt.jid || e.password != tt.password {
			t.Errorf("%q is %s with %q, %v", tt.line, e.account, e.password, err)
		}
	}
	for _, line := range []string{"alice@localhost", ":secret", "localhost:secret", "alice@localhost/phone:secret", "a b@localhost:secret"} {
		if e, err := readEntry(line); err == nil {
			t.Errorf("%q is %s; want an error", line, e.account)
		}
	}
}

func TestBadLinesAreNamedByTheirNumbers(t *testing.T) {
	t.Parallel()
	entries, bad := readImport(strings.NewReader("\ufeffa@x:1\r\n\nbad\na@x:2\nb@x:3"))
	if len(entries) != 2 || entries[0].line != 1 || entries[0].password != "1" || entries[1].line != 5 {
		t.Errorf("entries %+v", entries)
	}
	if len(bad) != 2 || bad[0].line != 3 || bad[1].line != 4 {
		t.Errorf("bad lines %+v", bad)
	}
}
