package house

import (
	"go/ast"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// A parameter that nothing reads promises an administrator an effect that it has not.
func TestEveryParameterIsRead(t *testing.T) {
	read := map[string]bool{}
	folders := map[string]bool{}
	for _, name := range tree(t) {
		top, _, _ := strings.Cut(name, "/")
		if strings.HasSuffix(name, ".go") && top != "ent" && top != "parameter" && top != "demo" && top != "bench" {
			folders[path.Dir(name)] = true
		}
	}
	for folder := range folders {
		parse(t, filepath.Join(root, filepath.FromSlash(folder)), func(_ string, file *ast.File) {
			ast.Inspect(file, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					if x, ok := s.X.(*ast.Ident); ok && (x.Name == "parameter" || x.Name == "parameters") {
						read[s.Sel.Name] = true
					}
				}
				return true
			})
		})
	}
	defined := 0
	parse(t, filepath.Join(root, "parameter"), func(_ string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			pair, ok := n.(*ast.KeyValueExpr)
			if !ok {
				return true
			}
			field, ok := pair.Key.(*ast.Ident)
			name, is := pair.Value.(*ast.Ident)
			if !ok || !is || field.Name != "Name" {
				return true
			}
			defined++
			if !read[name.Name] {
				t.Errorf("the parameter %s is read nowhere", name.Name)
			}
			return true
		})
	})
	if defined < 30 {
		t.Fatalf("only %d parameters found: this test looks at the wrong place", defined)
	}
}
