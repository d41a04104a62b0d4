package diagnostic

import (
	"strconv"
	"strings"

	"github.com/jackc/pgproto3/v2"

	"github.com/weirgate/weir/proxy/wire"
)

// Severity is the level of a message, as PostgreSQL spells it.
type Severity string

// The severities that weir uses. Error ends a statement, Fatal the session.
const (
	Error   Severity = "ERROR"
	Fatal   Severity = "FATAL"
	Warning Severity = "WARNING"
	Notice  Severity = "NOTICE"
)

// SQLSTATE codes (appendix A of PostgreSQL's documentation).
const (
	ConnectionFailure        = "08006"
	ConnectionDoesNotExist   = "08003"
	UnableToConnect          = "08001"
	ProtocolViolation        = "08P01"
	FeatureNotSupported      = "0A000"
	UntranslatableCharacter  = "22P05"
	CharacterNotInRepertoire = "22021"
	InvalidParameterValue    = "22023"
	ActiveTransaction        = "25001"
	InvalidAuthorization     = "28000"
	InvalidPassword          = "28P01"
	InvalidCatalogName       = "3D000"
	InsufficientPrivilege    = "42501"
	SyntaxError              = "42601"
	UndefinedColumn          = "42703"
	UndefinedFunction        = "42883"
	ReservedName             = "42939"
	ProgramLimitExceeded     = "54000"
	StatementTooComplex      = "54001"
	OutOfMemory              = "53200"
	TooManyConnections       = "53300"
	QueryCanceled            = "57014"
	AdminShutdown            = "57P01"
	CannotConnectNow         = "57P03"
	IdleSessionTimeout       = "57P05"
	ConfigFileError          = "F0000"

	IdleInTransactionSessionTimeout = "25P03"
	IOError                         = "58030"
	InternalError                   = "XX000"
)

// Diagnostic is one error or notice.
type Diagnostic struct {
	Severity Severity
	Code     string // SQLSTATE
	Message  string
	Detail   string // "" for none
	Hint     string // "" for none
	Position int    // in characters from 1, 0 for none
}

// Error makes a Diagnostic an error.
func (d *Diagnostic) Error() string {
	return string(d.Severity) + ": " + d.Message + " (SQLSTATE " + d.Code + ")"
}

// AsFatal is the same with severity FATAL.
func (d *Diagnostic) AsFatal() *Diagnostic {
	f := *d
	f.Severity = Fatal
	return &f
}

// Append appends the ErrorResponse or NoticeResponse to dst.
func (d *Diagnostic) Append(dst []byte) []byte {
	typ := byte(wire.ErrorResponse)
	if d.Severity == Notice || d.Severity == Warning {
		typ = wire.NoticeResponse
	}
	return appendMessage(dst, typ, &pgproto3.ErrorResponse{
		Severity: string(d.Severity), SeverityUnlocalized: string(d.Severity), Code: d.Code,
		Message: text(d.Message), Detail: text(d.Detail), Hint: text(d.Hint), Position: int32(d.Position),
	})
}

// appendMessage appends the fields as a message of type typ: a notice has the
// form of an error.
func appendMessage(dst []byte, typ byte, m *pgproto3.ErrorResponse) []byte {
	at := len(dst)
	out, err := m.Encode(dst)
	if err != nil { // longer than a message can be: none of weir's texts is
		out, _ = (&pgproto3.ErrorResponse{Severity: m.Severity, SeverityUnlocalized: m.SeverityUnlocalized, Code: m.Code}).Encode(dst)
	}
	out[at] = typ
	return out
}

// text makes a text fit for a field, which a NUL would end early.
func text(s string) string { return strings.ReplaceAll(s, "\x00", " ") }

// Read decodes the body of an ErrorResponse or NoticeResponse that the server
// sent, as far as weir uses it.
func Read(body []byte) (Diagnostic, error) {
	m, err := read(body)
	if err != nil {
		return Diagnostic{}, err
	}
	d := Diagnostic{
		Severity: Severity(m.SeverityUnlocalized), Code: m.Code, Message: m.Message, Detail: m.Detail, Hint: m.Hint,
		Position: int(m.Position),
	}
	if d.Severity == "" { // before PostgreSQL 9.6
		d.Severity = Severity(m.Severity)
	}
	return d, nil
}

func read(body []byte) (*pgproto3.ErrorResponse, error) {
	m := new(pgproto3.ErrorResponse)
	if err := m.Decode(body); err != nil {
		return nil, wire.Violationf("malformed error or notice")
	}
	return m, nil
}

// AppendRedacted appends the error or notice whose body is given without texts
// that may hold masked values: with severity and SQLSTATE only, unless it is of a
// kind whose texts name objects and never values. Those are as censor gives them, nil
// for as they are.
func AppendRedacted(dst []byte, typ byte, body []byte, rule string, censor func(string) string) ([]byte, error) {
	m, err := read(body)
	if err != nil {
		return dst, err
	}
	shown := &pgproto3.ErrorResponse{Severity: m.Severity, SeverityUnlocalized: m.SeverityUnlocalized, Code: text(m.Code)}
	if valueless(m) {
		shown.Message, shown.Detail, shown.Hint, shown.Position, shown.Where = m.Message, m.Detail, m.Hint, m.Position, m.Where
		if censor != nil {
			shown.Message, shown.Detail, shown.Hint = censor(m.Message), censor(m.Detail), censor(m.Hint)
		}
		return appendMessage(dst, typ, shown), nil
	}
	if ofConstraint(m) {
		shown.Message, shown.Detail = m.Message, keyWithout(m)
		shown.SchemaName, shown.TableName, shown.ColumnName = m.SchemaName, m.TableName, m.ColumnName
		shown.DataTypeName, shown.ConstraintName = m.DataTypeName, m.ConstraintName
		if censor != nil {
			shown.Message, shown.Detail = censor(shown.Message), censor(shown.Detail)
			shown.DataTypeName, shown.ConstraintName = censor(shown.DataTypeName), censor(shown.ConstraintName)
		}
		return appendMessage(dst, typ, shown), nil
	}
	shown.Message = "the text of this message is withheld, since the statement concerns masked columns"
	shown.Hint = "SQLSTATE " + shown.Code + " says what kind of error it is. The mask is " + rule + "."
	return appendMessage(dst, typ, shown), nil
}

// QuotesRow says whether an error quotes a row of a table: one of a NOT NULL, a CHECK or a
// partition's bounds, or of the WITH CHECK OPTION of a view.
func QuotesRow(body []byte) bool {
	m, err := read(body)
	return err != nil || m.Code == "23502" || m.Code == "23514" || m.Code == "44000"
}

// AppendWithoutRow appends the error whose body is given without the row that it quotes.
func AppendWithoutRow(dst []byte, typ byte, body []byte) ([]byte, error) {
	m, err := read(body)
	if err != nil {
		return dst, err
	}
	if m.Detail != "" {
		m.Detail = "The row is withheld, since a guard is about reading the table."
	}
	return appendMessage(dst, typ, m), nil
}

// AppendCensored appends the error or notice whose body is given with its texts
// as censor gives them.
func AppendCensored(dst []byte, typ byte, body []byte, censor func(string) string) ([]byte, error) {
	m, err := read(body)
	if err != nil {
		return dst, err
	}
	for _, text := range []*string{&m.Message, &m.Detail, &m.Hint, &m.InternalQuery, &m.Where, &m.ConstraintName, &m.DataTypeName} {
		if *text != "" {
			*text = censor(*text)
		}
	}
	return appendMessage(dst, typ, m), nil
}

// AppendMoved appends the error or notice whose body is given, with its place in the text
// of the statement further behind by so many characters.
func AppendMoved(dst []byte, typ byte, body []byte, by int) ([]byte, error) {
	m, err := read(body)
	if err != nil {
		return dst, err
	}
	if m.Position > 0 {
		m.Position += int32(by)
	}
	return appendMessage(dst, typ, m), nil
}

// valueless says whether an error's texts hold no values of rows: it is about
// names in the statement (class 42, with a place in its text) and rights, a transaction's state, a cancellation, or the
// server's resources, and the server itself has raised it. PL/pgSQL's RAISE can
// take any SQLSTATE and any text; the routine that the server names is then
// exec_stmt_raise (pl_exec.c).
func valueless(m *pgproto3.ErrorResponse) bool {
	if m.Routine == "" || len(m.Code) != 5 || m.Severity == "" {
		return false
	}
	if raisedInDo(m) {
		return true
	}
	if m.Routine == "exec_stmt_raise" || m.Where != "" {
		return false
	}
	notice := m.SeverityUnlocalized == "NOTICE" || m.SeverityUnlocalized == "WARNING"
	switch m.Code[:2] {
	case "00":
		return m.SeverityUnlocalized == "NOTICE" && ofNames(m.Routine)
	case "22":
		// A literal that is not of its type. Only the analysis of the statement's own
		// text gives a place in that (parser_errposition), before any row is read.
		return m.Position > 0 && !notice
	case "26", "34":
		return !notice && ofNames(m.Routine)
	case "42":
		// Without a place in the text it may be about a value that was taken for a
		// name or a format, such as that of a cast to regclass.
		if notice {
			return m.SeverityUnlocalized == "NOTICE" && ofDefinitions(m.Code) && ofNames(m.Routine)
		}
		return m.Position > 0 || ofDefinitions(m.Code) || ofNames(m.Routine)
	case "0A", "2B":
		return !notice && ofDependencies(m.Routine)
	case "25":
		return !notice || ofNames(m.Routine)
	case "40", "53", "55", "57":
		return !notice
	}
	return false
}

// ofConstraint says whether an error is about a constraint, and its message and fields
// name that, tables and columns, and nothing else: the row and the key are its detail, and
// where it happened its context. The routines are those that hold rows against constraints
// (nbtinsert.c, execIndexing.c, tuplesort.c and tuplesortvariants.c, ri_triggers.c,
// execMain.c, execPartition.c, execExprInterp.c, tablecmds.c).
func ofConstraint(m *pgproto3.ErrorResponse) bool {
	if m.Severity == "" || m.SeverityUnlocalized == "NOTICE" || m.SeverityUnlocalized == "WARNING" {
		return false
	}
	switch m.Routine {
	case "_bt_check_unique", "comparetup_index_btree", "comparetup_index_btree_tiebreak":
		return m.Code == "23505"
	case "check_exclusion_or_unique_constraint":
		return m.Code == "23505" || m.Code == "23P01"
	case "ri_ReportViolation":
		return m.Code == "23503" || m.Code == "23001"
	case "ExecConstraints", "ExecEvalConstraintNotNull", "ExecEvalConstraintCheck", "ATRewriteTable":
		return m.Code == "23502" || m.Code == "23514"
	case "ReportNotNullViolationError":
		return m.Code == "23502"
	case "ExecPartitionCheckEmitError", "ExecFindPartition":
		return m.Code == "23514"
	case "ExecWithCheckOptions":
		return m.Code == "44000"
	}
	return false
}

// keyWithout is the detail of an error about a constraint without values: mappers read the
// columns of a unique key from it. What stands in front of them is the definition of the
// index.
func keyWithout(m *pgproto3.ErrorResponse) string {
	if m.Detail == "" {
		return ""
	}
	if m.Code == "23505" {
		if key, _, ok := strings.Cut(m.Detail, ")=("); ok && strings.HasPrefix(key, "Key (") {
			return key + ")=(****) already exists."
		}
	}
	return "The values are withheld, since the statement concerns masked columns."
}

// raisedInDo says whether a DO has raised it by its own RAISE or ASSERT, and not what that
// has called or set off: their lines would stand in the context, too. A DO into which masked
// values could get was refused before.
func raisedInDo(m *pgproto3.ErrorResponse) bool {
	at, ok := strings.CutPrefix(m.Where, "PL/pgSQL function inline_code_block line ")
	if !ok || m.Routine != "exec_stmt_raise" && m.Routine != "exec_stmt_assert" {
		return false
	}
	at, raise := strings.CutSuffix(at, " at RAISE")
	at, assert := strings.CutSuffix(at, " at ASSERT")
	_, err := strconv.ParseUint(at, 10, 32)
	return err == nil && raise != assert
}

// ofNames names routines of the server's whose messages of these classes hold names that
// the statement has, and nothing else: those that look for cursors and prepared statements
// (portalcmds.c, prepare.c), begin and end transactions (xact.c), and change or drop parts
// of a relation (tablecmds.c, trigger.c, dropcmds.c, parse_utilcmd.c).
func ofNames(routine string) bool {
	switch routine {
	case "PerformPortalFetch", "PerformPortalClose", "FetchPreparedStatement",
		"BeginTransactionBlock", "EndTransactionBlock", "UserAbortTransactionBlock",
		"ATExecAddColumn", "ATExecDropColumn", "ATExecDropConstraint", "ATExecSetNotNull", "ATExecColumnDefault", "ATExecAlterColumnType",
		"ATPrepAlterColumnType", "check_for_column_name_collision", "renameatt_internal", "get_trigger_oid", "get_relation_constraint_oid",
		"does_not_exist_skipping", "DropErrorMsgNonExistent", "index_create", "transformCreateStmt", "heap_create_with_catalog":
		return true
	}
	return false
}

// ofDependencies names the routines that say what stands in the way of a change or a DROP,
// and name objects alone (tablecmds.c, dependency.c).
func ofDependencies(routine string) bool {
	switch routine {
	case "ATExecAlterColumnType", "RememberAllDependentForRebuilding", "reportDependentObjects":
		return true
	}
	return false
}

// ofDefinitions says whether a code of class 42 is about rights, or something that is
// defined twice: values are not among these.
func ofDefinitions(code string) bool {
	switch code {
	case InsufficientPrivilege, duplicateObject, "42701", "42723", "42P03", "42P04", "42P05", "42P06", "42P07", "42P16":
		return true
	}
	return false
}
