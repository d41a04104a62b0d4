// Package proxy serves the connections that redirect hands over: it drives one
// session (proxy/session) with two sockets and answers its questions.
//
// The way through: gateway.go takes a flow, connect.go chooses the database and
// the rules and logs in to the server, driver/ moves bytes, judge.go and
// decision.go answer what a statement may do, approve.go asks a person,
// recorder.go writes the journal, registry.go knows the sessions that are open.
// rehearse.go judges without a session what is on record.
//
// It must not know eBPF.
package proxy
