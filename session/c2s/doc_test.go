package c2s

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestThePackageCommentSaysWhereEachFileBelongs(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rooms, _ := strings.Cut(string(text), "# Where things are")
	rooms, _, _ = strings.Cut(rooms, "\n// # ")
	named := regexp.MustCompile(`[a-z0-9*]+\.go`).FindAllString(rooms, -1)
	all, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range all {
		if file == "doc.go" || strings.HasSuffix(file, "_test.go") {
			continue
		}
		if !slices.ContainsFunc(named, func(name string) bool { ok, _ := path.Match(name, file); return ok }) {
			t.Errorf("%s has no place in doc.go", file)
		}
	}
	for _, name := range named {
		if !slices.ContainsFunc(all, func(file string) bool { ok, _ := path.Match(name, file); return ok }) {
			t.Errorf("doc.go names %s, which is not there", name)
		}
	}
}
