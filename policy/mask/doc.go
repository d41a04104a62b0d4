// Package mask replaces the value of one cell of a result by something that
// does not tell it and that a client can still decode as the column's type.
//
// It knows PostgreSQL's built-in types in text and binary format. It must not
// know which columns are masked, policy documents, SQL or sockets.
package mask
