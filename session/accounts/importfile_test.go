package accounts

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
		if err != nil || e.Account.String() != tt.jid || e.Password != tt.password {
			t.Errorf("%q is %s with %q, %v", tt.line, e.Account, e.Password, err)
		}
	}
	for _, line := range []string{"alice@localhost", ":secret", "localhost:secret", "alice@localhost/phone:secret", "a b@localhost:secret"} {
		if e, err := readEntry(line); err == nil {
			t.Errorf("%q is %s; want an error", line, e.Account)
		}
	}
}

func TestBadLinesAreNamedByTheirNumbers(t *testing.T) {
	t.Parallel()
	entries, bad, err := ReadEntries(strings.NewReader("\ufeffa@x:1\r\n\nbad\na@x:2\nb@x:3"))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 2 || entries[0].Line != 1 || entries[0].Password != "1" || entries[1].Line != 5 {
		t.Errorf("entries %+v", entries)
	}
	if len(bad) != 2 || bad[0].Line != 3 || bad[1].Line != 4 {
		t.Errorf("bad lines %+v", bad)
	}
}

func TestALineThatIsTooLongIsNotABadLineThatMayBeSkipped(t *testing.T) {
	t.Parallel()
	in := strings.NewReader("a@x:1\nb@x:" + strings.Repeat("2", maxLine) + "\nc@x:3")
	if entries, _, err := ReadEntries(in); err == nil || !strings.HasPrefix(err.Error(), "line 2: ") {
		t.Errorf("entries %+v, error %v; want an error about line 2", entries, err)
	}
}
