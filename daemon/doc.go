// Package daemon puts the rooms together and keeps them running: it reads the
// documents, opens what has a life (journal, store, parser, capture, listeners,
// admin API) in the order in which each can rely on the one before, and closes
// it in the other.
//
// It knows every room's door. It must not know what goes on inside one.
package daemon
