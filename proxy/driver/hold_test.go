package driver_test

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/wire"
)

// approver stands for who decides on a held statement.
type approver struct {
	asked, gone chan struct{}
	answer      chan *diagnostic.Diagnostic
}

// holding has the rig's statements held until the approver answers.
func holding(r *rig) *approver {
	a := &approver{asked: make(chan struct{}, 1), gone: make(chan struct{}), answer: make(chan *diagnostic.Diagnostic)}
	approve := func(ctx context.Context, tell func(*diagnostic.Diagnostic)) (string, *diagnostic.Diagnostic) {
		tell(&diagnostic.Diagnostic{Severity: diagnostic.Notice, Code: "00000", Message: "it waits"})
		a.asked <- struct{}{}
		select {
		case why := <-a.answer:
			return "id", why
		case <-ctx.Done():
			close(a.gone)
			return "", diagnostic.ApprovalImpossible("gone")
		}
	}
	r.questions.set(func(q *questions) { q.approve = approve })
	return a
}

func TestAHeldStatementGoesOnWhenApproved(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		a := holding(r)
		for range 3 {
			r.client.send(query("hold this"))
			r.client.wants("N NOTICE 00000")
			<-a.asked
			rests(t)
			a.answer <- nil
			r.server.wants("Q hold this")
			r.server.send(complete(), readyForQuery())
			r.client.wants("C", "Z I")
		}
	})
}

func TestAHeldStatementIsRefusedWhenDenied(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		a := holding(r)
		r.client.send(query("hold this"))
		r.client.wants("N NOTICE 00000")
		a.answer <- diagnostic.ApprovalDenied("id", "somebody", "no")
		typ, _, err := r.server.next() // stands for it and fails
		if err != nil || typ != wire.Query {
			t.Fatalf("the server got %q: %v", typ, err)
		}
		r.server.send((&diagnostic.Diagnostic{Severity: diagnostic.Error, Code: "26000", Message: "m"}).Append(nil), readyForQuery())
		r.client.wants("E ERROR 42501", "Z I")
	})
}

func TestAClientThatLeavesWhileItsStatementIsHeld(t *testing.T) {
	for _, how := range []struct {
		name  string
		leave func(*rig)
	}{
		{"by a reset", func(r *rig) { r.client.reset() }},
		{"by closing", func(r *rig) { _ = r.client.Close() }},
		{"by ending its half", func(r *rig) { r.client.closeWrite() }},
	} {
		t.Run(how.name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, w way) {
				r := start(t, w)
				a := holding(r)
				r.client.send(query("hold this"))
				r.client.wants("N NOTICE 00000")
				<-a.asked
				how.leave(r)
				<-a.gone
				r.server.wantsEnd() // and nothing was sent
				_ = r.server.Close()
				r.endsFor("")
			})
		})
	}
}

func TestWhatAClientSendsBehindAHeldStatementWaits(t *testing.T) {
	for _, size := range []int{10, 30 << 10, 300 << 10} {
		eachWay(t, func(t *testing.T, w way) {
			r := start(t, w)
			a := holding(r)
			behind := "select " + fill(size)
			f := flooding(r.client, append(query("hold this"), query(behind)...), 1)
			r.client.wants("N NOTICE 00000")
			<-a.asked
			rests(t)
			a.answer <- nil
			r.server.wants("Q hold this")
			r.server.send(complete(), readyForQuery())
			r.server.wants("Q " + behind)
			r.server.send(complete(), readyForQuery())
			r.client.wants("C", "Z I", "C", "Z I")
			f.finish(t)
		})
	}
}

func TestAServerThatEndsWhileAStatementIsHeld(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		a := holding(r)
		r.client.send(query("hold this"))
		r.client.wants("N NOTICE 00000")
		<-a.asked
		r.server.send(fatal("57P01"))
		_ = r.server.Close()
		r.client.wants("E FATAL 57P01")
		r.client.wantsEnd()
		<-a.gone
		r.endsFor("57P01")
	})
}

func TestADecisionThatTakesItsTime(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		asked, goOn := make(chan struct{}), make(chan struct{})
		r.questions.set(func(q *questions) { q.decide = func(context.Context, session.State) { asked <- struct{}{}; <-goOn } })
		r.client.send(append(query("slow"), query("select")...))
		<-asked
		rests(t)
		// What the server says meanwhile passes.
		for range 3 {
			r.server.send(notice())
			r.client.wants("N NOTICE 00000")
		}
		goOn <- struct{}{}
		r.server.wants("Q slow")
		r.server.send(complete(), readyForQuery())
		r.server.wants("Q select")
		r.server.send(complete(), readyForQuery())
		r.client.wants("C", "Z I", "C", "Z I")
	})
}

func TestAServerThatEndsWhileADecisionIsMade(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		asked, goOn := make(chan struct{}), make(chan struct{})
		r.questions.set(func(q *questions) { q.decide = func(context.Context, session.State) { asked <- struct{}{}; <-goOn } })
		r.client.send(query("slow"))
		<-asked
		_ = r.server.Close()
		r.client.wants("E FATAL 08006")
		r.client.wantsEnd()
		close(goOn)
		r.endsFor("08006")
	})
}

func TestAClientThatLeavesWhileADecisionIsMade(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		asked, goOn := make(chan struct{}), make(chan struct{})
		r.questions.set(func(q *questions) { q.decide = func(context.Context, session.State) { asked <- struct{}{}; <-goOn } })
		r.client.send(query("slow"))
		<-asked
		r.client.reset()
		rests(t)
		close(goOn)
		r.server.ends() // it may have been sent on
		_ = r.server.Close()
		r.endsFor("")
	})
}

// A batch that might be held is looked at from its beginning each time that more
// of it comes.
func TestABatchWithoutAnEndIsNotGoneOverForEver(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		r := start(t, w)
		holding(r)
		batch := append(frame(wire.Parse, "\x00hold this\x00\x00\x00"), wire.AppendBind(nil, "", "")...)
		batch = append(batch, bytes.Repeat(wire.AppendDescribe(nil, 'P', nil), 2<<20)...)
		go func() { _, _ = io.Copy(io.Discard, r.server) }()
		used := cpu(t)
		f := flooding(r.client, batch, len(batch))
		f.stalls(t) // more messages than may await a reply
		if used = cpu(t) - used; used > 20*time.Second {
			t.Errorf("%v of processor time", used)
		}
	})
}
