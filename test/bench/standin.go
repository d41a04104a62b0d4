package main

import (
	"net"
	"net/netip"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/weirgate/weir/test/lab"
)

// standin answers start-ups as PostgreSQL does and gives back what comes then: 5,000
// idle sessions need no 5,000 processes behind them.
func standin(l *lab.Lab) (netip.AddrPort, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return netip.AddrPort{}, err
	}
	l.Defer(ln.Close)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return // closed
			}
			go greet(c)
		}
	}()
	return netip.ParseAddrPort(ln.Addr().String())
}

// greet starts a session and serves it to its end.
func greet(c net.Conn) {
	defer func() { _ = c.Close() }()
	b := pgproto3.NewBackend(c, c)
	if _, err := b.ReceiveStartupMessage(); err != nil {
		return
	}
	b.Send(&pgproto3.AuthenticationOk{})
	for name, value := range map[string]string{
		"server_version": "15.0", "server_encoding": "UTF8", "client_encoding": "UTF8",
		"standard_conforming_strings": "on", "DateStyle": "ISO, MDY", "TimeZone": "UTC", "integer_datetimes": "on",
	} {
		b.Send(&pgproto3.ParameterStatus{Name: name, Value: value})
	}
	b.Send(&pgproto3.BackendKeyData{ProcessID: 1, SecretKey: []byte{1, 2, 3, 4}})
	b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	if b.Flush() != nil {
		return
	}
	var one [1]byte
	for {
		if _, err := c.Read(one[:]); err != nil {
			return
		}
		if _, err := c.Write(one[:]); err != nil {
			return
		}
	}
}
