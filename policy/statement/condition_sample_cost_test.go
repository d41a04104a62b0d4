package statement

import (
	"fmt"
	"strings"
	"testing"
)

// Short texts must not make long ones, nor many rows, while their conditions are tried.
func TestTryingConditionsIsBounded(t *testing.T) {
	columns := func(n int, format string) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = fmt.Sprintf(format, i)
		}
		return strings.Join(parts, ", ")
	}
	long := strings.Repeat("x", 1000)
	for name, where := range map[string]string{
		"repeat of repeat":      strings.Repeat("repeat(", 12) + "a || '" + long + "'" + strings.Repeat(", 4)", 12) + " <> ''",
		"long constants joined": strings.ReplaceAll(columns(300, "'"+long+"'|| c%d"), ", ", " || ") + " <> ''",
		"many columns":          "greatest(" + columns(500, "c%d") + ") > 5",
		"greatest of greatest":  strings.Repeat("greatest(", 150) + columns(10, "c%d") + strings.Repeat(", 1)", 150) + " > 5",
		"long calls":            strings.ReplaceAll(columns(100, "concat(c%d; "+strings.ReplaceAll(columns(50, "d%d"), ",", ";")+") <> 'x'"), ",", " or"),
	} {
		where = strings.ReplaceAll(where, ";", ",")
		c := judgement{spent: new(int)}
		tree, err := parseTree("delete from wide where " + where)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		write := tree.Stmts[0].Stmt.GetDeleteStmt()
		c.target = write.Relation
		_, _ = c.sampled(write.WhereClause)
		if *c.spent > 10*maxSteps {
			t.Errorf("%s: %d steps", name, *c.spent)
		}
	}
}

// A text has no more tries than a few conditions: those of its other conditions that are
// not told by their form count as constant.
func TestTryingTheConditionsOfATextIsBounded(t *testing.T) {
	one := "delete from wide where greatest(a, b, c, d, e, f, g, h, i, j) > least(a, b, c, d, e, f, g, h, i, j) - 1;"
	text := strings.Repeat(one, 200) + "delete from wide where id = 5; delete from wide where id > 5"
	got := facts(t, text).Statements
	if w := got[len(got)-2].Writes[0].Where; w != WherePresent {
		t.Errorf("a condition that its form tells: %s", w)
	}
	if w := got[len(got)-1].Writes[0].Where; w != WhereConstant {
		t.Errorf("one that is to be tried: %s", w)
	}
}
