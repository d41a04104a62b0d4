package statement

import (
	"slices"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// set reads SET and RESET.
func (w *walker) set(s *pg_query.VariableSetStmt) {
	switch s.Kind {
	case pg_query.VariableSetKind_VAR_RESET, pg_query.VariableSetKind_VAR_RESET_ALL:
		w.command(CommandReset)
	default:
		w.command(CommandSet)
	}
	w.setting(s, ScopeSession)
}

// setting lists what a SET or RESET changes, which may stand in a definition.
func (w *walker) setting(s *pg_query.VariableSetStmt, scope Scope) {
	if s == nil {
		return
	}
	setting := Setting{Name: strings.ToLower(s.Name), Local: s.IsLocal, Scope: scope}
	switch s.Kind {
	case pg_query.VariableSetKind_VAR_SET_VALUE:
		setting.Value, setting.Known = w.settingValue(s.Args)
	case pg_query.VariableSetKind_VAR_SET_DEFAULT, pg_query.VariableSetKind_VAR_RESET:
		setting.Reset, setting.Known = true, true
	case pg_query.VariableSetKind_VAR_SET_CURRENT:
	case pg_query.VariableSetKind_VAR_SET_MULTI:
		w.transactionModes(s)
		return
	case pg_query.VariableSetKind_VAR_RESET_ALL:
		setting.Name, setting.Reset, setting.Known = "all", true, true
	default:
		w.fail(&UnsupportedError{"a SET of an unknown kind"})
		return
	}
	w.st.Settings = append(w.st.Settings, setting)
}

// transactionModes reads SET TRANSACTION and SET SESSION CHARACTERISTICS.
func (w *walker) transactionModes(s *pg_query.VariableSetStmt) {
	switch s.Name {
	case "TRANSACTION":
		w.modes(s.Args, "", true)
	case "SESSION CHARACTERISTICS":
		w.modes(s.Args, "default_", false)
	case "TRANSACTION SNAPSHOT":
		value, known := w.settingValue(s.Args)
		w.st.Settings = append(w.st.Settings, Setting{Name: "transaction_snapshot", Value: value, Known: known, Local: true})
	default:
		w.fail(&UnsupportedError{"SET " + s.Name})
	}
}

// modes reads the modes of a transaction as settings.
func (w *walker) modes(options []*pg_query.Node, prefix string, local bool) {
	for _, n := range options {
		option := n.GetDefElem()
		if option == nil {
			w.unsupported(n)
			return
		}
		value, known := w.settingValue([]*pg_query.Node{option.Arg})
		w.st.Settings = append(w.st.Settings, Setting{Name: prefix + option.Defname, Value: value, Known: known, Local: local})
	}
}

func (w *walker) transaction(s *pg_query.TransactionStmt) {
	command, ok := map[pg_query.TransactionStmtKind]Command{
		pg_query.TransactionStmtKind_TRANS_STMT_BEGIN:             CommandBegin,
		pg_query.TransactionStmtKind_TRANS_STMT_START:             CommandBegin,
		pg_query.TransactionStmtKind_TRANS_STMT_COMMIT:            CommandCommit,
		pg_query.TransactionStmtKind_TRANS_STMT_ROLLBACK:          CommandRollback,
		pg_query.TransactionStmtKind_TRANS_STMT_SAVEPOINT:         CommandSavepoint,
		pg_query.TransactionStmtKind_TRANS_STMT_RELEASE:           CommandRelease,
		pg_query.TransactionStmtKind_TRANS_STMT_ROLLBACK_TO:       CommandRollbackTo,
		pg_query.TransactionStmtKind_TRANS_STMT_PREPARE:           CommandPrepareTransaction,
		pg_query.TransactionStmtKind_TRANS_STMT_COMMIT_PREPARED:   CommandCommitPrepared,
		pg_query.TransactionStmtKind_TRANS_STMT_ROLLBACK_PREPARED: CommandRollbackPrepared,
	}[s.Kind]
	if !ok {
		w.fail(&UnsupportedError{"a transaction command of an unknown kind"})
		return
	}
	w.command(command)
	w.st.Chain = s.Chain
	w.modes(s.Options, "", true)
}

// settingValue writes a setting's value as PostgreSQL would. known is false where
// something in it is not a constant.
func (w *walker) settingValue(args []*pg_query.Node) (value string, known bool) {
	parts := make([]string, 0, len(args))
	for _, n := range args {
		s, ok := w.constants.written(n)
		if !ok {
			return "", false
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, ", "), true
}

func (w *walker) discard(s *pg_query.DiscardStmt) {
	w.command(CommandDiscard)
	if s.Target != pg_query.DiscardMode_DISCARD_ALL {
		return
	}
	w.st.Settings = append(w.st.Settings,
		Setting{Name: "session_authorization", Reset: true, Known: true},
		Setting{Name: "all", Reset: true, Known: true})
	w.st.Prepared = &Prepared{What: "Deallocate"}
	w.st.Cursor = &Cursor{What: "Close"}
}

// held reads the query of PREPARE, DECLARE or EXPLAIN as a statement of its own
// and takes its facts over.
func (w *walker) held(n *pg_query.Node) *Statement {
	sub := w.fork()
	sub.statement(n)
	w.merge(sub, "")
	w.st.Shape = sub.st.Shape
	return sub.st
}

func (w *walker) prepare(s *pg_query.PrepareStmt) {
	w.command(CommandPrepare)
	body := w.held(s.Query)
	w.st.Prepared = &Prepared{Name: s.Name, What: "Prepare", Body: body}
	// Values are converted to its parameters' types when it is executed.
	for _, n := range s.Argtypes {
		w.typeName(n.GetTypeName())
	}
	if body != nil && len(s.Argtypes) > 0 {
		body.Types = slices.Clone(w.st.Types)
	}
}

func (w *walker) execute(s *pg_query.ExecuteStmt) {
	w.command(CommandExecute)
	w.expressions(s.Params, UseDerived, "EXECUTE")
	w.st.Prepared = &Prepared{Name: s.Name, What: "Execute"}
}

func (w *walker) deallocate(s *pg_query.DeallocateStmt) {
	w.command(CommandDeallocate)
	w.st.Prepared = &Prepared{Name: s.Name, What: "Deallocate"}
}

// PostgreSQL's CURSOR_OPT_BINARY and CURSOR_OPT_HOLD (nodes/parsenodes.h).
const (
	cursorBinary = 0x0001
	cursorHold   = 0x0020
)

func (w *walker) declare(s *pg_query.DeclareCursorStmt) {
	w.command(CommandDeclare)
	w.st.Cursor = &Cursor{Name: s.Portalname, What: "Declare", Binary: s.Options&cursorBinary != 0,
		Hold: s.Options&cursorHold != 0, Body: w.held(s.Query)}
}

func (w *walker) fetch(s *pg_query.FetchStmt) {
	what := "Fetch"
	w.command(map[bool]Command{false: CommandFetch, true: CommandMove}[s.Ismove])
	if s.Ismove {
		what = "Move"
	}
	w.st.Cursor = &Cursor{Name: s.Portalname, What: what}
}

func (w *walker) closing(s *pg_query.ClosePortalStmt) {
	w.command(CommandClose)
	w.st.Cursor = &Cursor{Name: s.Portalname, What: "Close"}
}

// explain lists what is explained, whether ANALYZE runs it or not. EXPLAIN of an
// EXECUTE says which prepared statement.
func (w *walker) explain(s *pg_query.ExplainStmt) {
	w.command(CommandExplain)
	body := w.held(s.Query)
	if body.Prepared != nil && body.Prepared.What == "Execute" {
		w.st.Prepared = body.Prepared
	}
	w.st.Planned = true
	for _, n := range s.Options {
		option := n.GetDefElem()
		w.expression(option.GetArg(), UseDerived, "EXPLAIN")
		if option.GetDefname() == "analyze" && w.mayBeOn(option.GetArg()) {
			w.st.Planned = false
		}
	}
}

// mayBeOn says whether an option is not clearly off (defGetBoolean of
// commands/define.c).
func (w *walker) mayBeOn(n *pg_query.Node) bool {
	if n.GetNode() == nil {
		return true
	}
	value, known := w.constants.written(n)
	if !known {
		return true
	}
	switch strings.ToLower(value) {
	case "false", "off", "0":
		return false
	}
	return true
}
