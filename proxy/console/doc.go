// Package console is the operator's way in: an HTTP API with JSON on a Unix
// socket, the client that the commands use, and the metrics that Prometheus
// reads.
//
// It knows who may ask (the peer's credentials as the kernel gives them, on
// every connection), the form of requests and answers, and their limits. What it
// serves comes through the small interfaces in sources.go. It must not know
// eBPF, the PostgreSQL wire, or how anything that it shows came about.
package console
