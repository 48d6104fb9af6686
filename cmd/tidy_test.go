// Package cmd holds the test by which the repository checks itself. The command
// is in rollcall.
package cmd

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	maxFunction = 70  // lines
	maxFile     = 500 // lines; half of all files should have no more than 120
	maxExample  = 50  // lines of one that go doc shows
)

// A source is one Go file of the repository.
type source struct {
	path string // from the root, with slashes
	dir  string // of path
	test bool
	text []byte
	fset *token.FileSet
	file *ast.File
}

func (s *source) imports(name string) bool {
	return slices.ContainsFunc(s.file.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == strconv.Quote(name) })
}

// sources parses all Go files.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	fset := token.NewFileSet()
	for _, p := range files(t, ".go") {
		text, err := os.ReadFile(filepath.Join("..", p))
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(fset, p, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, source{path: p, dir: path.Dir(p), test: strings.HasSuffix(p, "_test.go"), text: text, fset: fset, file: file})
	}
	if len(all) < 50 {
		t.Fatalf("only %d Go files found", len(all))
	}
	return all
}

// files lists the repository's files with a suffix, from the root.
func files(t *testing.T, suffix string) (all []string) {
	t.Helper()
	err := filepath.WalkDir("..", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git" || d.Name() == "rollcall-data"):
			return filepath.SkipDir
		case !d.IsDir() && strings.HasSuffix(p, suffix):
			all = append(all, strings.TrimPrefix(filepath.ToSlash(p), "../"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestPackagesImportOnlyWhatTheLawsAllow(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		allowed, known := mayImport[s.dir]
		if !known {
			t.Errorf("%s: the package is not in the laws", s.path)
		}
		for _, spec := range s.file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if ours, ok := strings.CutPrefix(name, "github.com/rollcall-xmpp/rollcall/"); ok && !s.test && !allows(allowed, ours) {
				t.Errorf("%s imports %s", s.path, name)
			}
			for other, dirs := range onlyIn {
				if (name == other || strings.HasPrefix(name, other+"/")) && !slices.Contains(dirs, s.dir) && !s.test {
					t.Errorf("%s imports %s", s.path, name)
				}
			}
		}
	}
}

func allows(allowed []string, name string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool {
		return a == name || strings.HasSuffix(a, "/") && strings.HasPrefix(name, a)
	})
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	documented := make(map[string]int)
	for _, s := range sources(t) {
		if s.test && s.dir != "cmd" {
			continue
		}
		if _, ok := documented[s.dir]; !ok {
			documented[s.dir] = 0
		}
		if s.file.Doc != nil {
			documented[s.dir]++
		}
	}
	for dir, n := range documented {
		if n != 1 {
			t.Errorf("%s has %d package comments", dir, n)
		}
	}
}

// A doc.go that says where things are has a place for each file of its package,
// and names no other; those of the command are named for its verbs. Names may have
// a star.
func TestPackageCommentsSayWhereEachFileBelongs(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`[a-z0-9*]+\.go`)
	all := sources(t)
	for _, s := range all {
		_, rooms, ok := strings.Cut(string(s.text), "\n// # Where things are\n")
		if !ok || s.dir == "cmd/rollcall" {
			continue
		}
		rooms, _, _ = strings.Cut(rooms, "\n// # ")
		named := name.FindAllString(rooms, -1)
		used := make(map[string]bool)
		for _, o := range all {
			file := path.Base(o.path)
			if o.dir != s.dir || o.test || file == "doc.go" {
				continue
			}
			i := slices.IndexFunc(named, func(n string) bool { ok, _ := path.Match(n, file); return ok })
			if i < 0 {
				t.Errorf("%s has no place in doc.go", o.path)
				continue
			}
			used[named[i]] = true
		}
		for _, n := range named {
			if !used[n] {
				t.Errorf("%s names %s, which is not there", s.path, n)
			}
		}
	}
}

func TestFunctionsAndFilesAreShort(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if n := bytes.Count(s.text, []byte("\n")); n > maxFile {
			t.Errorf("%s has %d lines", s.path, n)
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := s.fset.Position(f.End()).Line - s.fset.Position(f.Pos()).Line + 1; n > maxFunction && !s.test {
				t.Errorf("%s: %s has %d lines", s.path, f.Name.Name, n)
			}
		}
	}
}

// banned are calls that do not belong here.
var banned = []struct {
	call  string
	where func(s *source) bool
	why   string
}{
	{"time.Sleep", func(s *source) bool { return !s.imports("testing/synctest") }, "wait for a condition, or sleep in virtual time"},
	{"fmt.Println", func(s *source) bool { return !s.test }, "there is no one standard output"},
	{"fmt.Printf", func(s *source) bool { return !s.test }, "there is no one standard output"},
	{"fmt.Print", func(s *source) bool { return !s.test }, "there is no one standard output"},
	{"os.Exit", func(s *source) bool { return s.path != "cmd/rollcall/main.go" }, "return an error"},
	{"log.Fatal", func(*source) bool { return true }, "return an error"},
	{"log.Printf", func(*source) bool { return true }, "use the slog.Logger that was given"},
	{"slog.SetDefault", func(*source) bool { return true }, "no global state"},
	{"reflect.ValueOf", func(s *source) bool { return !s.test }, "no reflection"},
	{"t.Skip", func(*source) bool { return true }, "a test that does not run proves nothing"},
}

func TestNothingCallsWhatIsBanned(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			f, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := f.X.(*ast.Ident)
			if !ok {
				return true
			}
			for _, b := range banned {
				if x.Name+"."+f.Sel.Name == b.call && b.where(&s) {
					t.Errorf("%s: %s: %s", s.fset.Position(n.Pos()), b.call, b.why)
				}
			}
			return true
		})
	}
}

func TestThereAreNoInitFunctions(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init function", s.path)
			}
		}
	}
}

// Package variables may be errors, tables and other values that nobody
// changes. An assignment to one anywhere in its package is what shows that
// somebody does.
func TestPackageVariablesAreNeverAssigned(t *testing.T) {
	t.Parallel()
	all := sources(t)
	vars := packageVariables(all)
	for _, s := range all {
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil || s.test {
				continue
			}
			local := declared(f)
			for _, id := range assigned(f) {
				if vars[s.dir+" "+id.Name] && !local[id.Name] {
					t.Errorf("%s: the package variable %s is assigned", s.fset.Position(id.Pos()), id.Name)
				}
			}
		}
	}
}

// packageVariables has the folder and the name of each.
func packageVariables(all []source) map[string]bool {
	vars := make(map[string]bool)
	for _, s := range all {
		for _, d := range s.file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR || s.test {
				continue
			}
			for _, spec := range g.Specs {
				for _, name := range spec.(*ast.ValueSpec).Names {
					vars[s.dir+" "+name.Name] = name.Name != "_"
				}
			}
		}
	}
	return vars
}

// assigned lists what a function assigns to by name.
func assigned(f *ast.FuncDecl) (all []*ast.Ident) {
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && a.Tok != token.DEFINE {
			for _, left := range a.Lhs {
				if id, ok := left.(*ast.Ident); ok {
					all = append(all, id)
				}
			}
		}
		return true
	})
	return all
}

// declared lists all names that a function declares anywhere in itself.
func declared(f *ast.FuncDecl) map[string]bool {
	names := make(map[string]bool)
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			for _, id := range n.Names {
				names[id.Name] = true
			}
		case *ast.ValueSpec:
			for _, id := range n.Names {
				names[id.Name] = true
			}
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				if id, ok := left.(*ast.Ident); ok && n.Tok == token.DEFINE {
					names[id.Name] = true
				}
			}
		case *ast.RangeStmt:
			for _, e := range []ast.Expr{n.Key, n.Value} {
				if id, ok := e.(*ast.Ident); ok && n.Tok == token.DEFINE {
					names[id.Name] = true
				}
			}
		}
		return true
	})
	return names
}

func TestNothingIsLeftToDo(t *testing.T) {
	t.Parallel()
	marks := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|X` + `XX|HA` + `CK)\b`)
	for _, s := range sources(t) {
		if m := marks.Find(s.text); m != nil {
			t.Errorf("%s has a %s", s.path, m)
		}
	}
}

func TestTheRootHasOnlyWhatBelongsThere(t *testing.T) {
	t.Parallel()
	for _, name := range rootEntries(t) {
		if !slices.Contains(topLevel, name) {
			t.Errorf("%s", name)
		}
	}
}

// rootEntries are those of the repository. Whatever else lies about, an editor's
// folder or a service's data, is nobody's business; without git the names of the
// files that this program makes are known.
func rootEntries(t *testing.T) (names []string) {
	t.Helper()
	if tracked, err := exec.Command("git", "-C", "..", "ls-files").Output(); err == nil {
		for path := range strings.Lines(string(tracked)) {
			name, _, _ := strings.Cut(strings.TrimSpace(path), "/")
			names = append(names, name)
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); name != "rollcall" && name != "rollcall-data" {
			names = append(names, name)
		}
	}
	return names
}

// Whoever follows the README in the repository can still run its tests, and
// commits no data.
func TestTheREADMEKeepsDataWhereGitIgnoresIt(t *testing.T) {
	t.Parallel()
	dirs := regexp.MustCompile(`--data (\S+)`)
	n := 0
	for _, p := range []string{"../README.md", "rollcall/up.go"} {
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range dirs.FindAllSubmatch(text, -1) {
			if n++; !bytes.HasPrefix(m[1], []byte("rollcall-data/")) {
				t.Errorf("%s keeps data in %s", p, m[1])
			}
		}
	}
	if n < 2 {
		t.Errorf("only %d commands with --data found", n)
	}
}

// Paths in the papers are links, or code that names a file or folder of ours.
var (
	link     = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	codePath = regexp.MustCompile("`((?:events|session|bus|projector|replay|cmd|docs|\\.ci)/[A-Za-z0-9_./-]*)`")
)

func TestThePapersNameOnlyFilesThatExist(t *testing.T) {
	t.Parallel()
	papers := files(t, ".md")
	if len(papers) == 0 {
		t.Fatal("no papers")
	}
	for _, p := range papers {
		text, err := os.ReadFile(filepath.Join("..", p))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllSubmatch(text, -1) {
			exists(t, p, filepath.Join("..", filepath.Dir(p), string(m[1])))
		}
		for _, m := range codePath.FindAllSubmatch(text, -1) {
			exists(t, p, filepath.Join("..", string(m[1])))
		}
	}
}

func exists(t *testing.T, paper, p string) {
	t.Helper()
	if _, err := os.Stat(p); err != nil {
		t.Errorf("%s names what does not exist: %v", paper, err)
	}
}
