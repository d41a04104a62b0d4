package statement

// The commands. A name covers every object that the command can be about: Drop
// is DROP TABLE, DROP OWNED, DROP DATABASE and all others; Alter includes
// renames and changes of owner or schema.
const (
	CommandSelect   Command = "Select" // also VALUES and TABLE
	CommandInsert   Command = "Insert"
	CommandUpdate   Command = "Update" // also the DO UPDATE of an INSERT
	CommandDelete   Command = "Delete"
	CommandMerge    Command = "Merge" // its actions are listed as Insert, Update and Delete besides
	CommandCopy     Command = "Copy"
	CommandTruncate Command = "Truncate"
	CommandLock     Command = "Lock"

	CommandCreate        Command = "Create" // also CREATE TABLE AS and SELECT INTO
	CommandAlter         Command = "Alter"  // also ALTER SYSTEM; REASSIGN OWNED is listed as both
	CommandDrop          Command = "Drop"   // also DROP OWNED; ALTER TABLE ... DROP COLUMN is listed as both
	CommandImport        Command = "Import" // IMPORT FOREIGN SCHEMA
	CommandComment       Command = "Comment"
	CommandSecurityLabel Command = "SecurityLabel"
	CommandRefresh       Command = "Refresh"
	CommandGrant         Command = "Grant"
	CommandRevoke        Command = "Revoke"
	CommandReassign      Command = "Reassign" // REASSIGN OWNED

	CommandBegin              Command = "Begin"    // also START TRANSACTION
	CommandCommit             Command = "Commit"   // also END
	CommandRollback           Command = "Rollback" // also ABORT
	CommandRollbackTo         Command = "RollbackTo"
	CommandSavepoint          Command = "Savepoint"
	CommandRelease            Command = "Release"
	CommandPrepareTransaction Command = "PrepareTransaction"
	CommandCommitPrepared     Command = "CommitPrepared"
	CommandRollbackPrepared   Command = "RollbackPrepared"
	CommandSet                Command = "Set" // also SET CONSTRAINTS and SET TRANSACTION
	CommandReset              Command = "Reset"
	CommandShow               Command = "Show"
	CommandDiscard            Command = "Discard"
	CommandPrepare            Command = "Prepare"
	CommandExecute            Command = "Execute"
	CommandDeallocate         Command = "Deallocate"
	CommandDeclare            Command = "Declare"
	CommandFetch              Command = "Fetch"
	CommandMove               Command = "Move"
	CommandClose              Command = "Close"
	CommandListen             Command = "Listen"
	CommandUnlisten           Command = "Unlisten"
	CommandNotify             Command = "Notify"
	CommandExplain            Command = "Explain" // the explained command is listed besides, with ANALYZE or without
	CommandDo                 Command = "Do"
	CommandCall               Command = "Call"
	CommandVacuum             Command = "Vacuum"
	CommandAnalyze            Command = "Analyze"
	CommandCluster            Command = "Cluster"
	CommandReindex            Command = "Reindex"
	CommandCheckpoint         Command = "Checkpoint"
	CommandLoad               Command = "Load"
)

// All lists every command. A command's place in the list is its number on the
// pipe between worker and daemon, which are one binary.
func All() []Command {
	return []Command{
		CommandSelect, CommandInsert, CommandUpdate, CommandDelete, CommandMerge, CommandCopy, CommandTruncate, CommandLock,
		CommandCreate, CommandAlter, CommandDrop, CommandImport, CommandComment, CommandSecurityLabel, CommandRefresh, CommandGrant, CommandRevoke, CommandReassign,
		CommandBegin, CommandCommit, CommandRollback, CommandRollbackTo, CommandSavepoint, CommandRelease, CommandPrepareTransaction, CommandCommitPrepared, CommandRollbackPrepared,
		CommandSet, CommandReset, CommandShow, CommandDiscard,
		CommandPrepare, CommandExecute, CommandDeallocate, CommandDeclare, CommandFetch, CommandMove, CommandClose,
		CommandListen, CommandUnlisten, CommandNotify, CommandExplain, CommandDo, CommandCall,
		CommandVacuum, CommandAnalyze, CommandCluster, CommandReindex, CommandCheckpoint, CommandLoad,
	}
}

// Known says whether a policy document may name this command. The spelling is
// exact.
func Known(name string) (Command, bool) {
	for _, c := range All() {
		if string(c) == name {
			return c, true
		}
	}
	return "", false
}
