package session

// HasOutput says that TakeClient or TakeServer would give bytes.
func (s *Session) HasOutput() bool { return len(s.toClient)+len(s.toServer) > 0 }
