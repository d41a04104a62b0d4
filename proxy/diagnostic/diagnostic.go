package diagnostic

import (
	"strconv"

	"github.com/weirgate/weir/proxy/wire"
)

// Severity is the level of a message, as PostgreSQL spells it.
type Severity string

// The severities that weir uses. Error ends a statement, Fatal the session.
const (
	Error   Severity = "ERROR"
	Fatal   Severity = "FATAL"
	Warning Severity = "WARNING"
	Notice  Severity = "NOTICE"
)

// SQLSTATE codes (appendix A of PostgreSQL's documentation).
const (
	ConnectionFailure        = "08006"
	ConnectionDoesNotExist   = "08003"
	UnableToConnect          = "08001"
	ProtocolViolation        = "08P01"
	FeatureNotSupported      = "0A000"
	UntranslatableCharacter  = "22P05"
	CharacterNotInRepertoire = "22021"
	ActiveTransaction        = "25001"
	InvalidAuthorization     = "28000"
	InvalidCatalogName       = "3D000"
	InsufficientPrivilege    = "42501"
	SyntaxError              = "42601"
	ReservedName             = "42939"
	ProgramLimitExceeded     = "54000"
	StatementTooComplex      = "54001"
	TooManyConnections       = "53300"
	QueryCanceled            = "57014"
	AdminShutdown            = "57P01"
	CannotConnectNow         = "57P03"
	IOError                  = "58030"
	InternalError            = "XX000"
)

// Diagnostic is one error or notice.
type Diagnostic struct {
	Severity Severity
	Code     string // SQLSTATE
	Message  string
	Detail   string // "" for none
	Hint     string // "" for none
	Position int    // in characters from 1, 0 for none
}

// Error makes a Diagnostic an error.
func (d *Diagnostic) Error() string {
	return string(d.Severity) + ": " + d.Message + " (SQLSTATE " + d.Code + ")"
}

// AsFatal is the same with severity FATAL.
func (d *Diagnostic) AsFatal() *Diagnostic {
	f := *d
	f.Severity = Fatal
	return &f
}

// Append appends the ErrorResponse or NoticeResponse to dst.
func (d *Diagnostic) Append(dst []byte) []byte {
	typ := byte(wire.ErrorResponse)
	if d.Severity == Notice || d.Severity == Warning {
		typ = wire.NoticeResponse
	}
	dst, at := wire.Begin(dst, typ)
	dst = field(dst, 'S', string(d.Severity))
	dst = field(dst, 'V', string(d.Severity))
	dst = field(dst, 'C', d.Code)
	dst = field(dst, 'M', d.Message)
	dst = field(dst, 'D', d.Detail)
	dst = field(dst, 'H', d.Hint)
	if d.Position > 0 {
		dst = field(dst, 'P', strconv.Itoa(d.Position))
	}
	return wire.End(append(dst, 0), at)
}

// field appends one field; an empty one is left out, and a NUL, which would end
// it early, is made a space.
func field(dst []byte, name byte, value string) []byte {
	if value == "" {
		return dst
	}
	dst = append(dst, name)
	for i := 0; i < len(value); i++ {
		if c := value[i]; c != 0 {
			dst = append(dst, c)
		} else {
			dst = append(dst, ' ')
		}
	}
	return append(dst, 0)
}

// Read decodes the body of an ErrorResponse or NoticeResponse that the server
// sent, as far as weir uses it.
func Read(body []byte) (Diagnostic, error) {
	var d Diagnostic
	r := wire.NewReader(body)
	for {
		f := r.Byte()
		if !r.OK() {
			return d, wire.Violationf("malformed error or notice")
		}
		if f == 0 {
			break
		}
		v := string(r.String())
		if !r.OK() {
			return d, wire.Violationf("malformed error or notice")
		}
		switch f {
		case 'V':
			d.Severity = Severity(v)
		case 'S':
			if d.Severity == "" {
				d.Severity = Severity(v)
			}
		case 'C':
			d.Code = v
		case 'M':
			d.Message = v
		case 'D':
			d.Detail = v
		case 'H':
			d.Hint = v
		case 'P':
			d.Position, _ = strconv.Atoi(v)
		}
	}
	return d, nil
}

// AppendRedacted appends the error or notice whose body is given with its
// severity and SQLSTATE only: its texts may hold values that are masked.
func AppendRedacted(dst []byte, typ byte, body []byte, rule string) ([]byte, error) {
	d, err := Read(body)
	if err != nil {
		return dst, err
	}
	dst, at := wire.Begin(dst, typ)
	dst = field(dst, 'S', string(d.Severity))
	dst = field(dst, 'V', string(d.Severity))
	dst = field(dst, 'C', d.Code)
	dst = field(dst, 'M', "the text of this message is withheld, since the statement concerns masked columns")
	dst = field(dst, 'H', "SQLSTATE "+d.Code+" says what kind of error it is. The mask is "+rule+".")
	return wire.End(append(dst, 0), at), nil
}
