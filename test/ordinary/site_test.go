package ordinary

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/weirgate/weir/test/lab"
)

func TestMain(m *testing.M) {
	lab.BecomeDialer()
	code := m.Run()
	if err := house.close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// The role that weir logs in as, and its password: no client of weir's has it.
const (
	role     = "shop_app"
	password = "only-weir-reads-this"
)

// A way is a workload and the rules that hold for it. All have the same masks.
type way string

const (
	// reads has every pack, and a mask that looks into values.
	reads way = "reads"
	// looks has the packs that have nothing against a look at all of the catalog, and
	// the settings that the clients which do so begin with.
	looks way = "looks"
	// writes has the packs that an application lives with.
	writes way = "writes"
	// migrates may change the schema.
	migrates way = "migrates"
)

var packs = map[way]string{
	reads:    "SchemaChanges, UnboundedWrites, PrivilegeAndSessionChanges, ServerFilesAndPrograms, BulkExport, SecretCatalogs",
	looks:    "SchemaChanges, UnboundedWrites, ServerFilesAndPrograms, BulkExport",
	writes:   "UnboundedWrites, ServerFilesAndPrograms, BulkExport, SecretCatalogs",
	migrates: "SecretCatalogs",
}

const masks = `
  - name: contact
    columns: [public.customers.email, public.customers.phone, hr.employees.email]
    with: {type: Partial, keepLast: 4}
  - name: ssn
    columns: ["*.*.ssn"]
    with: {type: Redact}
    predicates: Deny
  - name: pay
    columns: [hr.employees.salary, hr.employees.bonus]
    with: {type: Redact}
    aggregates: [avg, sum]
  - name: born
    columns: [public.customers.born]
    with: {type: Noise, keyFile: @key@, days: 30}
  - name: card
    columns: [public.payments.card_number]
    with: {type: Partial, keepFirst: 4, keepLast: 2}
  - name: account
    columns: [public.payments.iban, public.sessions.token]
    with: {type: Hash, keyFile: @key@}
  - name: address
    columns: [public.sessions.ip]
    with: {type: "Null"}
  - name: users
    columns: [public.users.email, public.users.phone]
    with: {type: Partial, keepLast: 4}
  - name: born-users
    columns: [public.users.dob]
    with: {type: Noise, keyFile: @key@, days: 30}
  - name: profile
    columns: [public.users.profile]
    paths: [contacts.email, address.street]
    with: {type: Redact}
  - name: paid
    columns: [billing.payments.card_number]
    with: {type: Partial, keepFirst: 4, keepLast: 2}
  - name: paid-from
    columns: [billing.payments.iban]
    with: {type: Hash, keyFile: @key@}
  - name: key
    columns: [public.api_keys.secret]
    with: {type: "Null"}
  - name: customer-profile
    columns: [public.customers.profile]
    paths: [contacts.email, address.street]
    with: {type: Redact}
  - name: audit
    columns: [public.audit_log.old_row, public.audit_log.new_row]
    with: {type: Redact}
  - name: payload
    columns: [public.events.payload]
    paths: [user.email, "**.card"]
    with: {type: Redact}
`

const detection = `
  - name: anywhere
    detect: [PaymentCard]
    with: {type: Redact}
`

// house is what all tests share: a server, weir in front of it, and a template of the
// shop's database.
var house shared

type shared struct {
	once sync.Once
	lab  *lab.Lab
	pg   *lab.Postgres
	weir *lab.Weir
	ways map[way]*workload
	err  error
	mu   sync.Mutex
	next int // of the pairs of the shop
	more int // of the pairs of the service
	care int // of the pairs of the customer care
}

// workload is where the processes of a way are.
type workload struct {
	cgroup *lab.Cgroup
	dialer *lab.Dialer
}

func (s *shared) close() error {
	if s.lab == nil {
		return nil
	}
	return s.lab.Close()
}

func (s *shared) open(t *testing.T) {
	t.Helper()
	lab.NeedRoot(t)
	lab.NeedCgroup2(t)
	lab.NeedPostgres(t)
	s.once.Do(func() { s.err = s.start(context.Background()) })
	must(t, s.err)
}

func (s *shared) start(ctx context.Context) error {
	var err error
	if s.lab, err = lab.New(); err != nil {
		return err
	}
	binary, err := lab.BuildWeir(ctx, "", s.lab.Dir)
	if err != nil {
		return err
	}
	if s.pg, err = s.lab.Postgres(ctx, lab.PostgresOptions{Conf: []string{"wal_level = logical", "max_parallel_workers_per_gather = 0", "jit = off", "max_prepared_transactions = 10", "timezone = 'UTC'"}}); err != nil {
		return err
	}
	shop, err := os.ReadFile("testdata/shop.sql")
	if err != nil {
		return err
	}
	if err := s.pg.Exec(ctx, "postgres", fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'; GRANT pg_signal_backend TO %[1]s", role, password)); err != nil {
		return err
	}
	if err := s.pg.Exec(ctx, "postgres", "CREATE DATABASE shop OWNER "+role); err != nil {
		return err
	}
	if err := s.pg.Exec(ctx, "shop", string(shop)); err != nil {
		return fmt.Errorf("make the shop: %w", err)
	}
	saas, err := os.ReadFile("testdata/saas.sql")
	if err != nil {
		return err
	}
	if err := s.pg.Exec(ctx, "postgres", "CREATE DATABASE shop_saas OWNER "+role); err != nil {
		return err
	}
	if err := s.pg.Exec(ctx, "shop_saas", string(saas)); err != nil {
		return fmt.Errorf("make the service: %w", err)
	}
	crm, err := os.ReadFile("testdata/crm.sql")
	if err != nil {
		return err
	}
	if err := s.pg.Exec(ctx, "postgres", "CREATE DATABASE shop_crm OWNER "+role); err != nil {
		return err
	}
	if err := s.pg.Exec(ctx, "shop_crm", string(crm)); err != nil {
		return fmt.Errorf("make the customer care: %w", err)
	}
	// All at once: what lists databases must not see others come.
	var create []string
	for n := range pairs + morePairs + crmPairs {
		template := "shop"
		switch {
		case n >= pairs+morePairs:
			template = "shop_crm"
		case n >= pairs:
			template = "shop_saas"
		}
		for _, name := range []string{through(n), direct(n)} {
			create = append(create, "CREATE DATABASE "+name+" TEMPLATE "+template+" OWNER "+role)
		}
	}
	for _, sql := range create {
		if err := s.pg.Exec(ctx, "postgres", sql); err != nil {
			return err
		}
	}
	nobody, err := lab.Nobody()
	if err != nil {
		return err
	}
	secret, err := s.lab.Write("shop.password", password+"\n", 0o600)
	if err != nil {
		return err
	}
	key, err := s.lab.Write("mask.key", "0123456789abcdef0123456789abcdef\n", 0o600)
	if err != nil {
		return err
	}
	text := fmt.Sprintf(`apiVersion: weir.dev/v1alpha1
kind: Database
metadata: {name: shop}
spec:
  hosts: [127.0.0.1, "::1"]
  ports: [%d]
  databases: ["shop*"]
  tls: {mode: Disable}
  login: {type: Static, user: %s, passwordFile: %s}
`, s.pg.Port, role, secret)
	s.ways = map[way]*workload{}
	for w, names := range packs {
		cgroup, err := s.lab.Cgroup(string(w) + "/client")
		if err != nil {
			return err
		}
		dialer, err := s.lab.Dialer(cgroup, nobody, nil)
		if err != nil {
			return err
		}
		s.ways[w] = &workload{cgroup: cgroup, dialer: dialer}
		rules := masks
		if w == reads {
			rules += strings.TrimPrefix(detection, "\n")
		}
		text += fmt.Sprintf(`---
apiVersion: weir.dev/v1alpha1
kind: Policy
metadata: {name: %s}
spec:
  identities:
  - name: client
    host: {cgroups: [%s]}
  databases: [shop]
  packs: [%s]
  masks:%s`, w, cgroup.Name, names, strings.ReplaceAll(rules, "@key@", key))
	}
	s.weir, err = s.lab.Weir(ctx, lab.WeirOptions{
		Binary: binary, Capture: []string{fmt.Sprintf("ports: [%d]", s.pg.Port)}, Spec: "unmatched: Deny\nparser: {deadline: 30s}\n",
		Documents: map[string]string{"shop.yaml": text},
	})
	return err
}

// pair is two databases that are copies of the shop, with the same oids: one is asked
// directly, the other through weir.
type pair struct {
	t       *testing.T
	direct  string
	through string
}

// pairs is how many there are of the shop. Each test takes one.
const pairs = 16

// morePairs is how many there are of the service.
const morePairs = 6

// crmPairs is how many there are of the customer care.
const crmPairs = 2

func through(n int) string { return fmt.Sprintf("shop%02d", n) }

func direct(n int) string { return fmt.Sprintf("shop%02d_direct", n) }

// databases gives two fresh copies.
func databases(t *testing.T) *pair {
	t.Helper()
	house.open(t)
	house.mu.Lock()
	defer house.mu.Unlock()
	if house.next == pairs {
		t.Fatalf("only %d pairs of databases were made", pairs)
	}
	house.next++
	return pairOf(t, house.next-1)
}

// service gives two fresh copies of another database: what a service on the net keeps.
func service(t *testing.T) *pair {
	t.Helper()
	house.open(t)
	house.mu.Lock()
	defer house.mu.Unlock()
	if house.more == morePairs {
		t.Fatalf("only %d pairs of databases were made", morePairs)
	}
	house.more++
	return pairOf(t, pairs+house.more-1)
}

// care gives two fresh copies of a third database: what customer care, analytics and
// queues keep.
func care(t *testing.T) *pair {
	t.Helper()
	house.open(t)
	house.mu.Lock()
	defer house.mu.Unlock()
	if house.care == crmPairs {
		t.Fatalf("only %d pairs of databases were made", crmPairs)
	}
	house.care++
	return pairOf(t, pairs+morePairs+house.care-1)
}

func pairOf(t *testing.T, n int) *pair {
	t.Helper()
	p := &pair{t: t, direct: direct(n), through: through(n)}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("weir wrote:\n%s", house.weir)
		}
	})
	return p
}

// nameless takes the names of the two databases out of a text.
func (p *pair) nameless(text string) string {
	return strings.NewReplacer(p.direct, "SHOP", p.through, "SHOP").Replace(text)
}

// asked is one session of two, with what it is told besides rows.
type asked struct {
	*pgconn.PgConn
	said []string
}

// connect opens a session, through weir in the way w, or directly for "".
func (p *pair) connect(w way) *asked {
	p.t.Helper()
	database, who := p.direct, role+":"+password
	if w != "" {
		database, who = p.through, "agent"
	}
	cfg, err := pgconn.ParseConfig(fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable&connect_timeout=30", who, house.pg.Addr(), database))
	must(p.t, err)
	if w != "" {
		cfg.DialFunc = house.ways[w].dialer.Dial
	}
	s := &asked{}
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { s.said = append(s.said, n.Severity+": "+n.Message) }
	ctx, cancel := context.WithTimeout(p.t.Context(), 60*time.Second)
	defer cancel()
	s.PgConn, err = pgconn.ConnectConfig(ctx, cfg)
	must(p.t, err)
	p.t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// serverError gives a server's error, nil if there is none.
func serverError(err error) *pgconn.PgError {
	var e *pgconn.PgError
	errors.As(err, &e)
	return e
}
