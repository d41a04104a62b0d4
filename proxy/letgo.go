package proxy

import (
	"time"

	"github.com/weirgate/weir/proxy/session"
)

// letGoEvery is how often sessions are asked to let go of catalogs that are not the
// newest any more. A session that is idle would keep the one that it was last judged
// with: at 10,000 tables some 10 MB, of its own where definitions follow one another.
const letGoEvery = 5 * time.Second

// letGo asks all sessions, and again later.
func (g *Gateway) letGo() {
	for _, ask := range g.registry.holders() {
		ask()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.waited {
		g.letsGo = time.AfterFunc(letGoEvery, g.letGo)
	}
}

// letGo has the session let go of its catalog where there is a newer one.
func (v *visit) letGo() {
	if v.judge.behind() {
		v.connection.Locked(func(s *session.Session) { s.LetGo() })
	}
}

// Outdated says, once, that the session is judged with another catalog than before.
func (j *judge) Outdated() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	was := j.outdated
	j.outdated = false
	return was
}

// behind says that the session is not judged with the newest catalog.
func (j *judge) behind() bool {
	newest := j.catalog.Newest()
	j.mu.Lock()
	defer j.mu.Unlock()
	return newest != nil && j.standing.snapshot != nil && j.standing.snapshot != newest
}

// LetGo has the catalog read, or found, again with the next statement, if there is a newer
// one.
func (j *judge) LetGo() {
	if !j.behind() {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.standing = &standing{bundle: j.standing.bundle, rules: j.standing.rules, unread: true}
	j.outdated = true
}
