// Package function knows PostgreSQL's own functions: which of them do nothing but
// compute from their arguments and the catalog, and which reach something else, and
// what.
//
// The list of the first, harmless.txt, is that of pg_proc in the schema pg_catalog of
// PostgreSQL 12.22, 13.23, 14.23, 15.18, 16.14, 17.10 and 18.4 without those of the
// table in reaching.go. A function in neither is one that these versions do not have:
// it is unknown, not harmless.
//
// It knows names and how many arguments a call has. It must not know catalogs, texts
// or policies. What a call of a function of a user, an extension or a type does
// inside is not here, but for the extensions in extension.go.
package function
