package statement

import (
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// copy reads COPY. What COPY ... TO sends are outputs like a SELECT's.
func (w *walker) copy(s *pg_query.CopyStmt) {
	w.command(CommandCopy)
	c := &Copy{From: s.IsFrom, Target: "Client", Query: s.Query != nil, Format: "text"}
	switch {
	case s.IsProgram:
		c.Target = "Program"
	case s.Filename != "":
		c.Target = "File"
	}
	w.copyOptions(c, s.Options)
	w.st.Copy = c
	if s.Query != nil {
		sub := w.fork()
		sub.statement(s.Query)
		construct := ""
		if c.Target != "Client" {
			construct = "COPY TO a file or program"
		}
		w.merge(sub, construct)
		w.st.Shape, w.st.Outputs, w.st.Limit = sub.st.Shape, sub.st.Outputs, sub.st.Limit
		return
	}
	c.Columns = w.strings(s.Attlist)
	if len(c.Columns) == 0 {
		c.Columns = nil
	}
	r := s.Relation
	c.Schema, c.Table = r.GetSchemaname(), r.GetRelname()
	access := AccessRead
	if s.IsFrom {
		access = AccessWrite
	}
	w.table(Table{Schema: c.Schema, Name: c.Table, Access: []Access{access}, Top: true})
	w.st.Shape = Shape{Plain: true}
	w.relations = append(w.relations, c.Table)
	if s.IsFrom {
		for _, name := range c.Columns {
			w.column(Column{Name: name, Use: UseWrite, Construct: "COPY FROM"})
		}
		w.predicate(s.WhereClause, "WHERE", false)
		return
	}
	use := UseOutput
	if c.Target != "Client" {
		use = UseDerived
	}
	if c.Columns == nil {
		w.column(Column{Schema: c.Schema, Qualifier: c.Table, Star: true, Use: use, Construct: "COPY TO"})
		w.st.Outputs = append(w.st.Outputs, Output{Direct: true, Star: true, Schema: c.Schema, Qualifier: c.Table})
	}
	for _, name := range c.Columns {
		w.column(Column{Schema: c.Schema, Qualifier: c.Table, Name: name, Use: use, Construct: "COPY TO"})
		w.st.Outputs = append(w.st.Outputs, Output{Direct: true, Schema: c.Schema, Qualifier: c.Table, Name: name})
	}
}

func (w *walker) copyOptions(c *Copy, options []*pg_query.Node) {
	for _, n := range options {
		o := n.GetDefElem()
		if o == nil {
			w.unsupported(n)
			return
		}
		value := w.optionValue(o.Arg)
		if name := strings.ToLower(o.Defname); name == "format" {
			c.Format = value
		} else {
			c.Options = append(c.Options, CopyOption{Name: name, Value: value})
		}
	}
}

func (w *walker) optionValue(n *pg_query.Node) string {
	switch v := n.GetNode().(type) {
	case nil:
		return "true"
	case *pg_query.Node_List:
		parts := make([]string, 0, len(v.List.Items))
		for _, item := range v.List.Items {
			parts = append(parts, w.optionValue(item))
		}
		return strings.Join(parts, ",")
	case *pg_query.Node_AStar:
		return "*"
	}
	s, _ := w.constants.written(n)
	return s
}
