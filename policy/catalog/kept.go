package catalog

import "sync"

// keptMost bounds what is kept with a snapshot, in things made of it.
const keptMost = 256

// kept is what others have made of a snapshot.
type kept struct {
	mu   sync.Mutex
	made map[any]any
}

// Kept gives what Keep was given last for a key, nil for nothing.
func (s *Snapshot) Kept(key any) any {
	s.kept.mu.Lock()
	defer s.kept.mu.Unlock()
	return s.kept.made[key]
}

// Keep keeps what was made of the snapshot, for others who use it, and no longer than
// the snapshot itself: where definitions follow one another, each has a snapshot of its
// own. A key must be comparable. It may be forgotten at any time.
func (s *Snapshot) Keep(key, made any) {
	s.kept.mu.Lock()
	defer s.kept.mu.Unlock()
	if s.kept.made == nil || len(s.kept.made) >= keptMost {
		s.kept.made = make(map[any]any)
	}
	s.kept.made[key] = made
}
