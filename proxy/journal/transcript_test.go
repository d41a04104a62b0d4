package journal_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/proxy/journal"
)

func text(s string) journal.Value { return journal.Value{Text: s} }

func TestATranscriptReadsLikePsql(t *testing.T) {
	id := &identity.Identity{Subject: "unit:bot.service"}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	records := []*journal.Record{
		{Kind: journal.KindSessionStart, Session: "s-1", Identity: id, Database: "crm", User: "app", Time: at},
		{Kind: journal.KindStatementBegin, Seq: 1, Database: "crm", Text: "SELECT id, name, email\nFROM customers"},
		{Kind: journal.KindStatementEnd, Statement: 1, Rows: 3, Tag: "SELECT 3", Columns: []string{"id", "name", "email"}, Masked: []string{"public.customers.email"},
			Result: [][]journal.Value{{text("1"), text("Ann"), text("****@x")}, {text("20"), text("日本\nzwei"), {Null: true}}, {text("3"), text("a\x1b[2J"), text("")}}},
		{Kind: journal.KindStatementDenied, Seq: 3, Database: "crm", Text: "DROP TABLE customers;", Severity: "ERROR", SQLState: "42501",
			Message: "DROP is not allowed", Detail: "Rule no-ddl.", Hint: "Ask."},
		{Kind: journal.KindNotice, Severity: "NOTICE", Message: "waiting for approval ap-1"},
		{Kind: journal.KindStatementBegin, Seq: 5, Database: "crm", Text: "DELETE FROM t WHERE a = $1", Params: []journal.Value{text("x"), {Null: true}}},
		{Kind: journal.KindStatementEnd, Statement: 5, Rows: 2, Tag: "DELETE 2"},
		{Kind: journal.KindStatementBegin, Seq: 7, Database: "crm", Text: "SELECT 1/0"},
		{Kind: journal.KindStatementEnd, Statement: 7, Outcome: journal.OutcomeFailed, SQLState: "22012", Severity: "ERROR", Message: "division by zero"},
		{Kind: journal.KindStatementBegin, Seq: 9, Database: "crm", Text: "SELECT 1"},
		{Kind: journal.KindStatementEnd, Statement: 9, Rows: 1, Tag: "SELECT 1"},
		{Kind: journal.KindStatementBegin, Seq: 11, Database: "crm", Text: "SELECT pg_sleep(100)"},
	}
	want := `crm=> SELECT id, name, email
crm-> FROM customers;
 id |   name   | email  
----+----------+--------
  1 | Ann      | ****@x
 20 | 日本    +| 
    | zwei     | 
  3 | a\x1B[2J | 
(3 rows)

-- masked: public.customers.email
crm=> DROP TABLE customers;
ERROR:  DROP is not allowed
DETAIL:  Rule no-ddl.
HINT:  Ask.
NOTICE:  waiting for approval ap-1
crm=> DELETE FROM t WHERE a = $1;
-- $1 = 'x', $2 = NULL
DELETE 2
crm=> SELECT 1/0;
ERROR:  division by zero
crm=> SELECT 1;
(1 row)

crm=> SELECT pg_sleep(100);
-- no end is on record: weir or the connection went away
`
	var b strings.Builder
	err := journal.Transcript(&b, func(yield func(*journal.Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(b.String(), "\n")
	if !strings.HasPrefix(head, "-- session s-1: unit:bot.service as app to crm, 2026-03-01") {
		t.Errorf("the head is %q", head)
	}
	if rest != want {
		t.Errorf("got\n%s\ninstead of\n%s", rest, want)
	}
	bad := errors.New("bad")
	if err := journal.Transcript(&b, func(yield func(*journal.Record, error) bool) { yield(nil, bad) }); !errors.Is(err, bad) {
		t.Errorf("a failed read gave %v", err)
	}
}
