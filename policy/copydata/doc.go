// Package copydata reads and rewrites the data that COPY ... TO STDOUT sends, in
// PostgreSQL's text, CSV and binary formats: it finds the fields, hands those that
// are masked to their masks, and writes what comes back as COPY itself would.
//
// It knows the formats and the options of COPY that they depend on. It must not know
// why a column is masked, the protocol's messages, sessions or sockets. How the data
// are cut into pieces makes no difference to it.
package copydata
