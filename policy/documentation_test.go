package policy

import (
	"os"
	"strings"
	"testing"

	"github.com/weirgate/weir/policy/statement"
)

// TestDocumentationIsTrue compiles the example of the reference and looks for
// every command in it.
func TestDocumentationIsTrue(t *testing.T) {
	data, err := os.ReadFile("../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(data), "```yaml\n")
	example, _, closed := strings.Cut(rest, "```\n")
	if !found || !closed {
		t.Fatal("there is no example")
	}
	compile(t, example)
	for _, c := range statement.All() {
		if !strings.Contains(string(data), "`"+string(c)+"`") {
			t.Errorf("command %s is not in the list", c)
		}
	}
}

// TestTheDocumentedGuardsCompile compiles the examples of each field of a guard,
// and looks for every kind of object and every pack.
func TestTheDocumentedGuardsCompile(t *testing.T) {
	data, err := os.ReadFile("../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(data), "One guard for each field:\n\n```yaml\n")
	example, _, closed := strings.Cut(rest, "```\n")
	if !found || !closed {
		t.Fatal("there is no example")
	}
	compile(t, crm+`
apiVersion: weir.dev/v1alpha1
kind: Policy
metadata: {name: p}
spec:
  identities: [{name: bot, any: true}]
  databases: [crm]
  approvals: [{name: dba, approvers: {any: true}}]
  guards:
`+"  "+strings.ReplaceAll(strings.TrimSpace(example), "\n", "\n  ")+"\n")
	for _, k := range statement.Kinds() {
		if !strings.Contains(string(data), "`"+string(k)+"`") {
			t.Errorf("kind %s is not in the list", k)
		}
	}
	for _, p := range Packs() {
		if !strings.Contains(string(data), "`"+p+"`") {
			t.Errorf("pack %s is not described", p)
		}
	}
}
