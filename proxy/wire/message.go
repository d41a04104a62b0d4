package wire

// Types of the messages that a client sends (protocol chapter 55.7).
const (
	Bind            = 'B'
	Close           = 'C'
	CopyData        = 'd' // also sent by the server
	CopyDone        = 'c' // also sent by the server
	CopyFail        = 'f'
	Describe        = 'D'
	Execute         = 'E'
	Flush           = 'H'
	FunctionCall    = 'F'
	Parse           = 'P'
	PasswordMessage = 'p' // and the SASL and GSS responses
	Query           = 'Q'
	Sync            = 'S'
	Terminate       = 'X'
)

// Types of the messages that a server sends.
const (
	Authentication           = 'R'
	BackendKeyData           = 'K'
	BindComplete             = '2'
	CloseComplete            = '3'
	CommandComplete          = 'C'
	CopyBothResponse         = 'W'
	CopyInResponse           = 'G'
	CopyOutResponse          = 'H'
	DataRow                  = 'D'
	EmptyQueryResponse       = 'I'
	ErrorResponse            = 'E'
	FunctionCallResponse     = 'V'
	NegotiateProtocolVersion = 'v'
	NoData                   = 'n'
	NoticeResponse           = 'N'
	NotificationResponse     = 'A'
	ParameterDescription     = 't'
	ParameterStatus          = 'S'
	ParseComplete            = '1'
	PortalSuspended          = 's'
	ReadyForQuery            = 'Z'
	RowDescription           = 'T'
)

// Codes of an authentication request, the first four bytes of its body.
const (
	AuthOK                = 0
	AuthCleartextPassword = 3
	AuthMD5Password       = 5
	AuthSASL              = 10
	AuthSASLContinue      = 11
	AuthSASLFinal         = 12
)

// Transaction states of a ReadyForQuery.
const (
	TxIdle   = 'I'
	TxActive = 'T'
	TxFailed = 'E'
)

// FromClient says whether typ is a message that a client may send once its
// session has started.
func FromClient(typ byte) bool {
	switch typ {
	case Bind, Close, CopyData, CopyDone, CopyFail, Describe, Execute, Flush, FunctionCall,
		Parse, PasswordMessage, Query, Sync, Terminate:
		return true
	}
	return false
}

// FromServer says whether typ is a message that a server may send.
func FromServer(typ byte) bool {
	switch typ {
	case Authentication, BackendKeyData, BindComplete, CloseComplete, CommandComplete,
		CopyBothResponse, CopyInResponse, CopyOutResponse, CopyData, CopyDone, DataRow,
		EmptyQueryResponse, ErrorResponse, FunctionCallResponse, NegotiateProtocolVersion,
		NoData, NoticeResponse, NotificationResponse, ParameterDescription, ParameterStatus,
		ParseComplete, PortalSuspended, ReadyForQuery, RowDescription:
		return true
	}
	return false
}
