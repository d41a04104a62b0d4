package wire

import "encoding/binary"

// AppendAuthentication appends an authentication request with a code and the data
// behind it.
func AppendAuthentication(dst []byte, code uint32, data []byte) []byte {
	dst, at := Begin(dst, Authentication)
	dst = binary.BigEndian.AppendUint32(dst, code)
	return End(append(dst, data...), at)
}

// ReadSASLInitialResponse decodes the body of a SASLInitialResponse: the mechanism
// that the client has chosen, and its first message, nil when there is none.
func ReadSASLInitialResponse(body []byte) (mechanism string, first []byte, err error) {
	r := NewReader(body)
	mechanism = string(r.String())
	first, null := r.Value()
	if !r.Done() {
		return "", nil, Violationf("invalid SASLInitialResponse")
	}
	if null {
		first = nil
	}
	return mechanism, first, nil
}

// ReadPassword decodes the body of a PasswordMessage.
func ReadPassword(body []byte) (string, error) {
	r := NewReader(body)
	password := string(r.String())
	if !r.Done() {
		return "", Violationf("invalid password packet size")
	}
	return password, nil
}
