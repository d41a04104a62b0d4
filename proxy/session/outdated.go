package session

// Decisions hold on to the catalog that they were made with, and those of prepared
// statements stay for as long as the session. Where definitions follow one another,
// each makes a catalog of its own: a session that kept the decisions of before would
// keep as many catalogs.

// LetGo lets go of what decisions hold that were made earlier and do not stand any
// more. They are made again when their statements are used.
func (s *Session) LetGo() {
	if s.judge == nil {
		return
	}
	rests := s.AtRest() && s.question == nil
	if rests {
		s.judge.LetGo()
	}
	if !s.judge.Outdated() {
		return
	}
	s.objects.letGo(s.stillDecided)
	if rests { // no portal outlives a transaction
		s.objects.letGoOfPortals(s.stillDecided)
	}
}

// outdated lets go of the decisions of prepared statements where the judge has come to
// another catalog.
func (s *Session) outdated() {
	if s.judge != nil && s.judge.Outdated() {
		s.objects.letGo(s.stillDecided)
	}
}

// bare gives a decision of which no more is left than what its text says, unless it
// stands. It is another one, since what runs has the one that there was, too.
func bare(d *Decision, stands func(*Decision) bool) *Decision {
	if d == nil || d.Private == nil || stands(d) {
		return d
	}
	b := *d
	b.Private = nil
	return &b
}

// letGo makes the decisions of statements bare that do not stand.
func (o *objects) letGo(stands func(*Decision) bool) {
	drop := func(p *prepared) {
		for ; p != nil; p = p.before {
			p.decision = bare(p.decision, stands)
		}
	}
	drop(o.unnamedStatement)
	for _, p := range o.statements {
		drop(p)
	}
}

// letGoOfPortals is letGo for portals.
func (o *objects) letGoOfPortals(stands func(*Decision) bool) {
	drop := func(p *portal) {
		for ; p != nil; p = p.before {
			p.decision = bare(p.decision, stands)
		}
	}
	drop(o.unnamedPortal)
	drop(o.spare)
	for _, p := range o.portals {
		drop(p)
	}
}
