package doctor

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/weirgate/weir/daemon"
	"github.com/weirgate/weir/policy"
)

const dialTimeout = 5 * time.Second

// databases dials every server that a document names. It can only be done while
// nothing is captured: this process's connections would be, too.
func (x *examination) databases(ctx context.Context) {
	const area = "databases"
	sources, err := daemon.ReadDocuments(x.config.Policies)
	if err != nil {
		return // told before
	}
	bundle, problems := policy.Compile(sources)
	if len(problems) > 0 {
		x.skipped(area, "servers", "the documents have errors")
		return
	}
	if len(bundle.Databases()) == 0 {
		x.skipped(area, "servers", "no Database document names one")
		return
	}
	if x.attached {
		x.skipped(area, "servers", "the capture is on, so that a connection of this command would reach weir; what weir finds wrong with them is among the daemon's problems")
		return
	}
	for _, d := range bundle.Databases() {
		if len(d.Dialable()) == 0 {
			x.skipped(area, d.Name, "its hosts are networks: the address comes with each connection")
		}
		for _, host := range d.Dialable() {
			for _, port := range d.Ports {
				address := net.JoinHostPort(host.String(), strconv.Itoa(int(port)))
				if err := ping(ctx, address, d.TLS.Mode != policy.TLSDisable); err != nil {
					x.failed(area, d.Name, "check the server, its firewall, and hosts, ports and tls of the Database document", "%s: %v", address, err)
				} else {
					x.good(area, d.Name, "%s answers as PostgreSQL does", address)
				}
			}
		}
	}
}

// ping asks a server for TLS (protocol section SSLRequest) and looks at its one
// byte of an answer.
func ping(ctx context.Context, address string, needTLS bool) error {
	dialer := net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(dialTimeout)); err != nil {
		return err
	}
	// Length 8, code 80877103.
	if _, err := conn.Write([]byte{0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f}); err != nil {
		return fmt.Errorf("asking for TLS: %w", err)
	}
	var answer [1]byte
	if _, err := conn.Read(answer[:]); err != nil {
		return fmt.Errorf("no answer to a request for TLS: %w", err)
	}
	switch {
	case answer[0] == 'S', answer[0] == 'N' && !needTLS:
		return nil
	case answer[0] == 'N':
		return fmt.Errorf("the server offers no TLS, and the document's tls.mode needs it")
	}
	return fmt.Errorf("it does not answer as PostgreSQL does (%q)", answer[0])
}
