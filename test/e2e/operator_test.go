package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/weirgate/weir/test/lab"
)

func TestAuditLetsThroughWhatItWouldRefuseAndSaysSo(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{mode: "Audit"})
	out := s.psql("-c", "UPDATE orders SET cents = 0")
	if out.Code != 0 || s.query1("SELECT count(*) FROM orders WHERE cents = 0") != "100" {
		t.Errorf("ended with %d: %s%s", out.Code, out.Stdout, out.Stderr)
	}
	s.eventually("the record", func() (bool, string) {
		text := s.cli("observe", "--last", "20", "-o", "json")
		return strings.Contains(text, "unbounded-write"), text
	})
}

func TestObserveShowsWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	s := newSite(t, options{})
	s.psql("-c", "SELECT 'passes'", "-c", "DROP TABLE orders")
	for _, tc := range []struct {
		args       []string
		has, lacks string
	}{
		{[]string{"--verdict", "Deny"}, "DROP TABLE orders", "passes"},
		{[]string{"--verdict", "Allow"}, "passes", "DROP TABLE orders"},
		{[]string{"--database", "elsewhere"}, "", "passes"},
		{[]string{"--since", "1h"}, "passes", "nothing-like-this"},
	} {
		text := s.cli(append([]string{"observe", "--last", "100"}, tc.args...)...)
		if !strings.Contains(text, tc.has) || strings.Contains(text, tc.lacks) {
			t.Errorf("observe %v says:\n%s", tc.args, text)
		}
	}
}

func TestMetricsAreThereWhenConfigured(t *testing.T) {
	t.Parallel()
	port, err := lab.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, options{spec: fmt.Sprintf("metrics: {listen: \"127.0.0.1:%d\"}", port)})
	s.psql("-c", "SELECT name, ssn FROM customers", "-c", "DROP TABLE orders")
	answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/metrics", port))
	s.must(err)
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	s.must(err)
	if answer.StatusCode != http.StatusOK || !strings.Contains(string(text), "\nweir_") {
		t.Errorf("%s:\n%s", answer.Status, text)
	}
	s.hidden(string(text))
	for _, secret := range []string{"DROP TABLE", password} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the metrics hold %q", secret)
		}
	}
}
