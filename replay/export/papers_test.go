package export

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The paper names the columns of each dataset, and those that are always
// there.
func TestThePaperHasTheColumns(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/export.md")
	if err != nil {
		t.Fatal(err)
	}
	column := regexp.MustCompile(`[a-z_]+\*?`)
	for dataset, columns := range map[string][]string{
		datasetEvents: of(eventColumns[evSeq:]), datasetSessions: of(sessionColumns), datasetLogins: of(loginColumns), datasetOnline: of(onlineColumns),
	} {
		_, section, ok := strings.Cut(string(text), "\n**"+dataset+"**")
		if !ok {
			t.Fatalf("%s is not there", dataset)
		}
		_, table, _ := strings.Cut(section, "|---|---|\n")
		table, _, _ = strings.Cut(table, "\n\n")
		var got []string
		for line := range strings.Lines(table) {
			cell, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " |")
			got = append(got, column.FindAllString(cell, -1)...)
		}
		slices.Sort(got)
		slices.Sort(columns)
		if !slices.Equal(got, columns) {
			t.Errorf("%s: the paper has %q, the files %q", dataset, got, columns)
		}
	}
}

// of names columns, with a star if they are always there.
func of(columns []column) (all []string) {
	for _, c := range columns {
		name := c.name
		if c.required {
			name += "*"
		}
		all = append(all, name)
	}
	return all
}
