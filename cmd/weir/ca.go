package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/weirgate/weir/daemon/config"
	"github.com/weirgate/weir/proxy/authority"
	"github.com/weirgate/weir/proxy/console"
)

// caOutput is the output of `weir ca -o json`.
type caOutput struct {
	Certificate string    `json:"certificate"` // PEM
	Fingerprint string    `json:"fingerprint"` // SHA-256
	Until       time.Time `json:"until"`
}

func (a *app) caCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ca",
		Short: "Print the certificate of weir's own CA, and how clients trust it",
		Long: `Print the certificate of the authority that signs what weir shows to clients which ask for
TLS. It is made on the daemon's first start. Its key never leaves the state folder.

The certificate goes to standard output, what to do with it to standard error. Clients with
sslmode=verify-ca or verify-full need it; for sslmode=prefer and require nothing is to be
done.`,
		Example: `  sudo weir ca > weir-ca.pem
  psql "host=db.internal dbname=crm sslmode=verify-full sslrootcert=weir-ca.pem"`,
		Args: usage(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error { return a.ca() },
	}
	a.outputFlag(cmd)
	return cmd
}

func (a *app) ca() error {
	cfg, err := config.Load(a.config)
	if err != nil {
		return err
	}
	pem, fingerprint, until, err := authority.Read(filepath.Join(cfg.State, "ca"))
	switch {
	case errors.Is(err, fs.ErrNotExist) && cfg.ClientTLS == config.ClientTLSOff:
		return console.NotFound("set spec.clientTLS: Offer in "+cfg.Path, "there is no CA: clientTLS is Off")
	case errors.Is(err, fs.ErrNotExist):
		return console.NotFound("it is made on the first start: sudo weir run", "there is no CA yet in %s", cfg.State)
	case errors.Is(err, fs.ErrPermission):
		return console.Forbidden("run it with sudo", "the state folder %s is readable for root only", cfg.State)
	case err != nil:
		return fmt.Errorf("reading weir's CA: %w", err)
	}
	if a.output == outputJSON {
		return a.printJSON(caOutput{Certificate: string(pem), Fingerprint: fingerprint, Until: until})
	}
	a.note(`weir's CA, SHA-256 %s, good until %s.
A client trusts it when this certificate is in a file that it names:
  libpq, psql, psycopg    sslmode=verify-full sslrootcert=FILE, or PGSSLROOTCERT=FILE, or ~/.postgresql/root.crt
  pgx, lib/pq             sslmode=verify-full sslrootcert=FILE in the connection string, or PGSSLROOTCERT=FILE
  pgjdbc                  sslmode=verify-full&sslrootcert=FILE in the URL
  node-postgres           ssl: {ca: fs.readFileSync("FILE", "utf8")}, or NODE_EXTRA_CA_CERTS=FILE
or in the host's (or the container's) trust store, which libpq 16 and newer uses with sslrootcert=system:
  Debian, Ubuntu, Alpine  cp FILE /usr/local/share/ca-certificates/weir.crt && update-ca-certificates
  RHEL, Fedora            cp FILE /etc/pki/ca-trust/source/anchors/weir.crt && update-ca-trust
  SUSE                    cp FILE /etc/pki/trust/anchors/weir.crt && update-ca-certificates
  Arch                    trust anchor --store FILE
The certificates that it signs carry the name that the client asked for, or the server's address.`,
		fingerprint, until.Format(time.DateOnly))
	return a.printf("%s", pem)
}
