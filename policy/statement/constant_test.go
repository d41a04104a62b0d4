package statement

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

// TestConstantsAreReadInOnePlaceOnly reads this package's source: all that looks
// into a constant, or at a place in the text, must be where it is noted. A value
// that was read elsewhere would be missing, not wrong, since the tree that is
// walked does not have it; this says so before a fact is lost.
func TestConstantsAreReadInOnePlaceOnly(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		set := token.NewFileSet()
		tree, err := parser.ParseFile(set, file.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			what, ok := looksInside(n)
			if !ok {
				return true
			}
			seen++
			if file.Name() != "constant.go" {
				t.Errorf("%s: %s: use the methods of constants", set.Position(n.Pos()), what)
			}
			return true
		})
	}
	if seen < 5 {
		t.Errorf("found only %d places in constant.go: does this test still see them?", seen)
	}
}

// looksInside says whether a node reads a constant's value or a node's place.
func looksInside(n ast.Node) (what string, ok bool) {
	s, isSelector := n.(*ast.SelectorExpr)
	if !isSelector {
		return "", false
	}
	switch name := s.Sel.Name; {
	case strings.HasPrefix(name, "A_Const_"):
		return name, true
	case name == "Location", name == "GetLocation":
		return name, true
	case ofConstant(s.X):
		return "a field of an A_Const, " + name, true
	}
	return "", false
}

// ofConstant says whether an expression is v.AConst or n.GetAConst().
func ofConstant(x ast.Expr) bool {
	if call, ok := x.(*ast.CallExpr); ok {
		x = call.Fun
	}
	s, ok := x.(*ast.SelectorExpr)
	return ok && (s.Sel.Name == "AConst" || s.Sel.Name == "GetAConst")
}

func TestAConstantIsItsLiteralOnly(t *testing.T) {
	for text, want := range map[string]int{
		"select 1":                        1,
		"select -1, - 1, -(1), - ( -1.5)": 4,
		"select - /* 2 */ 1":              0, // a comment may hold anything
		"select 'it''s', ''":              2,
		"select 3000000000, -3000000000":  2,
		"select a - 1, a -1":              2,
		"select 1::float(3)":              1, // the 3 is no constant
		"update t set (a, b, c) = (select 1, 'x') where d = 2": 3,
	} {
		tree, err := parseTree(text)
		if err != nil {
			t.Fatal(err)
		}
		held, n := holdConstants(text, tree), 0
		for _, found := range held.found {
			if found {
				n++
			}
		}
		if n != want {
			t.Errorf("%s: %d literals are constants, want %d", text, n, want)
		}
		for v, h := range held.held {
			if v.Val != nil || h.value == nil {
				t.Errorf("%s: a value stands in the tree", text)
			}
			held.value(v)
			if !held.read[h.ordinal] {
				t.Errorf("%s: a value was read and that was not noted", text)
			}
		}
	}
}
