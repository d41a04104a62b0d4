package driver_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/driver"
	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/wire"
)

// patience bounds every wait of these tests; nothing takes that long.
const patience = 20 * time.Second

// way is how a connection is driven, and over what.
type way struct {
	name    string
	loops   int
	network string
	tls     bool // the client's side: such a connection stays on goroutines
	linger  time.Duration
}

var ways = []way{
	{name: "on an event loop, over TCP", loops: 1, network: "tcp"},
	{name: "on an event loop, over Unix sockets", loops: 1, network: "unix"},
	{name: "on goroutines, over TCP", loops: 0, network: "tcp"},
	{name: "on goroutines, over Unix sockets", loops: 0, network: "unix"},
	{name: "on goroutines, with TLS", loops: 1, network: "tcp", tls: true},
}

// eachWay runs a test on every driver, and looks for what it leaves behind.
func eachWay(t *testing.T, f func(t *testing.T, w way)) {
	t.Helper()
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			leavesNothing(t)
			f(t, w)
		})
	}
}

// leavesNothing fails the test if it leaves goroutines or descriptors behind.
func leavesNothing(t *testing.T) {
	t.Helper()
	running := goleak.IgnoreCurrent()
	_ = newPair(t, "unix", t.TempDir()).close() // Go's own poller has its descriptors now
	before := descriptors(t)
	t.Cleanup(func() {
		// goleak itself waits for less than half a second.
		if !within(func() bool { return goleak.Find(running) == nil }) {
			goleak.VerifyNone(t, running)
		}
		if !within(func() bool { return len(descriptors(t)) <= len(before) }) {
			t.Errorf("descriptors left open:\n%s\nbefore:\n%s", strings.Join(descriptors(t), "\n"), strings.Join(before, "\n"))
		}
	})
}

// descriptors lists this process's open descriptors.
func descriptors(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil {
			list = append(list, e.Name()+" "+to)
		}
	}
	return list
}

// within waits for a condition.
func within(f func() bool) bool {
	for end := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		if f() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}

// sockets is a connected pair.
type sockets struct{ dialled, accepted net.Conn }

func (s sockets) close() error { return errors.Join(s.dialled.Close(), s.accepted.Close()) }

func newPair(t *testing.T, network, dir string) sockets {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(dir, "s")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	var s sockets
	if s.dialled, err = net.Dial(network, l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if s.accepted, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return s
}

// peer is a scripted end of a connection.
type peer struct {
	t *testing.T
	net.Conn
	raw net.Conn
	in  *bufio.Reader
}

func newPeer(t *testing.T, c net.Conn) *peer {
	_ = c.SetDeadline(time.Now().Add(3 * patience))
	return &peer{t: t, Conn: c, raw: c, in: bufio.NewReaderSize(c, 64<<10)}
}

func (p *peer) send(frames ...[]byte) {
	p.t.Helper()
	for _, f := range frames {
		if _, err := p.Write(f); err != nil {
			p.t.Fatalf("sending: %v", err)
		}
	}
}

// next reads one frame.
func (p *peer) next() (byte, []byte, error) {
	var header [wire.HeaderSize]byte
	if _, err := io.ReadFull(p.in, header[:]); err != nil {
		return 0, nil, err
	}
	h, _, err := wire.ReadHeader(header[:])
	if err != nil {
		return 0, nil, err
	}
	body := make([]byte, h.Size-wire.HeaderSize)
	_, err = io.ReadFull(p.in, body)
	return h.Type, body, err
}

// wants reads frames and checks them, each written as show does.
func (p *peer) wants(want ...string) {
	p.t.Helper()
	for _, w := range want {
		typ, body, err := p.next()
		if err != nil {
			p.t.Fatalf("waiting for %q: %v", w, err)
		}
		if got := show(p.t, typ, body); got != w {
			p.t.Fatalf("got %q, want %q", got, w)
		}
	}
}

// wantsEnd checks that nothing more comes. A reset is an end too: whoever closes
// a socket with bytes unread makes one.
func (p *peer) wantsEnd() {
	p.t.Helper()
	typ, body, err := p.next()
	if err == nil {
		p.t.Fatalf("got %q, want the end", show(p.t, typ, body))
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		p.t.Fatal("waiting for the end: nothing came")
	}
}

// ends reads to the end and gives what came last.
func (p *peer) ends() (last string) {
	p.t.Helper()
	for {
		typ, body, err := p.next()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			p.t.Fatal("waiting for the end: nothing came")
		}
		if err != nil {
			return last
		}
		last = show(p.t, typ, body)
	}
}

// reset closes the socket so that the other end sees a reset.
func (p *peer) reset() {
	if c, ok := p.raw.(*net.TCPConn); ok {
		_ = c.SetLinger(0)
	}
	_ = p.raw.Close()
}

func (p *peer) closeWrite() {
	p.t.Helper()
	if err := p.Conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		p.t.Fatal(err)
	}
}

// show writes a frame as its type and what matters of it.
func show(t *testing.T, typ byte, body []byte) string {
	switch typ {
	case wire.ErrorResponse, wire.NoticeResponse:
		if d, err := diagnostic.Read(body); err == nil {
			return fmt.Sprintf("%c %s %s", typ, d.Severity, d.Code)
		}
	case wire.Query:
		return "Q " + strings.TrimRight(string(body), "\x00")
	case wire.ReadyForQuery:
		return "Z " + string(body)
	}
	return string(typ)
}

// rig is a connection through a driver between a scripted client and a scripted
// server.
type rig struct {
	t         *testing.T
	way       way
	driver    *driver.Driver
	stop      context.CancelFunc // stops weir
	questions *questions
	client    *peer
	server    *peer
	conn      *driver.Connection
	over      chan *diagnostic.Diagnostic
}

// newDriver makes a driver for a way.
func newDriver(t *testing.T, w way) *driver.Driver {
	t.Helper()
	d, err := driver.New(w.loops)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// newRig connects a client that has sent nothing yet.
func newRig(t *testing.T, w way) *rig {
	t.Helper()
	return newRigOn(t, w, newDriver(t, w))
}

// newRigOn is newRig on a driver that is there.
func newRigOn(t *testing.T, w way, d *driver.Driver) *rig {
	t.Helper()
	r := &rig{t: t, way: w, driver: d, over: make(chan *diagnostic.Diagnostic, 2)}
	r.driver.Linger = w.linger
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	in, out := newPair(t, w.network, t.TempDir()), newPair(t, w.network, t.TempDir())
	r.client, r.server = newPeer(t, in.dialled), newPeer(t, out.accepted)
	r.questions = &questions{judge: &judge{}, server: out.dialled}
	r.conn = driver.NewConnection(newSession(w.tls), func(why *diagnostic.Diagnostic) { r.over <- why })
	served := make(chan struct{})
	go func() {
		defer close(served)
		r.driver.Serve(ctx, in.accepted, r.conn, r.questions)
	}()
	t.Cleanup(func() {
		_ = in.dialled.Close()
		_ = out.accepted.Close()
		stop()
		<-served
		r.questions.close()
	})
	return r
}

func newSession(tls bool) *session.Session {
	return session.New(session.Config{
		OfferTLS: tls,
		Secret:   func(n int) []byte { b := make([]byte, n); _, _ = rand.Read(b); return b },
	})
}

// start is a rig whose session is ready for queries.
func start(t *testing.T, w way) *rig {
	t.Helper()
	return newRig(t, w).started()
}

// started goes as far as a session that is ready for queries.
func (r *rig) started() *rig {
	r.t.Helper()
	if r.way.tls {
		r.encrypt()
	}
	r.client.send(startup())
	r.client.wants("R", "K", "Z I")
	return r
}

// encrypt begins TLS on the client's side.
func (r *rig) encrypt() {
	r.t.Helper()
	r.client.send([]byte{0, 0, 0, 8, 4, 210, 22, 47}) // SSLRequest
	if b, err := r.client.in.ReadByte(); err != nil || b != 'S' {
		r.t.Fatalf("the answer to an SSLRequest: %q, %v", b, err)
	}
	c := tls.Client(r.client.raw, &tls.Config{InsecureSkipVerify: true}) // the certificate is not what is tested
	r.client.Conn, r.client.in = c, bufio.NewReaderSize(c, 64<<10)
}

// ends waits until the connection has ended, and gives why.
func (r *rig) ends() *diagnostic.Diagnostic {
	r.t.Helper()
	select {
	case why := <-r.over:
		select {
		case <-r.over:
			r.t.Fatal("the connection ended twice")
		default:
		}
		return why
	case <-time.After(patience):
		r.t.Fatal("the connection did not end")
		return nil
	}
}

// endsFor checks why weir ended the connection: a SQLSTATE, "" when it did not.
func (r *rig) endsFor(code string) {
	r.t.Helper()
	why := r.ends()
	switch {
	case why == nil && code != "":
		r.t.Fatalf("the connection ended for no reason, want %s", code)
	case why != nil && why.Code != code:
		r.t.Fatalf("the connection ended for %s %s, want %q", why.Code, why.Message, code)
	}
}

// questions answers as the test says.
type questions struct {
	judge  *judge
	server net.Conn // handed out by Connect
	rest   []byte   // read from the server past its greeting
	relay  bool

	mu      sync.Mutex
	given   bool
	connect func(context.Context) // runs in Connect
	decide  func(context.Context, session.State)
	approve func(ctx context.Context, tell func(*diagnostic.Diagnostic)) (string, *diagnostic.Diagnostic)
}

// set changes what is answered.
func (q *questions) set(f func(*questions)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	f(q)
}

// close closes the server's socket unless it was handed out.
func (q *questions) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.given {
		_ = q.server.Close()
	}
}

func (q *questions) Encrypt(ctx context.Context, conn net.Conn, _ *session.UpgradeTLS) (net.Conn, error) {
	cert, err := certificate()
	if err != nil {
		return nil, err
	}
	return driver.ServerTLS(ctx, conn, &tls.Config{Certificates: []tls.Certificate{cert}})
}

func (q *questions) Connect(ctx context.Context, _ *session.Connect) (net.Conn, []byte, *session.Greeting, *diagnostic.Diagnostic) {
	q.mu.Lock()
	connect := q.connect
	q.given = true
	q.mu.Unlock()
	if connect != nil {
		connect(ctx)
	}
	return q.server, q.rest, &session.Greeting{PID: 7, Key: func(int) []byte { return []byte{1, 2, 3, 4} }, Tx: 'I', Relay: q.relay, Judge: q.judge, Recorder: recorder{}}, nil
}

func (q *questions) Cancel(context.Context, *session.Cancel) {}

func (q *questions) Decide(ctx context.Context, d *session.Decide, s session.State) *session.Decision {
	q.mu.Lock()
	decide := q.decide
	q.mu.Unlock()
	if decide != nil {
		decide(ctx, s)
	}
	return decision(string(d.Text))
}

func (q *questions) Approve(ctx context.Context, _ *session.Approve, tell func(*diagnostic.Diagnostic)) (string, *diagnostic.Diagnostic) {
	q.mu.Lock()
	approve := q.approve
	q.mu.Unlock()
	return approve(ctx, tell)
}

// judge decides by the first word of a text: "slow" is not at hand, "hold" needs
// an approval, "settles" changes what later texts mean, "masked" has a mask.
type judge struct {
	masks atomic.Bool
	gate  func() // runs where a value is masked, and where a text that begins with "gate" is judged; nil: does nothing
}

func (j *judge) passes() {
	if j.gate != nil {
		j.gate()
	}
}

func decision(text string) *session.Decision {
	d := &session.Decision{Text: text, Action: "Allow", Statements: make([]session.Plan, 1)}
	switch word, _, _ := strings.Cut(text, " "); word {
	case "hold":
		d.Approval = true
	case "settles":
		d.Settles = true
	case "masked":
		d.Statements[0].Touches = true
	}
	return d
}

func (j *judge) Decide(text []byte, _ *session.State) (*session.Decision, bool) {
	if strings.HasPrefix(string(text), "gate") {
		j.passes()
	}
	return decision(string(text)), !strings.HasPrefix(string(text), "slow")
}
func (j *judge) Current(*session.Decision, uint64) bool { return true }
func (j *judge) Observes() bool                         { return false }
func (j *judge) Outdated() bool                         { return false }
func (j *judge) LetGo()                                 {}
func (j *judge) Masks() bool                            { return j.masks.Load() }
func (j *judge) Row(_ *session.Decision, _ int, fields []wire.Field) (*session.RowMask, error) {
	m := &session.RowMask{Cells: make([]session.Cell, len(fields)), Columns: []string{"c"}}
	for i := range m.Cells {
		m.Cells[i] = star{j}
	}
	return m, nil
}

// star masks a value as one star.
type star struct{ judge *judge }

func (s star) Mask(dst, _ []byte) ([]byte, bool) {
	s.judge.passes()
	return append(dst, '*'), false
}

// recorder records nothing.
type recorder struct{}

func (recorder) Begin(*session.Begin) (uint64, error)          { return 1, nil }
func (recorder) End(uint64, *session.End)                      {}
func (recorder) Denied(*session.Begin, *diagnostic.Diagnostic) {}
func (recorder) Sample() int                                   { return 0 }

// certificate is made once for all tests.
var certificate = sync.OnceValues(func() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
})

// Messages.

func startup() []byte {
	return wire.AppendStartup(nil, 3<<16, []wire.Setting{{Name: "user", Value: "u"}, {Name: "database", Value: "d"}})
}

func frame(typ byte, body string) []byte {
	p, at := wire.Begin(nil, typ)
	return wire.End(append(p, body...), at)
}

func query(text string) []byte { return wire.AppendQuery(nil, text) }

// row is a DataRow of one value.
func row(size int) []byte {
	p, at := wire.Begin(nil, wire.DataRow)
	p = append(p, 0, 1, byte(size>>24), byte(size>>16), byte(size>>8), byte(size))
	return wire.End(append(p, make([]byte, size)...), at)
}

// description describes one column of a table.
func description() []byte {
	return frame(wire.RowDescription, "\x00\x01c\x00\x00\x00\x00\x64\x00\x01\x00\x00\x00\x19\xff\xff\xff\xff\xff\xff\x00\x00")
}

func complete() []byte      { return frame(wire.CommandComplete, "OK\x00") }
func readyForQuery() []byte { return wire.AppendReadyForQuery(nil, 'I') }

func fatal(code string) []byte {
	return (&diagnostic.Diagnostic{Severity: diagnostic.Fatal, Code: code, Message: "the server says so"}).Append(nil)
}

func notice() []byte {
	d := &diagnostic.Diagnostic{Severity: "NOTICE", Code: "00000", Message: "by the way"}
	return d.Append(nil)
}

// cpu is the processor time that this process has used.
func cpu(t *testing.T) time.Duration {
	t.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// rests checks that a state costs no processor time: a loop that is told again
// and again of what it does nothing about takes all of one.
func rests(t *testing.T) {
	t.Helper()
	const over = 200 * time.Millisecond
	var used time.Duration
	for range 20 { // the collector may be at work, or the race detector
		before := cpu(t)
		time.Sleep(over) // what is measured is the time
		if used = cpu(t) - before; used < over/3 {
			return
		}
	}
	t.Errorf("%v of processor time in %v, in which nothing happens", used, over)
}
