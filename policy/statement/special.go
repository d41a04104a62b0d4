package statement

import (
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/weirgate/weir/policy/function"
)

// special reads the functions that do something which SQL has a command for. A
// module's functions may stand in any schema.
func (w *walker) special(f Function, args []*pg_query.Node) {
	switch {
	case f.Name == "set_config" && (f.Schema == "" || f.Schema == "pg_catalog"):
		w.setConfig(args)
	case strings.HasPrefix(f.Name, "dblink"), f.Schema == "cron":
		w.st.Dynamic = true
	default:
		switch function.Tells(f.Name) {
		case function.ToldText:
			w.givenText(args)
		case function.ToldRelation:
			w.givenRelation(args)
		case function.ToldNothing:
			w.st.Dynamic = true
		}
	}
}

// setConfig reads set_config(setting_name, new_value, is_local). A name that is not
// constant may be any.
func (w *walker) setConfig(args []*pg_query.Node) {
	s := Setting{}
	for i, a := range args {
		name := ""
		if i < 3 {
			name = []string{"setting_name", "new_value", "is_local"}[i]
		}
		if named := a.GetNamedArgExpr(); named != nil {
			name, a = named.Name, named.Arg
		}
		switch name {
		case "setting_name":
			if text, ok := w.constants.folded(a); ok {
				s.Name = strings.ToLower(text)
			}
		case "new_value":
			s.Value, s.Known = w.constants.folded(a)
		case "is_local":
			s.Local = w.truthOf(a) == alwaysTrue
		}
	}
	s.Local = s.Local && s.Name != ""
	if !s.Known {
		s.Value = ""
	}
	w.st.Settings = append(w.st.Settings, s)
}

func (w *walker) truthOf(n *pg_query.Node) truth {
	if cast := n.GetTypeCast(); cast != nil {
		n = cast.Arg
	}
	if v := n.GetAConst(); v != nil {
		return w.constants.truth(v)
	}
	return unknownConstant
}

// givenText reads every constant text among the arguments that parses as SQL. A
// call in which none does, or which has other arguments that may be the text,
// runs what is not known.
func (w *walker) givenText(args []*pg_query.Node) {
	if w.shallow {
		return
	}
	read := false
	for _, a := range args {
		if s, ok := w.constants.folded(a); ok {
			if w.foreignText(s) {
				read = true
			}
			continue
		}
		if !isConstant(a) || a.GetParamRef() != nil || a.GetTypeCast().GetArg().GetParamRef() != nil {
			w.st.Dynamic = true
			return
		}
	}
	w.st.Dynamic = w.st.Dynamic || !read
}

func (w *walker) givenRelation(args []*pg_query.Node) {
	if len(args) == 0 {
		return
	}
	name, ok := w.constants.folded(args[0])
	if !ok {
		w.st.Dynamic = true
		return
	}
	parts, ok := splitName(name)
	if !ok {
		w.st.Dynamic = true
		return
	}
	w.named(parts, AccessRead)
	w.column(Column{Qualifier: parts[len(parts)-1], Star: true, Use: UseDerived, Construct: "a function that reads a relation by name"})
}

// splitName takes apart the text of a name such as public."Order Lines".
func splitName(text string) ([]string, bool) {
	var parts []string
	for {
		text = strings.TrimLeft(text, " \t\r\n")
		var part string
		if strings.HasPrefix(text, `"`) {
			end, ends := pastQuote(text, 1, '"', false)
			if !ends {
				return nil, false
			}
			part, text = strings.ReplaceAll(text[1:end-1], `""`, `"`), text[end:]
		} else {
			end := 0
			for end < len(text) && isIdentPart(text[end]) {
				end++
			}
			part, text = strings.ToLower(text[:end]), text[end:]
		}
		if part == "" {
			return nil, false
		}
		parts = append(parts, part)
		text = strings.TrimLeft(text, " \t\r\n")
		if text == "" {
			return parts, true
		}
		if text[0] != '.' {
			return nil, false
		}
		text = text[1:]
	}
}
