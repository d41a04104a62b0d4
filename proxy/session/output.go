package session

// ClientBytes is how many bytes TakeClient would give.
func (s *Session) ClientBytes() int { return len(s.toClient) }

// HasOutput says that TakeClient or TakeServer would give bytes.
func (s *Session) HasOutput() bool { return len(s.toClient)+len(s.toServer) > 0 }
