package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/weirgate/weir/policy"
)

// policies keeps the documents in force: the last ones that were good.
type policies struct {
	paths  []string
	log    *slog.Logger
	loaded func(b *policy.Bundle, changed bool, problems policy.Diagnostics)

	bundle atomic.Pointer[policy.Bundle]
	mu     sync.Mutex // held while loading
	state  loadState
}

// loadState is what became of the last load.
type loadState struct {
	at       time.Time // when the documents in force were loaded
	problems policy.Diagnostics
}

// openPolicies loads the documents for the first time: they must be good.
func openPolicies(paths []string, loaded func(*policy.Bundle, bool, policy.Diagnostics), log *slog.Logger) (*policies, error) {
	p := &policies{paths: paths, log: log, loaded: loaded}
	if _, err := p.reload(); err != nil {
		return nil, err
	}
	return p, nil
}

// current is the bundle in force.
func (p *policies) current() *policy.Bundle { return p.bundle.Load() }

func (p *policies) status() loadState {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

// reload reads the documents again. With an error the last good ones stay.
func (p *policies) reload() (changed bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	sources, err := ReadDocuments(p.paths)
	if err != nil {
		problems := policy.Diagnostics{{Message: err.Error()}}
		p.state.problems = problems
		p.loaded(nil, false, problems)
		return false, err
	}
	bundle, problems := policy.Compile(sources, policy.WithKeys(readKey))
	p.state.problems = problems
	if len(problems) > 0 {
		p.loaded(nil, false, problems)
		return false, problems
	}
	before := p.bundle.Load()
	if before != nil && before.Same(bundle) { // keys of masks may have changed without the documents
		return false, nil
	}
	p.state.at = time.Now()
	p.loaded(bundle, before != nil, nil)
	p.bundle.Store(bundle)
	return true, nil
}

// ReadDocuments reads policy documents: files, and the *.yaml files of folders in
// the order of their names. A folder that does not exist has none.
func ReadDocuments(paths []string) ([]policy.Source, error) {
	var sources []policy.Source
	for _, path := range paths {
		files, err := documentFiles(path)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				return nil, fmt.Errorf("reading a policy document: %w", err)
			}
			sources = append(sources, policy.Source{Name: f, Data: data})
		}
	}
	return sources, nil
}

func documentFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !isDocument(path):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading policy documents: %w", err)
	case !info.IsDir():
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("reading policy documents: %w", err)
	}
	var files []string
	for _, e := range entries {
		if isDocument(e.Name()) && !strings.HasPrefix(e.Name(), ".") {
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	slices.Sort(files)
	return files, nil
}

func isDocument(name string) bool {
	return strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")
}

// readKey reads the key of a Hash mask, which nobody but its owner and group may
// be able to read.
func readKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o007 != 0 {
		return nil, fmt.Errorf("%s is open to others (mode %04o): run chmod o-rwx on it", path, info.Mode().Perm())
	}
	return os.ReadFile(path)
}

// settle is how long the files must have been left alone before they are read:
// an editor writes in several steps.
const settle = 100 * time.Millisecond

// lookAgain is how often the documents are read though nothing was noticed, for
// file systems that do not tell.
const lookAgain = 30 * time.Second

// watch reloads the documents when their files change, until ctx ends.
func (p *policies) watch(ctx context.Context) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watching files: %w", err)
	}
	defer func() { _ = w.Close() }()
	for _, path := range p.paths {
		p.watchPath(w, path)
	}
	quiet := time.NewTimer(0)
	defer quiet.Stop()
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.Events:
			quiet.Reset(settle)
		case err := <-w.Errors:
			p.log.Warn("watching the policy documents", "error", err)
			quiet.Reset(settle)
		case <-quiet.C:
			_, _ = p.reload() // told by loaded
		case <-again.C:
			for _, path := range p.paths {
				p.watchPath(w, path) // may have come into being
			}
			_, _ = p.reload()
		}
	}
}

// watchPath watches a folder, or the folder of a file: an editor replaces files.
func (p *policies) watchPath(w *fsnotify.Watcher, path string) {
	folder := path
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		folder = filepath.Dir(path)
	}
	if slices.Contains(w.WatchList(), folder) {
		return
	}
	if err := w.Add(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
		p.log.Warn("a folder of policy documents is not watched; it is read every half minute", "folder", folder, "error", err)
	}
}
