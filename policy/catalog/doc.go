// Package catalog holds what a database said about its relations, types and
// functions at one moment.
//
// It knows the shape of PostgreSQL's system catalogs and of the rule trees in
// them. It is pure: it must not know connections, SQL text, policies or masks.
package catalog
