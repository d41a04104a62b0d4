package parser

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/weirgate/weir/policy/statement"
)

// Config says how a pool works. Zero values mean the defaults named.
type Config struct {
	// Command starts a worker: a program that calls WorkerMain. Default: this
	// binary with the argument parse-worker.
	Command []string
	Workers int           // processes, of which one is kept free of large texts; default 2
	Wait    time.Duration // how long a text waits for a free worker; default 10s
	// Deadline is the time that a text may take, once more for every 512 KiB of it;
	// default 2s. The worker is killed then.
	Deadline time.Duration
	// Memory bounds the bytes of data one worker may hold beyond what the Go
	// runtime takes to start; default 512 MiB.
	Memory int64
	// Cache is how many bytes of texts and facts are kept; 0 keeps none.
	Cache  int
	Limits statement.Limits // what Scan lets through; default statement.DefaultLimits
	// Credential is the user that workers run as. Default: nobody (65534) where
	// this process is root, its own otherwise.
	Credential *syscall.Credential
	Logger     *slog.Logger // default: discards
}

func (c Config) withDefaults() Config {
	if len(c.Command) == 0 {
		c.Command = []string{"/proc/self/exe", "parse-worker"}
	}
	if c.Workers <= 0 {
		c.Workers = 2
	}
	if c.Wait <= 0 {
		c.Wait = 10 * time.Second
	}
	if c.Deadline <= 0 {
		c.Deadline = 2 * time.Second
	}
	if c.Memory <= 0 {
		c.Memory = 512 << 20
	}
	if c.Limits == (statement.Limits{}) {
		c.Limits = statement.DefaultLimits()
	}
	if c.Credential == nil && os.Geteuid() == 0 {
		const nobody = 65534
		c.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Pool gives facts of texts. Its methods may be called from many goroutines.
type Pool struct {
	config  Config
	cache   *cache
	killers *killers
	// templates holds *statement.Template, whose memory is used again.
	templates sync.Pool

	idle    chan *worker  // workers that wait for a text
	vacant  chan struct{} // one for each worker to start
	large   chan struct{} // one for each large text under way, of which a worker is kept free
	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup

	// alive lists the processes, so that Close can end those that are busy.
	mu     sync.Mutex
	alive  map[*worker]struct{}
	closed bool

	quickDeaths                  atomic.Int64 // workers lost in a row soon after they were started
	restarts, crashes, deadlines atomic.Uint64
}

// New starts the workers and waits until the first of them runs. It fails where
// none can be started.
func New(config Config) (*Pool, error) {
	config = config.withDefaults()
	p := &Pool{
		config:  config,
		cache:   newCache(config.Cache),
		killers: newKillers(1024, time.Now),
		idle:    make(chan *worker, config.Workers),
		vacant:  make(chan struct{}, config.Workers),
		large:   make(chan struct{}, config.Workers-1),
		alive:   make(map[*worker]struct{}, config.Workers),
	}
	p.templates.New = func() any { return new(statement.Template) }
	p.ctx, p.stop = context.WithCancel(context.Background())
	for range config.Workers {
		p.vacant <- struct{}{}
	}
	first := make(chan error, 1)
	p.launch(func() { p.startWorkers(first) })
	if err := <-first; err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// startWorkers fills vacant places. It stays on one thread, because the kernel
// ends a worker when the thread that started it ends. The first result is told.
func (p *Pool) startWorkers(first chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var failures int
	for {
		select {
		case <-p.ctx.Done():
			return
		case <-p.vacant:
		}
		p.pause(backoff(int(p.quickDeaths.Load())))
		w, err := p.start()
		// That one worker does not start may be chance, on a loaded machine; that
		// three do not is not.
		if first != nil && (err == nil || failures >= 2 || p.ctx.Err() != nil) {
			first <- err
			first = nil
		}
		if err != nil {
			if p.ctx.Err() != nil {
				return
			}
			failures++
			p.config.Logger.Error("a parse worker did not start", "error", err, "failures", failures)
			p.vacant <- struct{}{} // the place is free: it was just taken out
			p.pause(backoff(failures))
			continue
		}
		failures = 0
		p.idle <- w // has room for every worker
	}
}

// start starts one worker and makes sure that it answers.
func (p *Pool) start() (*worker, error) {
	w, err := startWorker(&p.config)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.alive[w] = struct{}{}
	closed := p.closed
	p.mu.Unlock()
	if closed {
		return nil, errors.Join(ErrClosed, p.bury(w))
	}
	if r, err := w.parse("SELECT", 0, time.Now().Add(startDeadline)); err != nil || r.verdict != nil {
		return nil, errors.Join(fmt.Errorf("a parse worker does not answer: %w", errors.Join(err, r.verdict)), p.bury(w))
	}
	return w, nil
}

// A loaded machine may take a while to start a process.
const startDeadline = 20 * time.Second

// backoff grows from nothing to a second.
func backoff(failures int) time.Duration {
	return min(time.Second, 10*time.Millisecond<<min(failures, 10)) - 10*time.Millisecond
}

func (p *Pool) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.ctx.Done():
	case <-timer.C:
	}
}

// bury ends a worker for good.
func (p *Pool) bury(w *worker) error {
	p.mu.Lock()
	delete(p.alive, w)
	p.mu.Unlock()
	return w.end()
}

// A worker that is lost before this makes the next one start later.
const soon = time.Second

// replace ends a worker and has another one started.
func (p *Pool) replace(w *worker) {
	if err := p.bury(w); err != nil {
		p.config.Logger.Warn("ending a parse worker", "error", err)
	}
	p.restarts.Add(1)
	if time.Since(w.started) < soon {
		p.quickDeaths.Add(1)
	} else {
		p.quickDeaths.Store(0)
	}
	p.vacant <- struct{}{} // has room: one for each worker
}

// Close ends all workers and waits for them and for every parse under way, which
// gets ErrClosed.
func (p *Pool) Close() error {
	p.stop()
	p.mu.Lock()
	p.closed = true
	for w := range p.alive {
		// Whoever uses it sees it end; it is buried below or there. Kill says
		// only that it is gone already.
		_ = w.cmd.Process.Kill()
	}
	p.mu.Unlock()
	p.running.Wait()
	var errs []error
	for {
		select {
		case w := <-p.idle:
			errs = append(errs, p.bury(w))
		default:
			return errors.Join(errs...)
		}
	}
}

// Parse gives the facts of a text. key stands for the session's settings that
// change how a text is to be understood: facts are shared only between equal
// keys. Facts are shared, also by texts that differ in literals of which the facts
// say nothing, and must not be changed.
//
// An error is a *statement.ScanError, a *statement.SyntaxError, a
// *statement.UnsupportedError, one of this package's errors, or ctx's. With every
// one of them the text must be refused.
func (p *Pool) Parse(ctx context.Context, text, key string) (*statement.Facts, error) {
	hash := p.cache.hash(text, key)
	s := p.cache.shard(hash)
	s.mu.Lock()
	if e := s.find(hash, wholeText, text, key); e != nil {
		s.hits++
		s.mu.Unlock()
		return e.facts, e.err
	}
	s.mu.Unlock()
	facts, err := p.shared(text, key)
	if facts != nil {
		return facts, nil
	}
	s.mu.Lock()
	s.misses++
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return p.miss(ctx, hash, text, key)
}

// ParseBytes is Parse for a text in a buffer that will be used again.
func (p *Pool) ParseBytes(ctx context.Context, text []byte, key string) (*statement.Facts, error) {
	return p.Parse(ctx, view(text), key)
}

// shared scans a text and gives the facts that it shares with another of its
// template, nil where none are known. The error is a *statement.ScanError.
func (p *Pool) shared(text, key string) (*statement.Facts, error) {
	t := p.template()
	defer p.putTemplate(t)
	if err := t.Read(text, p.config.Limits); err != nil {
		return nil, err
	}
	return p.cache.shared(t, key), nil
}

func (p *Pool) template() *statement.Template {
	t, _ := p.templates.Get().(*statement.Template) // New makes nothing else
	return t
}

func (p *Pool) putTemplate(t *statement.Template) {
	t.Release()
	p.templates.Put(t)
}

// miss parses a text that was scanned and is not in the cache, or waits for the
// one who does. From here on the text is a copy of its own.
func (p *Pool) miss(ctx context.Context, hash uint64, text, key string) (*statement.Facts, error) {
	if err := p.killers.known(text); err != nil {
		return nil, err
	}
	s := p.cache.shard(hash)
	s.mu.Lock()
	if e := s.find(hash, wholeText, text, key); e != nil {
		s.mu.Unlock()
		return e.facts, e.err
	}
	f := s.findFlight(hash, text, key)
	if f == nil {
		f = &flight{text: strings.Clone(text), key: strings.Clone(key), done: make(chan struct{})}
		flightContext, abandon := context.WithCancel(p.ctx)
		f.abandon = abandon
		if !p.launch(func() { p.fly(flightContext, hash, f) }) {
			s.mu.Unlock()
			abandon()
			return nil, ErrClosed
		}
		s.addFlight(hash, f)
	}
	f.waiting++
	s.mu.Unlock()

	select {
	case <-f.done:
		return f.facts, f.err
	case <-ctx.Done():
		s.mu.Lock()
		f.waiting--
		if f.waiting == 0 {
			f.abandon() // it need not wait for a worker any more
		}
		s.mu.Unlock()
		return nil, ctx.Err()
	}
}

// launch runs f on a goroutine that Close waits for. It reports false after Close.
func (p *Pool) launch(f func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.running.Go(f)
	return true
}

// fly parses for all who wait for a flight, and keeps what the text is: under its
// template where other texts can share it.
func (p *Pool) fly(ctx context.Context, hash uint64, f *flight) {
	defer f.abandon()
	t := p.template()
	defer p.putTemplate(t)
	var r outcome
	keep := false
	if f.err = p.scan(t, f.text); f.err == nil {
		if r, f.err = p.work(ctx, f.text, t.Literals()); f.err == nil {
			f.facts, f.err = r.facts, r.verdict
			keep = true
			if r.facts != nil && r.sharing.Shared {
				p.cache.share(t, f.key, &r)
				keep = false
			}
		}
	}
	s := p.cache.shard(hash)
	s.mu.Lock()
	s.removeFlight(hash, f)
	if keep {
		s.add(newEntry(hash, f, r.bytes))
	}
	s.mu.Unlock()
	close(f.done)
}
