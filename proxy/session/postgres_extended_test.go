package session_test

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/wire"
)

// function executes a FunctionCall.
func (p *postgres) function(body string) *pgError {
	if p.tx == 'E' {
		return &pgError{"25P02", "current transaction is aborted"}
	}
	text := map[string]string{
		"\x00\x00\x03\xc4": "SELECT pg_catalog.lo_unlink($1)", "\x00\x00\x02\xcb": "SELECT pg_catalog.lo_create($1)",
		"\x00\x00\x03\xbb": "SELECT pg_catalog.lowrite($1, $2)",
	}[body[:4]]
	if text == "" {
		if body[:4] != "\x00\x00\x00\x01" {
			p.executed("F", nil, sentence{verb: "function"})
		}
		return &pgError{"42883", "no such function"}
	}
	p.executed(text, &run{text: text}, readSentences(text)[0])
	p.reply('V', "\xff\xff\xff\xff")
	if p.tx == 'I' {
		return p.end(true)
	}
	return nil
}

func (p *postgres) extended(typ byte, body string) *pgError {
	aborted := &pgError{"25P02", "current transaction is aborted"}
	switch typ {
	case wire.Parse:
		f := strings.SplitN(body, "\x00", 3)
		return p.parse(cut(f[0]), f[1])
	case wire.Bind:
		f := strings.SplitN(body, "\x00", 3)
		name := cut(f[0])
		h := p.statements[cut(f[1])]
		switch {
		case h == nil:
			return &pgError{"26000", "no such statement"}
		case p.tx == 'E' && !leaves(h.all):
			return aborted
		case name != "" && p.portals[name] != nil:
			return &pgError{"42P03", "portal exists"}
		}
		r := &run{text: h.text}
		if len(h.all) == 1 {
			r.st = h.all[0]
		}
		p.portals[name] = r
		p.reply('2', "")
	case wire.Describe, wire.Close:
		what, name := body[0], cut(strings.TrimSuffix(body[1:], "\x00"))
		if typ == wire.Close {
			if what == 'S' {
				delete(p.statements, name)
			} else {
				delete(p.portals, name)
			}
			p.reply('3', "")
			return nil
		}
		return p.describe(what, name)
	case wire.Execute:
		f := strings.SplitN(body, "\x00", 2)
		r := p.portals[cut(f[0])]
		switch {
		case r == nil:
			return &pgError{"34000", "no such portal"}
		case p.tx == 'E' && !leaves([]sentence{r.st}):
			return aborted
		}
		return p.run(r, int(binary.BigEndian.Uint32([]byte(f[1]))))
	}
	return nil
}

// leaves says that statements may run in a transaction that has failed.
func leaves(all []sentence) bool {
	return len(all) == 1 && (all[0].verb == "rollback" || all[0].verb == "commit" || all[0].verb == "rollbackto")
}

func (p *postgres) parse(name, text string) *pgError {
	all := readSentences(text)
	switch {
	case name == "":
		delete(p.statements, "")
	case p.statements[name] != nil:
		return &pgError{"42P05", "prepared statement exists"}
	}
	if len(all) > 1 {
		return &pgError{"42601", "cannot insert multiple commands into a prepared statement"}
	}
	if p.tx == 'E' && !leaves(all) {
		return &pgError{"25P02", "current transaction is aborted"}
	}
	p.statements[name] = &held{text: text, all: all}
	p.reply('1', "")
	return nil
}

func (p *postgres) describe(what byte, name string) *pgError {
	r := &run{}
	if what == 'S' {
		h := p.statements[name]
		if h == nil {
			return &pgError{"26000", "no such statement"}
		}
		p.reply('t', "\x00\x00")
		if len(h.all) == 1 {
			r.st = h.all[0]
		}
	} else if r = p.portals[name]; r == nil {
		return &pgError{"34000", "no such portal"}
	}
	shown := run{st: p.shown(r.st)}
	p.makeRows(&shown, shown.st)
	if !shown.read {
		p.reply('n', "")
		return nil
	}
	p.description(&shown)
	return nil
}

// shown is the statement whose rows a statement gives.
func (p *postgres) shown(st sentence) sentence {
	for range 10 {
		h := p.statements[st.name]
		if st.verb != "execute" || h == nil || len(h.all) != 1 {
			break
		}
		st = h.all[0]
	}
	if c := p.portals[st.name]; st.verb == "fetch" && c != nil {
		return c.st
	}
	return st
}

func (p *postgres) run(r *run, most int) *pgError {
	if r.sql != "" {
		return p.runCursor(r, most)
	}
	if r.st.verb == "" {
		p.executed(r.text, r, r.st)
		p.reply('I', "")
		return nil
	}
	if r.done && !r.read {
		return &pgError{"55000", "portal cannot be run"}
	}
	if !r.read {
		copying, e := p.execute(r, r.st)
		if e != nil {
			return e
		}
		if copying {
			p.copy = &copyRun{extended: true, run: r}
			return nil
		}
	} else {
		p.executed(r.text, r, r.st)
	}
	if r.read && !p.rows(r, most) {
		p.reply('s', "")
		return nil
	}
	r.done = true
	p.reply('C', p.tag(r.st)+"\x00")
	return nil
}

// runCursor executes a portal that SQL has declared.
func (p *postgres) runCursor(r *run, most int) *pgError {
	text := `FETCH ALL FROM "` + r.sql + `"`
	if most > 0 {
		text = fmt.Sprintf("FETCH %d FROM %q", most, r.sql)
	}
	p.executed(text, &run{text: text}, r.st)
	if !r.read {
		p.makeRows(r, r.st)
	}
	if !p.rows(r, most) {
		p.reply('s', "")
		return nil
	}
	p.reply('C', "SELECT\x00")
	return nil
}

func (p *postgres) copyMessage(typ byte, body string) {
	c := p.copy
	failed := func(e *pgError) {
		p.copy = nil
		p.fail(e, c.extended)
		if !c.extended {
			p.ready()
		}
	}
	switch typ {
	case wire.CopyData:
		if strings.Contains(body, "bad") {
			failed(&pgError{"22P02", "invalid input"})
		}
	case wire.CopyFail:
		failed(&pgError{"57014", "COPY failed"})
	case wire.CopyDone:
		p.copy = nil
		c.run.done = true
		if c.extended {
			p.reply('C', "COPY 1\x00")
			return
		}
		if len(c.rest) == 0 && p.tx == 'I' {
			if e := p.end(true); e != nil {
				p.fail(e, false)
				p.ready()
				return
			}
		}
		p.reply('C', "COPY 1\x00")
		if len(c.rest) == 0 {
			p.ready()
			return
		}
		p.sentences(c.run, c.rest)
	case wire.Sync, wire.Flush:
	default:
		p.fail(&pgError{"08P01", "unexpected message type during COPY"}, c.extended)
		p.out = (&diagnostic.Diagnostic{Severity: diagnostic.Fatal, Code: "08P01", Message: "synchronization was lost"}).Append(p.out)
		p.flush()
		p.dead = true
	}
}
