package driver_test

import (
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/driver"
)

func driverRefuse(in sockets, over chan *diagnostic.Diagnostic) {
	c := driver.NewConnection(newSession(false), func(why *diagnostic.Diagnostic) { over <- why })
	driver.Refuse(in.accepted, c, diagnostic.TooManySessions(1))
}
