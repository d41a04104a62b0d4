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
