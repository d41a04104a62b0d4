package wire

import "encoding/binary"

// AppendQuery appends a Query.
func AppendQuery(dst []byte, text string) []byte {
	dst, at := Begin(dst, Query)
	dst = append(append(dst, text...), 0)
	return End(dst, at)
}

// AppendBind appends a Bind of a statement to a portal, without parameters and
// with results in text.
func AppendBind(dst []byte, portal, statement string) []byte {
	dst, at := Begin(dst, Bind)
	dst = append(append(dst, portal...), 0)
	dst = append(append(dst, statement...), 0)
	dst = append(dst, 0, 0, 0, 0, 0, 0)
	return End(dst, at)
}

// AppendDescribe appends a Describe of a statement ('S') or portal ('P').
func AppendDescribe(dst []byte, what byte, name []byte) []byte {
	dst, at := Begin(dst, Describe)
	dst = append(dst, what)
	dst = append(append(dst, name...), 0)
	return End(dst, at)
}

// AppendClose appends a Close of a statement ('S') or portal ('P').
func AppendClose(dst []byte, what byte, name string) []byte {
	dst, at := Begin(dst, Close)
	dst = append(dst, what)
	dst = append(append(dst, name...), 0)
	return End(dst, at)
}

// AppendFunctionCall appends a FunctionCall without arguments.
func AppendFunctionCall(dst []byte, oid uint32) []byte {
	dst, at := Begin(dst, FunctionCall)
	dst = binary.BigEndian.AppendUint32(dst, oid)
	dst = append(dst, 0, 0, 0, 0, 0, 0)
	return End(dst, at)
}

// AppendEmpty appends a message without a body: Sync, Flush, Terminate.
func AppendEmpty(dst []byte, typ byte) []byte {
	return append(dst, typ, 0, 0, 0, 4)
}

// AppendAuthenticationOK appends an AuthenticationOk.
func AppendAuthenticationOK(dst []byte) []byte {
	return append(dst, Authentication, 0, 0, 0, 8, 0, 0, 0, 0)
}

// AppendParameterStatus appends a ParameterStatus.
func AppendParameterStatus(dst []byte, name, value string) []byte {
	dst, at := Begin(dst, ParameterStatus)
	dst = append(append(dst, name...), 0)
	dst = append(append(dst, value...), 0)
	return End(dst, at)
}

// AppendBackendKeyData appends a BackendKeyData.
func AppendBackendKeyData(dst []byte, pid uint32, key []byte) []byte {
	dst, at := Begin(dst, BackendKeyData)
	dst = binary.BigEndian.AppendUint32(dst, pid)
	dst = append(dst, key...)
	return End(dst, at)
}

// AppendReadyForQuery appends a ReadyForQuery with a transaction state.
func AppendReadyForQuery(dst []byte, status byte) []byte {
	return append(dst, ReadyForQuery, 0, 0, 0, 5, status)
}

// AppendNegotiate appends a NegotiateProtocolVersion: the newest minor version
// spoken and the options of the start-up packet that are not known.
func AppendNegotiate(dst []byte, minor int, unknown []string) []byte {
	dst, at := Begin(dst, NegotiateProtocolVersion)
	dst = binary.BigEndian.AppendUint32(dst, uint32(3<<16|minor))
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(unknown)))
	for _, o := range unknown {
		dst = append(append(dst, o...), 0)
	}
	return End(dst, at)
}
