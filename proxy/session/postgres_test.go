package session_test

import (
	"fmt"
	"strings"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// postgres is a small PostgreSQL: it knows no data, but follows the rules of
// postgres.c for names, transactions, skipping after errors and copy-in mode.
//
// Its language has statements of one word and its arguments, parted by
// semicolons: sel (one row), many (three), sec (rows of a masked column), exp
// (rows of a masked column without their origin), ins, del, bad, intx, err,
// errsec (an error that shows a masked value), deferr (the same at the end of the
// transaction), copyin, copyout, set, begin and the like, prepare NAME STATEMENT,
// execute NAME, declare NAME STATEMENT, fetch NAME, ...
type postgres struct {
	in, out, sent []byte
	tx            byte
	implicit      bool // a transaction that extended messages began
	deferred      bool // its end will fail
	statements    map[string]*held
	portals       map[string]*run
	saved         map[string]*run // portals at the savepoint, nil for none
	skip, dead    bool
	depth         int // of EXECUTEs inside each other
	copy          *copyRun

	// executed is told of everything that is executed: the text that was asked
	// for, the run that it is part of, and the statement itself.
	executed func(text string, r *run, st sentence)
}

// sentence is one statement.
type sentence struct{ verb, name, rest string }

// held is a prepared statement.
type held struct {
	text string // what its execution is on record as
	all  []sentence
}

// run is a portal, or a Query.
type run struct {
	text string
	st   sentence
	rows [][2]string // value and origin
	done bool        // has run to its end
	sql  string      // the name of a cursor that SQL has declared
	read bool        // rows were made
}

// copyRun is a COPY from the client that is going on.
type copyRun struct {
	extended bool
	run      *run
	rest     []sentence
}

type pgError struct{ code, text string }

const secret = "SECRET"

func newPostgres() *postgres {
	return &postgres{tx: 'I', statements: map[string]*held{}, portals: map[string]*run{}, executed: func(string, *run, sentence) {}}
}

func readSentences(text string) []sentence {
	var all []sentence
	for _, one := range strings.Split(text, ";") {
		f := strings.Fields(one)
		if len(f) == 0 || f[0] == "--" {
			continue
		}
		s := sentence{verb: f[0]}
		switch s.verb {
		case "prepare", "declare", "execute", "fetch", "deallocate", "close", "EXECUTE":
			if len(f) > 1 {
				s.name = strings.Trim(f[1], `"`)
				s.rest = strings.Join(f[2:], " ")
			}
			s.verb = strings.ToLower(s.verb)
		case "FETCH":
			s.verb, s.name = "fetch", strings.Trim(f[3], `"`)
		case "SELECT": // a function's call
			s.verb = map[string]string{"pg_catalog.lo_unlink($1)": "del", "pg_catalog.lo_create($1)": "bad"}[f[1]]
			if s.verb == "" {
				s.verb = "sel"
			}
		default:
			s.rest = strings.Join(f[1:], " ")
		}
		all = append(all, s)
	}
	return all
}

func cut(name string) string { return name[:min(len(name), 63)] }

func (p *postgres) reply(typ byte, body string) { p.out = append(p.out, frame(typ, body)...) }

func (p *postgres) flush() { p.sent, p.out = append(p.sent, p.out...), nil }

func (p *postgres) ready() {
	p.out = wire.AppendReadyForQuery(p.out, p.tx)
	p.flush()
}

// step reads one message; false when there is none.
func (p *postgres) step() bool {
	h, ok, err := wire.ReadHeader(p.in)
	if err != nil {
		panic(fmt.Sprintf("the server got a broken frame: %q", p.in[:min(len(p.in), 40)]))
	}
	if p.dead || !ok || len(p.in) < h.Size {
		return false
	}
	body := string(p.in[wire.HeaderSize:h.Size])
	p.in = p.in[h.Size:]
	if p.copy != nil {
		p.copyMessage(h.Type, body)
		return true
	}
	if h.Type == wire.Terminate {
		p.dead = true
		return true
	}
	if h.Type == wire.Sync {
		p.skip = false
	}
	if p.skip {
		return true
	}
	switch h.Type {
	case wire.Query:
		p.query(strings.TrimSuffix(body, "\x00"))
	case wire.FunctionCall:
		if e := p.function(body); e != nil {
			p.fail(e, false)
		}
		p.ready()
	case wire.Sync:
		if p.implicit {
			if e := p.end(true); e != nil {
				p.fail(e, false)
			}
		}
		p.ready()
	case wire.Flush:
		p.flush()
	case wire.CopyData, wire.CopyDone, wire.CopyFail:
	default:
		if p.tx == 'I' {
			p.implicit = true
		}
		if e := p.extended(h.Type, body); e != nil {
			p.fail(e, true)
		}
	}
	return true
}

func (p *postgres) fail(e *pgError, extended bool) {
	p.out = (&diagnostic.Diagnostic{Severity: diagnostic.Error, Code: e.code, Message: e.text}).Append(p.out)
	if extended {
		p.skip = true
	}
	if p.tx == 'T' {
		p.tx = 'E'
	}
	if p.tx == 'I' {
		_ = p.end(false)
	}
	p.flush()
}

// end ends the transaction.
func (p *postgres) end(commit bool) *pgError {
	failed := commit && p.deferred
	p.tx, p.implicit, p.deferred, p.saved = 'I', false, false, nil
	clear(p.portals)
	if failed {
		return &pgError{"23505", "Key (ssn)=(" + secret + ") already exists."}
	}
	return nil
}

func (p *postgres) query(text string) {
	delete(p.statements, "")
	all := readSentences(text)
	if len(all) == 0 {
		p.reply('I', "")
	} else {
		delete(p.portals, "")
	}
	p.sentences(&run{text: text}, all)
}

// sentences executes what is left of a Query.
func (p *postgres) sentences(r *run, all []sentence) {
	for i, st := range all {
		r.st, r.rows, r.read = st, nil, false
		copying, e := p.execute(r, st)
		if copying {
			p.copy = &copyRun{run: r, rest: all[i+1:]}
			return
		}
		if e == nil {
			tag := p.tag(st)
			if r.read {
				p.description(r)
				p.rows(r, 0)
			}
			if i == len(all)-1 && p.tx == 'I' {
				e = p.end(true)
			}
			if e == nil {
				p.reply('C', tag+"\x00")
			}
		}
		if e != nil {
			p.fail(e, false)
			break
		}
	}
	if len(all) == 0 && p.tx == 'I' {
		if e := p.end(true); e != nil {
			p.fail(e, false)
		}
	}
	p.ready()
}

func (p *postgres) tag(st sentence) string {
	switch st.verb {
	case "close":
		return "CLOSE CURSOR"
	case "declare":
		return "DECLARE CURSOR"
	case "rollbackto":
		return "ROLLBACK"
	case "discard":
		return "DISCARD ALL"
	case "deallocate":
		if st.name == "all" {
			return "DEALLOCATE ALL"
		}
	}
	return strings.ToUpper(st.verb)
}

// execute executes one statement; rows are left in r. copying says that copy-in
// mode has begun.
func (p *postgres) execute(r *run, st sentence) (copying bool, e *pgError) {
	if p.tx == 'E' && st.verb != "rollback" && st.verb != "commit" && st.verb != "rollbackto" {
		return false, &pgError{"25P02", "current transaction is aborted"}
	}
	p.executed(r.text, r, st)
	switch st.verb {
	case "err":
		return false, &pgError{"22012", "division by zero"}
	case "errsec":
		return false, &pgError{"22P02", "invalid input: " + secret}
	case "deferr":
		p.deferred = true
	case "begin":
		if p.tx == 'I' {
			p.tx, p.implicit = 'T', false
		}
	case "commit":
		return false, p.end(p.tx != 'E')
	case "rollback":
		return false, p.end(false)
	case "savepoint", "rollbackto":
		return false, p.savepoint(st)
	case "prepare":
		if p.statements[st.name] != nil {
			return false, &pgError{"42P05", "prepared statement exists"}
		}
		p.statements[st.name] = &held{text: `EXECUTE "` + st.name + `"`, all: readSentences(st.rest)}
	case "execute":
		h := p.statements[st.name]
		if h == nil || st.name == "" || len(h.all) != 1 {
			return false, &pgError{"26000", "no such statement"}
		}
		if p.depth > 10 {
			return false, &pgError{"54001", "stack depth limit exceeded"}
		}
		p.depth++
		defer func() { p.depth-- }()
		r.st = h.all[0]
		return p.execute(r, h.all[0])
	case "deallocate", "discard":
		if st.name != "all" && st.verb != "discard" {
			if p.statements[st.name] == nil {
				return false, &pgError{"26000", "no such statement"}
			}
			delete(p.statements, st.name)
			return false, nil
		}
		unnamed := p.statements[""]
		clear(p.statements)
		if unnamed != nil {
			p.statements[""] = unnamed
		}
	case "declare", "fetch", "close":
		return false, p.cursor(r, st)
	case "copyin":
		p.reply('G', "\x00\x00\x00")
		p.flush()
		return true, nil
	case "copyout":
		p.reply('H', "\x00\x00\x00")
		p.reply('d', "x\n")
		p.reply('c', "")
	default:
		p.makeRows(r, st)
	}
	return false, nil
}

func (p *postgres) savepoint(st sentence) *pgError {
	if p.tx == 'I' || (st.verb == "rollbackto" && p.saved == nil) {
		return &pgError{"3B001", "no such savepoint"}
	}
	if st.verb == "savepoint" {
		p.saved = map[string]*run{}
		for n, r := range p.portals {
			p.saved[n] = r
		}
		return nil
	}
	p.tx = 'T'
	for n, r := range p.portals {
		if p.saved[n] != r {
			delete(p.portals, n)
		}
	}
	return nil
}

func (p *postgres) cursor(r *run, st sentence) *pgError {
	switch c := p.portals[st.name]; {
	case st.verb == "close" && st.name == "all":
		clear(p.portals)
	case st.verb == "declare" && c != nil:
		return &pgError{"42P03", "cursor already exists"}
	case st.verb == "declare" && p.tx != 'T':
		return &pgError{"25P01", "DECLARE CURSOR can only be used in transaction blocks"}
	case st.verb == "declare":
		body := readSentences(st.rest)
		p.portals[st.name] = &run{sql: st.name, st: body[0]}
	case c == nil || st.name == "":
		return &pgError{"34000", "cursor does not exist"}
	case st.verb == "close":
		delete(p.portals, st.name)
	default:
		if !c.read {
			p.makeRows(c, c.st)
		}
		r.rows, r.read = c.rows, true
		c.rows = nil
	}
	return nil
}

func (p *postgres) makeRows(r *run, st sentence) {
	r.read = true
	switch st.verb {
	case "sel":
		r.rows = [][2]string{{"v" + st.rest, "plain"}}
	case "many":
		r.rows = [][2]string{{"v1", "plain"}, {"v2", "plain"}, {"v3", "plain"}}
	case "sec":
		r.rows = [][2]string{{secret, "masked"}, {secret, "masked"}, {secret, "masked"}}
	case "exp":
		r.rows = [][2]string{{secret, ""}, {secret, ""}}
	default:
		r.read = false
	}
}

func (p *postgres) description(r *run) {
	switch r.st.verb {
	case "ins", "del":
		p.reply('n', "")
		return
	}
	column := int16(1)
	if len(r.rows) > 0 {
		switch r.rows[0][1] {
		case "masked":
			column = 2
		case "":
			column = 0
		}
	}
	p.out = append(p.out, description(column)...)
}

// rows sends up to most rows, 0 for all; false when some are left.
func (p *postgres) rows(r *run, most int) bool {
	for n := 0; len(r.rows) > 0; n++ {
		if most > 0 && n == most {
			return false
		}
		p.out = append(p.out, row(r.rows[0][0])...)
		r.rows = r.rows[1:]
	}
	return true
}
