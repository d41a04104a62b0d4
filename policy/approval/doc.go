// Package approval holds requests for a statement to be let through once: what
// exactly is asked, who decided, and what became of it.
//
// It knows a request's life and the digest that ties an approval to one exact
// statement of one identity. It must not know where requests are kept (a Store
// does) or how an approver is reached, and it must not know the wire.
package approval
