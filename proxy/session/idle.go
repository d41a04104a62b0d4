package session

// Idling says whether the client has to say something next, in a transaction or
// not, and when it last did: turn changes with whatever it sends.
func (s *Session) Idling() (turn uint64, idle bool) {
	return s.turn, s.phase == ready && s.question == nil && s.expect.empty() && s.clientPass == 0 && s.clientDiscard == 0 && !s.copying
}
