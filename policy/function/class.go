package function

import (
	_ "embed" // for the list of harmless functions
	"strings"
	"sync"
)

// Class says what a function reaches beyond its arguments.
type Class string

// The classes. A function that reaches several is of the first of them.
const (
	Harmless      Class = "Harmless"      // nothing but the catalog, the session's own state and counters
	SQL           Class = "SQL"           // runs or plans SQL that it is given as text
	Databases     Class = "Databases"     // other databases or servers
	Files         Class = "Files"         // the server's files
	Tables        Class = "Tables"        // tables whose names it is given, or all
	LargeObjects  Class = "LargeObjects"  // large objects
	Statistics    Class = "Statistics"    // values of columns, kept in statistics or pages
	Sessions      Class = "Sessions"      // other sessions: their statements, their end
	Settings      Class = "Settings"      // settings of the session
	Sequences     Class = "Sequences"     // sequences
	Replication   Class = "Replication"   // the log of changes, replication slots and origins
	Server        Class = "Server"        // the server as a whole: its configuration, logs, backups, counters
	Catalog       Class = "Catalog"       // changes the catalog or indexes
	Notifications Class = "Notifications" // tells other sessions something
	Locks         Class = "Locks"         // takes or releases advisory locks
	Time          Class = "Time"          // waits
)

// Classes lists every class.
func Classes() []Class {
	return []Class{
		Harmless, SQL, Databases, Files, Tables, LargeObjects, Statistics, Sessions, Settings, Sequences, Replication, Server,
		Catalog, Notifications, Locks, Time,
	}
}

// Entry is what is known of a function.
type Entry struct {
	Class Class
	// Reason completes a sentence that starts with the function's name, "reads the
	// server's files"; "" for a harmless one.
	Reason string
}

//go:embed harmless.txt
var harmlessText string

//go:embed reaching.txt
var reachingText string

// harmless holds the names of harmless.txt.
var harmless = sync.OnceValue(func() map[string]struct{} {
	names := make(map[string]struct{}, 3000)
	for _, name := range listed(harmlessText) {
		names[name] = struct{}{}
	}
	return names
})

// listed gives the names of a list.
func listed(text string) []string {
	var names []string
	for line := range strings.Lines(text) {
		if name := strings.TrimSpace(line); name != "" && name[0] != '#' {
			names = append(names, name)
		}
	}
	return names
}

// Names are the functions of pg_catalog: the harmless ones of every version, and
// those of PostgreSQL 15 that reach something.
func Names() []string { return append(listed(harmlessText), listed(reachingText)...) }

// BuiltIn says what a call of a function of pg_catalog with so many arguments does;
// -1 where their number is not known. known is false for one that no version of
// PostgreSQL up to 18 has: it may do anything.
func BuiltIn(name string, arguments int) (e Entry, known bool) {
	if e, ok := reaching(name, arguments); ok {
		return e, true
	}
	if _, ok := harmless()[name]; ok || Grammatical(name) {
		return Entry{Class: Harmless}, true
	}
	return Entry{}, false
}

// Grammatical says whether the grammar has a word of its own for what a call names,
// so that pg_proc need not have it (SQLValueFunction in nodes/primnodes.h).
func Grammatical(name string) bool {
	switch name {
	case "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp",
		"current_role", "current_user", "user", "session_user", "current_catalog", "current_schema":
		return true
	}
	return false
}
