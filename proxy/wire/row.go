package wire

// Field is one column of a RowDescription.
type Field struct {
	Name     string
	TableOID uint32 // 0 when the column is not a table's own
	Column   int16  // attribute number in that table, 0 when it is not a table's own
	TypeOID  uint32
	TypeSize int16
	TypeMod  int32
	Format   int16 // 0 text, 1 binary; 0 in the description of a statement
}

// MaxFields is the largest number of columns of a result (MaxTupleAttributeNumber
// in PostgreSQL).
const MaxFields = 1664

// ReadRowDescription decodes a RowDescription's body.
func ReadRowDescription(body []byte) ([]Field, error) {
	r := NewReader(body)
	n := int(r.Int16())
	// 19 bytes are the least that a field takes: nothing is allocated for
	// fields that cannot be there.
	if n < 0 || n > MaxFields || n*19 > len(body) {
		return nil, Violationf("invalid number of columns in a row description")
	}
	fields := make([]Field, n)
	for i := range fields {
		fields[i] = Field{
			Name:     string(r.String()),
			TableOID: uint32(r.Int32()),
			Column:   r.Int16(),
			TypeOID:  uint32(r.Int32()),
			TypeSize: r.Int16(),
			TypeMod:  r.Int32(),
			Format:   r.Int16(),
		}
	}
	if !r.Done() {
		return nil, Violationf("malformed row description")
	}
	return fields, nil
}

// ReadCommandComplete gives the tag of a CommandComplete's body.
func ReadCommandComplete(body []byte) ([]byte, error) {
	r := NewReader(body)
	tag := r.String()
	if !r.Done() {
		return nil, Violationf("malformed command tag")
	}
	return tag, nil
}

// TagRows gives the number of rows that a command tag ends with, -1 for none.
func TagRows(tag []byte) int64 {
	i := len(tag)
	for i > 0 && tag[i-1] >= '0' && tag[i-1] <= '9' {
		i--
	}
	if i == len(tag) || i == 0 || tag[i-1] != ' ' || len(tag)-i > 18 {
		return -1
	}
	var n int64
	for _, c := range tag[i:] {
		n = n*10 + int64(c-'0')
	}
	return n
}
