package main

import (
	"net"
	"path/filepath"
	"testing"
)

func TestTheServiceManagerIsTold(t *testing.T) {
	for name, address := range map[string]string{
		"a path":                    filepath.Join(t.TempDir(), "notify"),
		"in the abstract namespace": "@weir-test-" + filepath.Base(t.TempDir()) + t.Name(),
	} {
		t.Run(name, func(t *testing.T) {
			bound := address
			if bound[0] == '@' {
				bound = "\x00" + bound[1:]
			}
			conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: bound})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			if err := notify(func(string) string { return address }, "READY=1"); err != nil {
				t.Fatal(err)
			}
			buffer := make([]byte, 100)
			n, err := conn.Read(buffer)
			if err != nil || string(buffer[:n]) != "READY=1" {
				t.Errorf("got %q, %v", buffer[:n], err)
			}
		})
	}
	if err := notify(func(string) string { return "" }, "READY=1"); err != nil {
		t.Errorf("without a service manager: %v", err)
	}
	if err := notify(func(string) string { return "/does/not/exist" }, "READY=1"); err == nil {
		t.Error("a socket that is not there was not noticed")
	}
}
