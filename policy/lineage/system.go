package lineage

import (
	"fmt"
	"slices"

	"github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/statement"
)

// system refuses changes of PostgreSQL's own catalogs by hand: a column that is renamed
// there, or an operator that gets another function, is from under its mask.
func (j *judgement) system() bool {
	changes := slices.ContainsFunc(j.st.Commands, func(c statement.Command) bool {
		switch c {
		case statement.CommandInsert, statement.CommandUpdate, statement.CommandDelete, statement.CommandMerge,
			statement.CommandCopy, statement.CommandTruncate, statement.CommandDo:
			return true
		}
		return false
	})
	for i := range j.st.Tables {
		t := &j.st.Tables[i]
		if !changes || !slices.Contains(t.Access, statement.AccessWrite) {
			continue
		}
		own := t.Schema == "pg_catalog" || t.Schema == "" && slices.ContainsFunc(j.snapshot.Named("", t.Name), ofPostgreSQL)
		if !own {
			continue
		}
		return j.refuse("a change of pg_catalog."+t.Name, "pg_catalog."+t.Name, builtInRule,
			fmt.Sprintf("%s is one of PostgreSQL's own catalogs and is not changed by hand here, since columns of this database are masked for you", t.Name),
			"It could give another meaning to what is allowed. Masked are: "+j.sample()+".", "Use the commands that are meant for it, such as ALTER, COMMENT or SET.")
	}
	return true
}

func ofPostgreSQL(r *catalog.Relation) bool { return r.Schema == "pg_catalog" }

// outside refuses a COPY from what the server reads elsewhere: its files hold all tables,
// and a program can ask it for anything.
func (j *judgement) outside() bool {
	c := j.st.Copy
	if c == nil || c.Target != "Program" && (c.Target != "File" || !c.From) {
		return true
	}
	what, where := "COPY FROM a file", "Files of the server hold the values of all tables."
	if c.Target == "Program" {
		what, where = "COPY with a program", "A program can read all tables."
	}
	return j.refuse(what, "", builtInRule, what+" is refused, since columns of this database are masked for you", where+" Masked are: "+j.sample()+".",
		`Use COPY FROM STDIN or TO STDOUT, in psql \copy.`)
}
