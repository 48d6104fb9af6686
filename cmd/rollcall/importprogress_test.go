package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// How far an import is, is known of files by their bytes, and of Prosody's by their number.
func TestAnImportKnowsHowFarItIs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var users strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&users, "<user name='u%d' password='secret'/>", i)
	}
	file := write(t, filepath.Join(dir, "all.xml"), "<server-data xmlns='urn:xmpp:pie:0'><host jid='localhost'>"+users.String()+"</host></server-data>", 0o600)
	src, err := openAccounts(nil, file)
	if err != nil {
		t.Fatal(err)
	}
	defer src.close()
	var shown []string
	p := progress{what: "accounts", total: src.total, percent: src.read.percent}
	for _, err := range src.all {
		if err != nil {
			t.Fatal(err)
		}
		if p.add(1); p.count.Load()%500 == 0 {
			shown = append(shown, p.text())
		}
	}
	var at [4]int
	if _, err := fmt.Sscanf(strings.Join(shown, "; "), "accounts: 500 (%d %%); accounts: 1000 (%d %%); accounts: 1500 (%d %%); accounts: 2000 (%d %%)", &at[0], &at[1], &at[2], &at[3]); err != nil || at[0] < 20 || at[0] > at[1] || at[1] > at[2] || at[2] < 60 || at[3] != 99 {
		t.Errorf("%q, %v", shown, err)
	}

	for i := range 3 {
		write(t, filepath.Join(dir, "prosody", "localhost", "accounts", fmt.Sprintf("u%d.dat", i)), `return { ["password"] = "x"; };`, 0o600)
	}
	write(t, filepath.Join(dir, "prosody", "localhost", "roster", "u1.dat"), `return {};`, 0o600)
	src, err = openAccounts(nil, filepath.Join(dir, "prosody"))
	if err != nil {
		t.Fatal(err)
	}
	defer src.close()
	p = progress{what: "accounts", total: src.total}
	p.add(1)
	if got := p.text(); got != "accounts: 1 of 3 (33 %)" {
		t.Error(got)
	}
}

// A file that is none of XEP-0227 is none the next time either.
func TestAnImportOfAnotherFileIsNotToBeRepeated(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	other := write(t, filepath.Join(dir, "other.xml"), "<html/>", 0o600)
	cut := write(t, filepath.Join(dir, "cut.xml"), "<server-data xmlns='urn:xmpp:pie:0'><host jid='localhost'><user name='a' password='x'/>", 0o600)
	for file, want := range map[string]string{other: "it is no file of XEP-0227", cut: "XML syntax error on line 1"} {
		said, err := command(t, "import", file, "--dry-run")
		if err == nil || !strings.Contains(said, want) || strings.Contains(said, "goes on") {
			t.Errorf("%s: %s, %v", filepath.Base(file), said, err)
		}
	}
}
