package upstream

import (
	"crypto/x509"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// maxRoots is how many files of authorities are kept.
const maxRoots = 256

// Roots keeps files of certificate authorities that were read, for as long as
// they do not change. It is safe for concurrent use. A nil Roots keeps nothing.
type Roots struct {
	mu    sync.Mutex
	files map[string]rootFile
}

// rootFile is a file as it was when it was read.
type rootFile struct {
	state fileState
	pool  *x509.CertPool
}

// fileState tells one content of a path from another.
type fileState struct {
	device, inode  uint64
	size           int64
	modified, ctim unix.Timespec
}

// settled is how old a change must be before what was read counts as the file's
// content: clocks of file systems are coarse, and a change within one tick of the
// one before would not show.
const settled = 2 * time.Second

// NewRoots makes an empty one.
func NewRoots() *Roots { return &Roots{files: make(map[string]rootFile)} }

// Load is LoadRoots, done again only when the file has changed.
func (r *Roots) Load(path string) (*x509.CertPool, error) {
	if r == nil {
		return LoadRoots(path)
	}
	state, err := stateOf(path)
	if err != nil {
		return nil, fmt.Errorf("reading the caFile: %w", err)
	}
	r.mu.Lock()
	known, ok := r.files[path]
	r.mu.Unlock()
	if ok && known.state == state {
		return known.pool, nil
	}
	pool, err := LoadRoots(path)
	if err != nil {
		return nil, err
	}
	if time.Since(time.Unix(state.ctim.Unix())) < settled {
		return pool, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.files) >= maxRoots {
		clear(r.files)
	}
	// The state is that from before reading: if the file was changed meanwhile, the
	// next look sees another one.
	r.files[path] = rootFile{state, pool}
	return pool, nil
}

func stateOf(path string) (fileState, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return fileState{}, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	return fileState{st.Dev, st.Ino, st.Size, st.Mtim, st.Ctim}, nil
}
