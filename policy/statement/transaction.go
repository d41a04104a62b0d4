package statement

// InTransaction says whether the client is in a transaction block behind the
// statement, where it was in one before it or not and the statement ends without an
// error. (PostgreSQL 16, "SQL Commands": COMMIT and ROLLBACK, AND CHAIN.)
func (s *Statement) InTransaction(before bool) bool {
	switch s.Command {
	case CommandBegin:
		return true
	case CommandCommit, CommandRollback, CommandPrepareTransaction:
		return before && s.Chain
	}
	return before
}
