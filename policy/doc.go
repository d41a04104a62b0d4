// Package policy reads policy documents, compiles them and judges statements by
// them.
//
// It knows the documents' form, which connections a policy selects, and what a
// statement's facts mean to a guard. It is pure: bytes and structs in, decisions
// out. It must not know files, sockets, the wire, eBPF or a catalog.
//
// Compile makes a Bundle of documents; Bundle.Rules gives the compiled rules of
// one identity on one database; Rules.Judge answers for one text of SQL;
// Bundle.Explain says why.
package policy
