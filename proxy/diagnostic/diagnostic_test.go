package diagnostic_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgproto3/v2"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

func TestADiagnosticIsReadBackAsItWasWritten(t *testing.T) {
	for _, d := range []diagnostic.Diagnostic{
		{Severity: diagnostic.Error, Code: "42501", Message: "no", Detail: "because", Hint: "ask", Position: 7},
		{Severity: diagnostic.Fatal, Code: "08P01", Message: "no"},
		{Severity: diagnostic.Notice, Code: "00000", Message: "ümlaut"},
	} {
		p := d.Append([]byte("before"))
		if got := string(p[:6]); got != "before" {
			t.Fatalf("what was there is now %q", got)
		}
		p = p[6:]
		typ := byte(wire.ErrorResponse)
		if d.Severity == diagnostic.Notice {
			typ = wire.NoticeResponse
		}
		h, ok, err := wire.ReadHeader(p)
		if err != nil || !ok || h.Type != typ || h.Size != len(p) {
			t.Fatalf("header %+v, %v, %v of %q", h, ok, err, p)
		}
		got, err := diagnostic.Read(p[wire.HeaderSize:])
		if err != nil || got != d {
			t.Fatalf("read %+v, %v; wrote %+v", got, err, d)
		}
	}
}

func TestANULDoesNotEndAField(t *testing.T) {
	p := (&diagnostic.Diagnostic{Severity: diagnostic.Error, Code: "42501", Message: "a\x00Mb"}).Append(nil)
	got, err := diagnostic.Read(p[wire.HeaderSize:])
	if err != nil || got.Message != "a Mb" {
		t.Fatalf("%+v, %v", got, err)
	}
}

func TestATruncatedErrorIsAViolation(t *testing.T) {
	p := (&diagnostic.Diagnostic{Severity: diagnostic.Error, Code: "42501", Message: "m"}).Append(nil)[wire.HeaderSize:]
	for n := range len(p) {
		if _, err := diagnostic.Read(p[:n]); err == nil {
			t.Fatalf("%d of %d bytes were read without an error", n, len(p))
		}
	}
}

func TestTextsThatMayHoldValuesAreWithheld(t *testing.T) {
	for name, c := range map[string]struct {
		message  pgproto3.ErrorResponse
		withheld bool
	}{
		"a unique violation that is raised":     {pgproto3.ErrorResponse{Code: "23505", Routine: "exec_stmt_raise"}, true},
		"a failed cast":                         {pgproto3.ErrorResponse{Code: "22P02", Routine: "pg_strtoint32_safe"}, true},
		"an unknown column":                     {pgproto3.ErrorResponse{Code: "42703", Routine: "errorMissingColumn", Position: 8}, false},
		"a value taken for a name":              {pgproto3.ErrorResponse{Code: "42P01", Routine: "RangeVarGetRelidExtended"}, true},
		"a literal that is not of its type":     {pgproto3.ErrorResponse{Code: "22P02", Routine: "pg_strtoint64_safe", Position: 34}, false},
		"a value that is not, in a function":    {pgproto3.ErrorResponse{Code: "22P02", Routine: "pg_strtoint64_safe", Position: 34, Where: "SQL function f"}, true},
		"a cursor that is not there":            {pgproto3.ErrorResponse{Code: "34000", Routine: "PerformPortalFetch"}, false},
		"a value taken for a cursor":            {pgproto3.ErrorResponse{Code: "34000", Routine: "cursor_to_xml"}, true},
		"WHERE CURRENT OF a value":              {pgproto3.ErrorResponse{Code: "34000", Routine: "execCurrentOf"}, true},
		"a prepared statement":                  {pgproto3.ErrorResponse{Code: "26000", Routine: "FetchPreparedStatement"}, false},
		"no transaction to end":                 {pgproto3.ErrorResponse{Code: "25P01", Routine: "EndTransactionBlock", SeverityUnlocalized: "WARNING"}, false},
		"a warning with a borrowed state":       {pgproto3.ErrorResponse{Code: "25P01", Routine: "exec_stmt_raise", SeverityUnlocalized: "WARNING"}, true},
		"a column to drop that is not there":    {pgproto3.ErrorResponse{Code: "42703", Routine: "ATExecDropColumn"}, false},
		"a trigger to drop that is not there":   {pgproto3.ErrorResponse{Code: "42704", Routine: "get_trigger_oid"}, false},
		"what is skipped for it is not there":   {pgproto3.ErrorResponse{Code: "00000", Routine: "does_not_exist_skipping", SeverityUnlocalized: "NOTICE"}, false},
		"what is skipped for it is there":       {pgproto3.ErrorResponse{Code: "42P07", Routine: "index_create", SeverityUnlocalized: "NOTICE"}, false},
		"what a DO raises":                      {pgproto3.ErrorResponse{Code: "00000", Routine: "exec_stmt_raise", SeverityUnlocalized: "NOTICE", Where: "PL/pgSQL function inline_code_block line 3 at RAISE"}, false},
		"an ASSERT of a DO":                     {pgproto3.ErrorResponse{Code: "P0004", Routine: "exec_stmt_assert", Where: "PL/pgSQL function inline_code_block line 1 at ASSERT"}, false},
		"what a trigger raises in a DO":         {pgproto3.ErrorResponse{Code: "P0001", Routine: "exec_stmt_raise", Where: "PL/pgSQL function t() line 3 at RAISE\nSQL statement \"UPDATE x\"\nPL/pgSQL function inline_code_block line 3 at SQL statement"}, true},
		"what a function of such a name raises": {pgproto3.ErrorResponse{Code: "P0001", Routine: "exec_stmt_raise", Where: "PL/pgSQL function inline_code_block() line 3 at RAISE"}, true},
		"what fails in a RAISE":                 {pgproto3.ErrorResponse{Code: "22P02", Routine: "pg_strtoint32_safe", Where: "PL/pgSQL function inline_code_block line 3 at RAISE"}, true},
		"a notice":                              {pgproto3.ErrorResponse{Code: "00000", Routine: "exec_stmt_raise", SeverityUnlocalized: "NOTICE"}, true},
		"a view that is in the way":             {pgproto3.ErrorResponse{Code: "0A000", Routine: "RememberAllDependentForRebuilding"}, false},
		"objects that depend on it":             {pgproto3.ErrorResponse{Code: "2BP01", Routine: "reportDependentObjects"}, false},
		"a value that is not supported":         {pgproto3.ErrorResponse{Code: "0A000", Routine: "timestamptz_trunc_internal"}, true},
		"a missing right":                       {pgproto3.ErrorResponse{Code: "42501", Routine: "aclcheck_error"}, false},
		"RAISE with a borrowed state":           {pgproto3.ErrorResponse{Code: "42501", Routine: "exec_stmt_raise"}, true},
		"an error inside a function":            {pgproto3.ErrorResponse{Code: "42703", Routine: "errorMissingColumn", Where: "PL/pgSQL function f()"}, true},
		"an error without its routine":          {pgproto3.ErrorResponse{Code: "42703"}, true},
		"a cancellation":                        {pgproto3.ErrorResponse{Code: "57014", Routine: "ProcessInterrupts"}, false},
		"a state that is none at all":           {pgproto3.ErrorResponse{Code: "42", Routine: "x"}, true},
		"a notice with a borrowed state":        {pgproto3.ErrorResponse{Code: "42501", Routine: "x", SeverityUnlocalized: "NOTICE"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			m := c.message
			m.Message, m.Detail, m.Severity = "canary", "canary", "ERROR"
			if m.SeverityUnlocalized == "" {
				m.SeverityUnlocalized = "ERROR"
			}
			p, err := m.Encode(nil)
			if err != nil {
				t.Fatal(err)
			}
			out, err := diagnostic.AppendRedacted(nil, wire.ErrorResponse, p[wire.HeaderSize:], "p/m", nil)
			if err != nil {
				t.Fatal(err)
			}
			if shown := strings.Contains(string(out), "canary"); shown == c.withheld {
				t.Fatalf("withheld %v, want %v: %q", !shown, c.withheld, out)
			}
			if d, err := diagnostic.Read(out[wire.HeaderSize:]); err != nil || d.Code != m.Code {
				t.Fatalf("%+v, %v", d, err)
			}
		})
	}
}

func TestErrorsAboutConstraintsKeepTheirNamesAndLoseTheirRows(t *testing.T) {
	of := pgproto3.ErrorResponse{Severity: "ERROR", SeverityUnlocalized: "ERROR", Where: "canary", Hint: "canary", InternalQuery: "canary",
		SchemaName: "public", TableName: "people", ConstraintName: "people_email_key"}
	for name, c := range map[string]struct{ code, routine, message, detail, want string }{
		"a unique key": {"23505", "_bt_check_unique", `duplicate key value violates unique constraint "people_email_key"`,
			"Key (email)=(canary) already exists.", "Key (email)=(****) already exists."},
		"a unique key of an expression": {"23505", "_bt_check_unique", `duplicate key value violates unique constraint "people_email_key"`,
			"Key (lower(email), id)=(canary, 1) already exists.", "Key (lower(email), id)=(****) already exists."},
		"a unique key of which a value looks like one": {"23505", "_bt_check_unique", `duplicate key value violates unique constraint "people_email_key"`,
			"Key (email)=(a)=(canary) already exists.", "Key (email)=(****) already exists."},
		"a foreign key": {"23503", "ri_ReportViolation", `insert or update on table "people" violates foreign key constraint "people_email_key"`,
			`Key (email)=(canary) is not present in table "known".`, "The values are withheld, since the statement concerns masked columns."},
		"a CHECK": {"23514", "ExecConstraints", `new row for relation "people" violates check constraint "people_email_key"`,
			"Failing row contains (canary).", "The values are withheld, since the statement concerns masked columns."},
		"an exclusion": {"23P01", "check_exclusion_or_unique_constraint", `conflicting key value violates exclusion constraint "people_email_key"`,
			"Key (email)=(canary) conflicts with existing key (email)=(canary).", "The values are withheld, since the statement concerns masked columns."},
		"a detail in another language": {"23505", "_bt_check_unique", `doppelter Schlüsselwert verletzt Unique-Constraint »people_email_key«`,
			"Schlüssel »(email)=(canary)« existiert bereits.", "The values are withheld, since the statement concerns masked columns."},
	} {
		t.Run(name, func(t *testing.T) {
			m := of
			m.Code, m.Routine, m.Message, m.Detail = c.code, c.routine, c.message, c.detail
			p, err := m.Encode(nil)
			if err != nil {
				t.Fatal(err)
			}
			out, err := diagnostic.AppendRedacted(nil, wire.ErrorResponse, p[wire.HeaderSize:], "p/m", nil)
			if err != nil {
				t.Fatal(err)
			}
			var shown pgproto3.ErrorResponse
			if err := shown.Decode(out[wire.HeaderSize:]); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(out), "canary") || shown.Message != c.message || shown.Detail != c.want || shown.ConstraintName != of.ConstraintName || shown.TableName != of.TableName {
				t.Fatalf("%+v", shown)
			}
		})
	}
}
