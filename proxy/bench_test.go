package proxy

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/weirgate/weir/policy"
	snapshot "github.com/weirgate/weir/policy/catalog"
	"github.com/weirgate/weir/policy/identity"
	"github.com/weirgate/weir/proxy/catalog"
	"github.com/weirgate/weir/proxy/journal"
	"github.com/weirgate/weir/proxy/parser"
	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/upstream"
	"github.com/weirgate/weir/proxy/wire"
)

// hotPolicy has guards, so that every statement is judged.
const hotPolicy = `apiVersion: weir.dev/v1alpha1
kind: Database
metadata: {name: bench}
spec:
  hosts: [127.0.0.1]
  ports: [5432]
  databases: [bench]
  tls: {mode: Disable}
  login: {type: Passthrough}
---
apiVersion: weir.dev/v1alpha1
kind: Policy
metadata: {name: bench-agent}
spec:
  mode: Enforce
  identities:
  - name: pgbench
    host: {units: ["bench.service"]}
  databases: [bench]
  guards:
  - name: no-ddl
    match: {commands: [Drop, Truncate, Alter]}
    action: Deny
    message: Schema changes go through a migration pull request.
  - name: unbounded-write
    match: {commands: [Update, Delete], where: Missing}
    action: Deny
  - name: big-accounts
    match: {tables: [public.pgbench_accounts], access: Write}
    action: Deny
`

// hot is a session with a real judge, parser and journal, and no socket.
type hot struct {
	*session.Session
	judge *judge
}

func newHot(b *testing.B) *hot {
	b.Helper()
	bundle, problems := policy.Compile([]policy.Source{{Name: "bench.yaml", Data: []byte(hotPolicy)}})
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	pool, err := parser.New(parser.Config{Workers: 1, Cache: 16 << 20})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = pool.Close() })
	j, err := journal.Open(b.TempDir(), journal.Options{IndexEvery: time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = j.Close() })
	catalogs, err := catalog.NewCache(catalog.Options{Poll: time.Minute, Refresh: time.Hour, MaxAge: 5 * time.Minute, Databases: 8, Bodies: pool})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = catalogs.Close() })
	g, err := New(Config{Policies: func() *policy.Bundle { return bundle }, Parser: pool, Catalogs: catalogs, Journal: j,
		Sessions: 10, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	who := identity.Identity{Subject: "unit:bench.service", Kind: "Unit", Unit: "bench.service", CgroupPath: "/system.slice/bench.service", UID: 4242, Executable: "/usr/bin/pgbench"}
	f := &Flow{How: "Captured", Destination: netip.MustParseAddrPort("127.0.0.1:5432"), Identity: &who}
	db := bundle.Database("bench")
	r := route{database: db, address: f.Destination, rules: bundle.Rules(&who, db), login: db.Login}
	q := &session.Connect{User: "u", Database: "bench"}
	v := &visit{gateway: g, flow: *f, entry: g.registry.reserve()}
	v.judge = newJudge(g, f, r, q, upstream.Target{Address: f.Destination})
	tables, err := snapshot.New(snapshot.Data{Database: "bench", Version: 150000, Relations: []snapshot.Relation{
		{OID: 64, Schema: "public", Name: "pgbench_accounts", Kind: snapshot.Table, Columns: []snapshot.Column{
			{Number: 1, Name: "aid"}, {Number: 2, Name: "bid"}, {Number: 3, Name: "abalance"}, {Number: 4, Name: "filler"}}}}})
	if err != nil {
		b.Fatal(err)
	}
	v.judge.standing = &standing{bundle: bundle, rules: r.rules, catalog: policy.NewCatalog(tables)}
	rec, err := j.Session(journal.SessionInfo{Identity: who, Database: "bench", User: "u"})
	if err != nil {
		b.Fatal(err)
	}
	recorder := &recorder{journal: j, session: rec, counts: &g.counts, entry: v.entry,
		schemaChanged: v.judge.schemaChanged, settings: v.judge.settings, recording: v.judge.recording}
	s := session.New(session.Config{Secret: secret})
	s.FromClient(wire.AppendStartup(nil, 3<<16, []wire.Setting{{Name: "user", Value: "u"}}))
	s.AnswerConnect(&session.Greeting{PID: 7, Key: func(int) []byte { return []byte{1, 2, 3, 4} }, Tx: 'I', Judge: v.judge, Recorder: recorder}, nil)
	if !s.Started() {
		b.Fatal("not started")
	}
	return &hot{Session: s, judge: v.judge}
}

// exchange gives the session what a client asks and what the server answers.
func (s *hot) exchange(b *testing.B, ask, answer []byte) {
	n := s.FromClient(ask)
	for n < len(ask) {
		q, ok := s.Question().(*session.Decide)
		if !ok {
			b.Fatalf("not taken: %v", s.Question())
		}
		state := s.State()
		s.AnswerDecide(s.judge.resolve(context.Background(), q.Text, &state))
		n += s.FromClient(ask[n:])
	}
	if s.FromServer(answer) != len(answer) {
		b.Fatal("not taken")
	}
}

func message(typ byte, body string) []byte {
	out, at := wire.Begin(nil, typ)
	return wire.End(append(out, body...), at)
}

// one is what the server answers to a SELECT of one number.
func one() []byte {
	out := message(wire.RowDescription, "\x00\x01abalance\x00\x00\x00\x40\x00\x00\x03\x00\x00\x00\x17\x00\x04\xff\xff\xff\xff\x00\x00")
	out = append(out, message(wire.DataRow, "\x00\x01\x00\x00\x00\x010")...)
	out = append(out, message(wire.CommandComplete, "SELECT 1\x00")...)
	return append(out, message(wire.ReadyForQuery, "I")...)
}

// BenchmarkSimpleQuery is pgbench -S: texts that differ in a literal.
func BenchmarkSimpleQuery(b *testing.B) {
	s := newHot(b)
	var asks [1024][]byte
	for i := range asks {
		asks[i] = message(wire.Query, fmt.Sprintf("SELECT abalance FROM pgbench_accounts WHERE aid = %d;\x00", (i*7919)%1000000))
	}
	answer := one()
	for _, ask := range asks {
		s.exchange(b, ask, answer)
	}
	var c, v []byte
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.exchange(b, asks[i%len(asks)], answer)
		c, v = s.TakeClient(c), s.TakeServer(v)
	}
}

// BenchmarkPrepared is pgbench -S -M prepared.
func BenchmarkPrepared(b *testing.B) {
	s := newHot(b)
	s.exchange(b,
		append(message(wire.Parse, "P0\x00SELECT abalance FROM pgbench_accounts WHERE aid = $1;\x00\x00\x00"), message(wire.Sync, "")...),
		append(message(wire.ParseComplete, ""), message(wire.ReadyForQuery, "I")...))
	ask := message(wire.Bind, "\x00P0\x00\x00\x00\x00\x01\x00\x00\x00\x044711\x00\x00")
	ask = append(ask, message(wire.Describe, "P\x00")...)
	ask = append(ask, message(wire.Execute, "\x00\x00\x00\x00\x00")...)
	ask = append(ask, message(wire.Sync, "")...)
	answer := append(message(wire.BindComplete, ""), one()...)
	var c, v []byte
	b.ReportAllocs()
	for b.Loop() {
		s.exchange(b, ask, answer)
		c, v = s.TakeClient(c), s.TakeServer(v)
	}
}
