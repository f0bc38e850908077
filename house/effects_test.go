package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A mutation is told its first outcome again by workflow.Once; the outcome is there only if the verb took effect in workflow.Effect. A verb that writes by
// another way would be done twice under one key.
func TestEveryVerbThatIsRepeatedTakesEffectOnce(t *testing.T) {
	verbs := map[string]string{} // method: where it is called
	parse(t, filepath.Join("..", "graph"), func(path string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !isSelector(call.Fun, "workflow", "Once") || len(call.Args) < 3 {
				return true
			}
			if verb, ok := call.Args[2].(*ast.SelectorExpr); ok {
				verbs[verb.Sel.Name] = path
			}
			return true
		})
	})
	if len(verbs) < 60 {
		t.Fatalf("only %d verbs found: this test looks at the wrong calls", len(verbs))
	}
	takes, known := map[string]bool{}, map[string]bool{}
	offices, err := os.ReadDir(filepath.Join("..", "workflow"))
	if err != nil {
		t.Fatal(err)
	}
	for _, office := range offices {
		if !office.IsDir() {
			continue
		}
		calls, effects := map[string][]string{}, map[string]bool{}
		parse(t, filepath.Join("..", "workflow", office.Name()), func(_ string, file *ast.File) {
			for _, d := range file.Decls {
				f, ok := d.(*ast.FuncDecl)
				if !ok || f.Body == nil {
					continue
				}
				known[f.Name.Name] = true
				ast.Inspect(f.Body, func(n ast.Node) bool {
					call, ok := n.(*ast.CallExpr)
					if !ok {
						return true
					}
					if isSelector(call.Fun, "workflow", "Effect") {
						effects[f.Name.Name] = true
					}
					switch called := call.Fun.(type) {
					case *ast.SelectorExpr:
						calls[f.Name.Name] = append(calls[f.Name.Name], called.Sel.Name)
					case *ast.Ident:
						calls[f.Name.Name] = append(calls[f.Name.Name], called.Name)
					}
					return true
				})
			}
		})
		for name := range calls {
			if reaches(name, calls, effects, map[string]bool{}) {
				takes[name] = true
			}
		}
	}
	for verb, path := range verbs {
		if !known[verb] || !takes[verb] {
			t.Errorf("%s is repeated by workflow.Once in %s and takes no effect in workflow.Effect", verb, path)
		}
	}
}

// reaches says whether a function calls, directly or through others of its package, one that takes effect.
func reaches(name string, calls map[string][]string, effects, seen map[string]bool) bool {
	if effects[name] {
		return true
	}
	seen[name] = true
	for _, called := range calls[name] {
		if !seen[called] && reaches(called, calls, effects, seen) {
			return true
		}
	}
	return false
}

func isSelector(e ast.Expr, of, name string) bool {
	if generic, ok := e.(*ast.IndexExpr); ok {
		e = generic.X
	}
	s, ok := e.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != name {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == of
}

// parse hands every source file of a folder, without its tests, to see.
func parse(t *testing.T, folder string, see func(path string, file *ast.File)) {
	t.Helper()
	paths, err := fs.Glob(os.DirFS(folder), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(folder, path), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		see(path, file)
	}
}
