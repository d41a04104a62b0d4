package proxy_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/weirgate/weir/proxy/journal"
)

// everything is the journal as text.
func (s *site) everything() string {
	s.t.Helper()
	var b strings.Builder
	for r, err := range s.journal.Query(context.Background(), journal.Filter{}) {
		must(s.t, err)
		line, err := json.Marshal(r)
		must(s.t, err)
		b.Write(line)
		b.WriteByte('\n')
	}
	return b.String()
}

func TestWhatPolicyDoesNotWantOnRecordIsNot(t *testing.T) {
	s := newSite(t, options{rules: rules + "  recording: {statements: None, parameters: None}\n"})
	c := s.connect()
	const mark = 98765432
	exec := func(text string, args ...any) {
		_, _ = c.Exec(t.Context(), text, args...)
	}
	exec("SELECT id FROM orders WHERE cents = $1", mark)
	exec("SELECT id FROM orders WHERE cents = 98765432")
	exec("DROP TABLE table98765432")
	exec("this is 98765432 no statement")
	exec("SELECT ssn::int FROM customers WHERE id = 98765432")
	ctx, cancel := context.WithCancel(t.Context())
	done := later(func() error { _, err := c.Exec(ctx, "DELETE FROM orders WHERE id = 98765432"); return err })
	s.pending(1)
	cancel()
	<-done
	w := s.raw()
	w.send(frame('F', "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00"))
	_ = w.until(1)
	_ = w.query("SELECT '" + strings.Repeat("98765432", 300000) + "'")
	s.records(4, journal.KindStatementDenied)
	if all := s.everything(); strings.Contains(all, "98765432") {
		t.Errorf("on record:\n%s", all)
	}
}

func TestRowsAreRecordedAfterMaskingWherePolicySaysSo(t *testing.T) {
	s := newSite(t, options{})
	w := s.raw()
	const text = "SELECT id, ssn FROM customers ORDER BY id LIMIT 2"
	rows := func() [][]journal.Value {
		t.Helper()
		before := len(s.records(0, journal.KindStatementEnd))
		wants(t, w.query(text), "T D:1,**** D:2,**** C:SELECT 2 Z:I")
		list := s.records(before+1, journal.KindStatementEnd)
		return list[len(list)-1].Result
	}
	if got := rows(); len(got) != 0 {
		t.Errorf("recorded without being asked for: %v", got)
	}
	s.use(rules + "  recording: {results: Masked}\n")
	if got := rows(); len(got) != 2 {
		t.Errorf("recorded %v", got)
	}
	s.use(rules)
	if got := rows(); len(got) != 0 {
		t.Errorf("recorded after it was taken back: %v", got)
	}
	all := s.everything()
	for _, secret := range append(secrets, password) {
		if strings.Contains(all, secret) {
			t.Errorf("%q is on record", secret)
		}
	}
}
