package parser

import (
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// stackLimit is what each of a worker's threads has. The deepest text that
	// Scan lets through takes less than a tenth of it.
	stackLimit = 16 << 20
	// runtimeData is what the Go runtime, the threads' stacks and the program's
	// own data take of RLIMIT_DATA, measured at below 200 MiB.
	runtimeData = 256 << 20
	// runtimeSpace is the address space that the Go runtime and the C library
	// reserve without using it, measured at below 1.5 GiB.
	runtimeSpace = 3 << 30
)

// WorkerMain is a worker process from its start to its end; it returns the exit
// status. Pool starts it twice over: the first time it gives up what a parser
// does not need and executes its own program again, so that all threads start
// under the limits; the second time it closes the system calls and parses.
//
// It works on descriptors 0 and 1 only, and refuses to run unless a Pool started
// it.
func WorkerMain() int {
	memory, stage, err := readStage(os.Getenv(stageVariable))
	switch {
	case err != nil:
	case stage == 1:
		err = confine(memory)
	default:
		err = serve(memory)
	}
	if err != nil {
		// Standard error is usually closed; a person who runs it by hand sees why.
		fmt.Fprintln(os.Stderr, "weir parse-worker:", err)
		return 1
	}
	return 0
}

func readStage(value string) (memory int64, stage int, err error) {
	text, number, ok := strings.Cut(value, ":")
	if ok {
		memory, err = strconv.ParseInt(text, 10, 64)
	}
	if !ok || err != nil || memory <= 0 || number != "1" && number != "2" {
		return 0, 0, errors.New("this command is weir's own; it is started by weir run")
	}
	return memory, int(number[0] - '0'), nil
}

// confine sets the limits and executes the program again under them. It returns
// only an error.
func confine(memory int64) error {
	// That no new privileges are to be had is an attribute of the thread, which
	// must be the one that executes the program.
	runtime.LockOSThread()
	limits := []struct {
		name     string
		resource int
		value    uint64
	}{
		{"stack", unix.RLIMIT_STACK, stackLimit},
		{"data", unix.RLIMIT_DATA, uint64(memory) + runtimeData},
		{"address space", unix.RLIMIT_AS, uint64(memory) + runtimeSpace},
		{"core file", unix.RLIMIT_CORE, 0},
		{"file size", unix.RLIMIT_FSIZE, 0},
		{"message queue", unix.RLIMIT_MSGQUEUE, 0},
		{"locked memory", unix.RLIMIT_MEMLOCK, 0},
		{"descriptors", unix.RLIMIT_NOFILE, 64},
	}
	for _, l := range limits {
		// syscall.Setrlimit, so that the runtime does not put back the number of
		// descriptors that it found at its start when it executes a program.
		if err := syscall.Setrlimit(l.resource, &syscall.Rlimit{Cur: l.value, Max: l.value}); err != nil {
			return fmt.Errorf("limit the %s: %w", l.name, err)
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up new privileges: %w", err)
	}
	if err := unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC); err != nil && !errors.Is(err, unix.ENOSYS) {
		return fmt.Errorf("close inherited descriptors: %w", err)
	}
	environment := []string{
		stageVariable + "=" + strconv.FormatInt(memory, 10) + ":2",
		"GOMAXPROCS=1",
		"GOTRACEBACK=none",
		// Otherwise the runtime keeps files of its cgroup open.
		"GODEBUG=containermaxprocs=0,updatemaxprocs=0",
	}
	err := syscall.Exec("/proc/self/exe", os.Args, environment)
	return fmt.Errorf("execute the program again: %w", err)
}

// serve parses until the daemon closes the pipe.
func serve(memory int64) error {
	runtime.LockOSThread()
	os.Clearenv()
	// Collect garbage before the limit is reached, and leave the C library a share.
	debug.SetMemoryLimit(memory / 2)
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("close the memory to others of the same user: %w", err)
	}
	if err := closeSystemCalls(); err != nil {
		return fmt.Errorf("close the system calls: %w", err)
	}
	return RunWorker(&eager{file: os.NewFile(0, "requests")}, os.NewFile(1, "responses"))
}
