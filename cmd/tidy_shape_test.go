package cmd

import (
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"
	"testing"
)

const (
	maxLoop     = 44 // files of a package that need each other, in a loop: some 40
	maxScatter  = 13 // files with methods of one type; about ten
	ourPackages = "github.com/rollcall-xmpp/rollcall/"
)

// scattered are types whose methods are in more files than that, and in how many: those
// of the pages and of the API have a method for a page or a route. None gets more.
var scattered = map[string]int{
	"bus.Bus":                  20,
	"cmd/rollcall/api.History": 24,
	"cmd/rollcall/bench.Bench": 16,
	"cmd/rollcall/web.visit":   16,
}

// Of a package whose files all need each other nothing can be read, tested or moved by
// itself.
func TestNoPackageIsOneLoopOfFiles(t *testing.T) {
	t.Parallel()
	for dir, uses := range usesOfFiles(t) {
		if loop := longestLoop(uses); len(loop) > maxLoop {
			t.Errorf("%s: %d files need each other: %s", dir, len(loop), strings.Join(loop, ", "))
		}
	}
}

func TestTheMethodsOfATypeAreInFewFiles(t *testing.T) {
	t.Parallel()
	in := make(map[string]map[string]bool)
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || s.test {
				continue
			}
			name := s.dir + "." + receiver(f)
			if in[name] == nil {
				in[name] = make(map[string]bool)
			}
			in[name][s.path] = true
		}
	}
	for name, files := range in {
		switch n, known := scattered[name]; {
		case known && len(files) < n:
			t.Errorf("%s has its methods in %d files: say so", name, len(files))
		case len(files) > max(n, maxScatter):
			t.Errorf("%s has its methods in %d files", name, len(files))
		}
	}
}

// receiver is the name of a method's type.
func receiver(f *ast.FuncDecl) string {
	e := f.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		default:
			return e.(*ast.Ident).Name
		}
	}
}

// usesOfFiles has, of each package's folder, the files of which each file uses something.
func usesOfFiles(t *testing.T) map[string]map[string][]string {
	t.Helper()
	r := &reader{files: make(map[string][]*ast.File), read: make(map[string]*types.Package), uses: make(map[string]map[string][]string)}
	for _, s := range sources(t) {
		r.fset = s.fset
		if !s.test {
			r.files[s.dir] = append(r.files[s.dir], s.file)
		}
	}
	for dir := range r.files {
		r.Import(ourPackages + dir)
	}
	return r.uses
}

// A reader finds out what names mean. It knows only our own packages, of others
// nothing; what does not make sense without them it passes over.
type reader struct {
	fset  *token.FileSet         // of all sources
	files map[string][]*ast.File // by folder
	read  map[string]*types.Package
	uses  map[string]map[string][]string
}

// Import implements types.Importer.
func (r *reader) Import(name string) (*types.Package, error) {
	if p := r.read[name]; p != nil {
		return p, nil
	}
	dir, ours := strings.CutPrefix(name, ourPackages)
	if !ours {
		p := types.NewPackage(name, path.Base(name))
		p.MarkComplete()
		r.read[name] = p
		return p, nil
	}
	info := types.Info{Uses: make(map[*ast.Ident]types.Object)}
	cfg := types.Config{Importer: r, Error: func(error) {}}
	p, _ := cfg.Check(name, r.fset, r.files[dir], &info)
	r.read[name] = p
	uses := make(map[string][]string)
	for id, o := range info.Uses {
		from, to := r.file(id.Pos()), r.file(o.Pos())
		if o.Pkg() == p && from != to && !slices.Contains(uses[from], to) {
			uses[from] = append(uses[from], to)
		}
	}
	r.uses[dir] = uses
	return p, nil
}

func (r *reader) file(p token.Pos) string { return path.Base(r.fset.Position(p).Filename) }

// longestLoop are the files of the largest group in which each needs each other one,
// directly or not (Tarjan's strongly connected components).
func longestLoop(uses map[string][]string) (longest []string) {
	var (
		stack []string
		place = make(map[string]int) // when it was come to, from 1 on
		low   = make(map[string]int) // the earliest on the stack that it leads to
		visit func(file string)
	)
	visit = func(file string) {
		place[file] = len(place) + 1
		low[file] = place[file]
		stack = append(stack, file)
		for _, next := range uses[file] {
			if place[next] == 0 {
				visit(next)
				low[file] = min(low[file], low[next])
			} else if slices.Contains(stack, next) {
				low[file] = min(low[file], place[next])
			}
		}
		if low[file] == place[file] {
			i := slices.Index(stack, file)
			if len(stack)-i > len(longest) {
				longest = slices.Sorted(slices.Values(stack[i:]))
			}
			stack = stack[:i]
		}
	}
	for file := range uses {
		if place[file] == 0 {
			visit(file)
		}
	}
	return longest
}

func TestALoopIsFound(t *testing.T) {
	t.Parallel()
	uses := map[string][]string{
		"a": {"b"}, "b": {"c", "e"}, "c": {"d"}, "d": {"b"}, // b, c and d
		"e": {"f"}, "f": {"e"},
	}
	if got := strings.Join(longestLoop(uses), " "); got != "b c d" {
		t.Errorf("the loop is %q", got)
	}
}
