package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

const (
	maxBody        = 2 << 20 // of a request; a statement to explain is at most 1 MiB, escaped
	maxConnections = 128
	requestTimeout = 60 * time.Second // for everything but a stream of records
	writeTimeout   = 30 * time.Second // for one write to a peer that does not read
)

// Options say where the API is and what it serves. A source that is nil makes
// its endpoints answer 503.
type Options struct {
	Socket string // path of the Unix socket
	Group  string // name or number; its members may use the socket besides root
	// OpenFolder makes the socket's folder 0755 instead of 0750, when it is made:
	// for a folder in which other sockets are for everybody.
	OpenFolder bool
	Version    string
	Logger     *slog.Logger // nil discards

	Status      StatusSource
	Sessions    SessionSource
	Records     RecordSource
	Approvals   ApprovalSource
	Policy      PolicySource
	Replay      ReplaySource
	Patterns    PatternSource
	Connections ConnectionSource
}

// Server answers on the socket.
type Server struct {
	options Options
	access  access
	socket  *socket
	http    *http.Server
	logger  *slog.Logger

	base   context.Context // of every request; ends streams when the server stops
	cancel context.CancelFunc
}

// Listen makes the socket; clients can connect from then on and are answered
// once Serve runs.
func Listen(o Options) (*Server, error) {
	group, err := resolveGroup(o.Group)
	if err != nil {
		return nil, err
	}
	mode := os.FileMode(0o750)
	if o.OpenFolder {
		mode = 0o755
	}
	socket, err := listen(o.Socket, group, mode)
	if err != nil {
		return nil, err
	}
	s := &Server{
		options: o,
		access:  access{own: uint32(os.Geteuid()), group: group, name: o.Group},
		socket:  socket,
		logger:  o.Logger,
	}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	s.base, s.cancel = context.WithCancel(context.Background())
	s.http = &http.Server{
		Handler:           s.guard(s.routes()),
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(s.logger.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return s.base },
		ConnContext:       s.attest,
	}
	return s, nil
}

// Serve answers until ctx ends, then lets running requests finish for a moment
// and removes the socket. It returns nil when ctx ended.
func (s *Server) Serve(ctx context.Context) error {
	defer s.socket.remove()
	done := make(chan error, 1)
	go func() {
		done <- s.http.Serve(&boundedListener{Listener: s.socket, slots: make(chan struct{}, maxConnections), closed: make(chan struct{})})
	}()
	select {
	case err := <-done:
		s.cancel()
		return fmt.Errorf("serving the admin socket: %w", err)
	case <-ctx.Done():
	}
	s.socket.remove()
	s.cancel() // ends streams of records
	ending, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := s.http.Shutdown(ending); err != nil {
		_ = s.http.Close()
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving the admin socket: %w", err)
	}
	return nil
}

// Close takes the socket away without serving it.
func (s *Server) Close() error {
	s.socket.remove()
	s.cancel()
	return errors.Join(s.socket.Close(), s.http.Close())
}

type peerKey struct{}

// attestation is who a connection belongs to; err says why nobody knows.
type attestation struct {
	peer Peer
	err  error
}

// attest notes the peer's credentials once for the whole connection: they are
// those of connect(2) and do not change.
func (s *Server) attest(ctx context.Context, conn net.Conn) context.Context {
	var a attestation
	if bounded, ok := conn.(*boundedConn); ok {
		conn = bounded.Conn
	}
	unixConn, ok := conn.(*net.UnixConn)
	if !ok {
		a.err = fmt.Errorf("a connection of type %T has no peer credentials", conn)
	} else {
		a.peer, a.err = readPeer(unixConn)
	}
	return context.WithValue(ctx, peerKey{}, a)
}

func peerOf(r *http.Request) Peer {
	a, _ := r.Context().Value(peerKey{}).(attestation)
	return a.peer
}

// guard lets only those in who may use the socket, and bounds what a request
// can cost.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Weir-Version", s.options.Version)
		a, ok := r.Context().Value(peerKey{}).(attestation)
		if !ok || a.err != nil || !s.access.allows(a.peer) {
			s.logger.Warn("admin request refused", "peer", a.peer.String(), "pid", a.peer.PID, "path", r.URL.Path, "error", a.err)
			w.Header().Set("Connection", "close")
			s.fail(w, Forbidden(s.access.hint(), "%s may not use weir's admin socket", a.peer))
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Now().Add(requestTimeout))
		_ = control.SetWriteDeadline(time.Now().Add(requestTimeout + writeTimeout))
		next.ServeHTTP(w, r)
	})
}

// endpoint is a handler whose result becomes the JSON of the answer.
type endpoint func(r *http.Request) (any, error)

func (s *Server) answer(e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
		defer cancel()
		result, err := e(r.WithContext(ctx))
		if err != nil {
			s.fail(w, err)
			return
		}
		body, err := json.Marshal(result)
		if err != nil {
			s.fail(w, fmt.Errorf("encoding the answer: %w", err))
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(append(body, '\n')) // a peer that has gone needs no answer
	})
}

func (s *Server) fail(w http.ResponseWriter, err error) {
	e := asError(err)
	if e.Status >= http.StatusInternalServerError {
		s.logger.Warn("admin request failed", "error", err)
	}
	body, err := json.Marshal(e)
	if err != nil {
		body = []byte(`{"error":"the answer could not be encoded"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.Status)
	_, _ = w.Write(append(body, '\n'))
}

// decode reads the JSON of a request strictly; an empty body leaves into as it is.
func decode(r *http.Request, into any) error {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err == nil && decoder.More() {
		err = errors.New("something follows the JSON value")
	}
	if err == nil {
		return nil
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return Invalid("", "the request is not understood: %v", err)
}

// boundedListener keeps at most cap(slots) connections open; others wait in the
// kernel's queue.
type boundedListener struct {
	net.Listener
	slots  chan struct{}
	closed chan struct{}
	once   sync.Once
}

func (l *boundedListener) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &boundedConn{Conn: conn, release: func() { <-l.slots }}, nil
}

func (l *boundedListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type boundedConn struct {
	net.Conn
	once    sync.Once
	release func()
}

func (c *boundedConn) Close() error {
	c.once.Do(c.release)
	return c.Conn.Close()
}
