// Package catalog reads a database's catalog into a snapshot and keeps the
// snapshots of several databases for as long as they may be used.
//
// It knows PostgreSQL's system catalogs. It must not know how a query reaches
// the server, nor what a snapshot is used for.
package catalog
