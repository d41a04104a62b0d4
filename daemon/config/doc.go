// Package config reads the configuration file of the daemon: where its policies
// are, what it captures, where it listens, and its limits.
//
// It knows the file's form and what makes a value sensible by itself. It must
// not know what any room does with a value, and it opens nothing but the file.
// Every key with its meaning and default is in docs/configuration.md.
package config
