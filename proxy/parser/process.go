package parser

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// worker is one process. Only the goroutine that took it from the pool uses it.
type worker struct {
	cmd     *exec.Cmd
	in      *os.File // requests
	out     *os.File // responses
	reader  *bufio.Reader
	look    func() // for a response, for a moment
	buf     []byte
	started time.Time
	exited  chan struct{} // closed once the process is gone and was waited for
}

// stageVariable is all of a worker's environment: what it is to confine itself to.
// It has the form "<memory in bytes>:<stage>".
const stageVariable = "WEIR_PARSE_WORKER"

func startWorker(c *Config) (*worker, error) {
	childIn, in, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a worker's pipe: %w", err)
	}
	out, childOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a worker's pipe: %w", err), childIn.Close(), in.Close())
	}
	cmd := exec.Command(c.Command[0], c.Command[1:]...)
	cmd.Stdin, cmd.Stdout = childIn, childOut
	cmd.Dir = "/"
	cmd.Env = []string{stageVariable + "=" + strconv.FormatInt(c.Memory, 10) + ":1"}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Pdeathsig:  syscall.SIGKILL,
		Setpgid:    true, // a terminal's Ctrl-C is for the daemon alone
		Credential: c.Credential,
	}
	err = cmd.Start()
	closed := errors.Join(childIn.Close(), childOut.Close())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start a parse worker: %w", err), closed, in.Close(), out.Close())
	}
	w := &worker{cmd: cmd, in: in, out: out, reader: bufio.NewReaderSize(out, 32<<10), started: time.Now(), exited: make(chan struct{})}
	go func() {
		defer close(w.exited)
		// How it ended does not matter: it was killed, or its text is blamed.
		_ = cmd.Wait()
	}()
	if w.look, err = looker(out); err != nil {
		return nil, errors.Join(err, w.end())
	}
	return w, nil
}

// looker gives what looks for bytes in a pipe where that is worth it.
func looker(pipe *os.File) (look func(), err error) {
	raw, err := pipe.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("look at a worker's pipe: %w", err)
	}
	var s spinner
	spin := func(fd uintptr) { s.spin(int(fd)) }
	alone := runtime.GOMAXPROCS(0) == 1 // the worker needs the processor
	return func() {
		if !alone && s.worth() {
			_ = raw.Control(spin) // what is wrong with the pipe is seen when it is read
		}
	}, nil
}

// dead says that the process ended while nobody used it.
func (w *worker) dead() bool {
	select {
	case <-w.exited:
		return true
	default:
		return false
	}
}

// errUndelivered says that a worker was gone before it had the whole text, which
// therefore is not to blame.
var errUndelivered = errors.New("the worker did not take the text")

// How large a worker's buffer may stay between texts.
const keptBuffer = 256 << 10

// parse sends one text, whose template marks so many literals, and reads what the
// worker says. err is what went wrong with the worker, which is then of no more use.
func (w *worker) parse(text string, literals int, deadline time.Time) (outcome, error) {
	if err := errors.Join(w.in.SetWriteDeadline(deadline), w.out.SetReadDeadline(deadline)); err != nil {
		return outcome{}, fmt.Errorf("set a worker's deadline: %w", err)
	}
	w.buf = binary.BigEndian.AppendUint32(w.buf[:0], uint32(len(text)))
	w.buf = append(w.buf, text...)
	if _, err := w.in.Write(w.buf); err != nil {
		if errors.Is(err, syscall.EPIPE) {
			err = errors.Join(errUndelivered, err)
		}
		return outcome{}, fmt.Errorf("write to a worker: %w", err)
	}
	w.look()
	var err error
	w.buf, err = readFrame(w.reader, w.buf, longestResponse(len(text)))
	if err != nil {
		return outcome{}, fmt.Errorf("read from a worker: %w", err)
	}
	if w.reader.Buffered() > 0 {
		return outcome{}, fmt.Errorf("%w: more than one", errResponse)
	}
	r, err := answer(w.buf, extent{len(text), literals})
	if cap(w.buf) > keptBuffer {
		w.buf = nil
	}
	return r, err
}

// end kills the process and waits until it is gone.
func (w *worker) end() error {
	err := w.cmd.Process.Kill()
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	<-w.exited
	return errors.Join(err, w.in.Close(), w.out.Close())
}
