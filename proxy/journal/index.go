package journal

type index struct{}

func newIndex(j *Journal) *index { return &index{} }
func (x *index) close() error    { return nil }
func (x *index) forget(s string) {}
