# weir: `make` lists the targets.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

# Where Go is: PATH, then where its own archive and the distributions put it (sudo
# often drops them from PATH).
GO ?= $(firstword $(shell command -v go 2>/dev/null) $(wildcard /usr/local/go/bin/go /usr/lib/go/bin/go /snap/bin/go))
export PATH := $(if $(GO),$(dir $(GO)):)$(PATH)
export CGO_ENABLED := 1

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)
WEIR := $(CURDIR)/build/weir

PREFIX ?= /usr/local
UNITDIR ?= /etc/systemd/system
FUZZTIME ?= 10s
# More flags for `go test`: make test TESTFLAGS=-race
TESTFLAGS ?=
# More flags for the programs behind demo, bench and conformance:
# make bench BENCHFLAGS="-o json"
DEMOFLAGS ?=
BENCHFLAGS ?=
CONFORMANCEFLAGS ?=

TOOL := $(GO) tool -modfile=$(CURDIR)/tools/go.mod

.PHONY: help
help: ## List the targets
	@echo "weir, a gateway for PostgreSQL that agents do not notice until a rule speaks to them."
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "On a fresh clone, make demo and make test need no other step."

.PHONY: go-check
go-check:
	@if [ -z "$(GO)" ]; then \
	  echo "Go was not found. weir needs Go $$(sed -n 's/^go //p' go.mod) or newer (any Go from 1.21 on fetches it by itself): https://go.dev/dl/" >&2; exit 1; fi
	@$(GO) env GOVERSION >/dev/null || { \
	  echo "weir needs Go $$(sed -n 's/^go //p' go.mod) or newer; $(GO) is $$(cd / && GOTOOLCHAIN=local $(GO) env GOVERSION), and could not fetch it. Get one at https://go.dev/dl/" >&2; exit 1; }

.PHONY: compiler
compiler:
	@deploy/install-packages build || { \
	  echo "Building weir needs a C compiler (see above)." >&2; exit 1; }

.PHONY: build
build: go-check compiler ## Build build/weir
	@[ -n "$$($(GO) list -f '{{.Stale}}' github.com/pganalyze/pg_query_go/v5 2>/dev/null | grep -x true)" ] && \
	  echo "Building. The first time PostgreSQL's parser is compiled too, which takes a few minutes." >&2 || true
	@$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(WEIR) ./cmd/weir
	@echo "build/weir $(VERSION)" >&2

.PHONY: generate
generate: go-check ## Rebuild what is generated and committed (needs clang-14)
	@deploy/install-packages generate
	$(GO) generate ./...

# The tests of capture need root. Where the caller is not root but may become it,
# the test programs alone run as root; where not, they are skipped, loudly.
.PHONY: test
test: build ## Run all tests, the end-to-end ones included
	@deploy/install-packages database || echo "!!! Going on without: tests that need PostgreSQL will be skipped." >&2
	@as_root=(); \
	if [ "$$(id -u)" != 0 ]; then \
	  if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; }; then \
	    as_root=(-exec "sudo -n --preserve-env=PATH,HOME,CI,WEIR_BINARY,WEIR_TEST_NO_SKIP,WEIR_TEST_POSTGRES"); \
	  else \
	    echo "!!! Not root, and sudo does not work here: tests that need root will be skipped." >&2; \
	  fi; \
	fi; \
	weir=$(WEIR); \
	if [[ " $(TESTFLAGS) " == *" -race "* ]]; then \
	  weir=$(WEIR)-race; $(GO) build -race -trimpath -ldflags '$(LDFLAGS)' -o $$weir ./cmd/weir; \
	fi; \
	WEIR_BINARY=$$weir $(GO) test -json -timeout 15m "$${as_root[@]}" $(TESTFLAGS) ./... | $(GO) run ./test/report

.PHONY: lint
lint: go-check ## Check the form: gofmt, go vet, golangci-lint
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	  [ -z "$$unformatted" ] || { echo "gofmt would change:"; echo "$$unformatted"; exit 1; }
	$(GO) vet ./...
	$(TOOL) golangci-lint run ./...

.PHONY: fuzz
fuzz: go-check compiler ## Run every fuzz target for FUZZTIME (10s), and random statements against masks for thrice that
	@deploy/install-packages database fuzz || echo "!!! Going on without: what needs PostgreSQL or sqlsmith will be skipped." >&2
	@GO=$(GO) FUZZTIME=$(FUZZTIME) test/fuzz.sh

.PHONY: demo
demo: build ## See it work: a throwaway PostgreSQL, two agents, masks, a refusal, an approval
	@deploy/install-packages database || true
	@$(GO) build -trimpath -o $(CURDIR)/build/demo ./test/demo
	@$(if $(filter 0,$(shell id -u)),,$$(command -v sudo)) $(CURDIR)/build/demo -weir $(WEIR) $(DEMOFLAGS)

.PHONY: bench
bench: build ## Compare pgbench direct, through pgbouncer and through weir
	@deploy/install-packages database bench
	@$(GO) build -trimpath -o $(CURDIR)/build/bench ./test/bench
	@$(if $(filter 0,$(shell id -u)),,$$(command -v sudo)) $(CURDIR)/build/bench -weir $(WEIR) $(BENCHFLAGS)

# What is fetched and built is the caller's; only the run itself needs root.
.PHONY: conformance
conformance: build ## Run others' tests for PostgreSQL directly and through weir, and compare
	@deploy/install-packages database conformance
	@$(GO) build -trimpath -o $(CURDIR)/build/conformance/run ./test/conformance
	@$(CURDIR)/build/conformance/run -fetch $(CONFORMANCEFLAGS)
	@$(if $(filter 0,$(shell id -u)),,$$(command -v sudo)) $(CURDIR)/build/conformance/run -weir $(WEIR) $(CONFORMANCEFLAGS)

.PHONY: install
install: ## Install build/weir, a first configuration and the systemd unit (as root; DESTDIR, PREFIX)
	@[ -x $(WEIR) ] || { echo "Run make build first." >&2; exit 1; }
	install -D -m 0755 $(WEIR) $(DESTDIR)$(PREFIX)/bin/weir
	install -d -m 0755 $(DESTDIR)/etc/weir
	install -d -m 0700 $(DESTDIR)/etc/weir/policy.d
	[ -e $(DESTDIR)/etc/weir/weir.yaml ] || install -m 0600 deploy/weir.yaml $(DESTDIR)/etc/weir/weir.yaml
	install -m 0600 deploy/policy.d/example.yaml $(DESTDIR)/etc/weir/policy.d/example.yaml.sample
	install -d -m 0755 $(DESTDIR)$(UNITDIR)
	sed 's|@bindir@|$(PREFIX)/bin|' deploy/systemd/weir.service >$(DESTDIR)$(UNITDIR)/weir.service
	chmod 0644 $(DESTDIR)$(UNITDIR)/weir.service
	@if [ -z "$(DESTDIR)" ] && [ -d /run/systemd/system ]; then \
	  systemctl daemon-reload && echo "Next: edit /etc/weir/weir.yaml, then systemctl enable --now weir"; fi

.PHONY: uninstall
uninstall: ## Stop weir, detach it from the kernel and remove what install made (PURGE=1: configuration and journal too)
	@if [ -z "$(DESTDIR)" ] && [ -d /run/systemd/system ]; then systemctl disable --now weir 2>/dev/null || true; fi
	@if [ -z "$(DESTDIR)" ] && [ -x $(PREFIX)/bin/weir ]; then $(PREFIX)/bin/weir uninstall; fi
	rm -f $(DESTDIR)$(PREFIX)/bin/weir $(DESTDIR)$(UNITDIR)/weir.service $(DESTDIR)/etc/weir/policy.d/example.yaml.sample
	@if [ "$(PURGE)" = 1 ]; then set -x; rm -rf $(DESTDIR)/etc/weir $(DESTDIR)/var/lib/weir; \
	  else echo "Kept: /etc/weir and /var/lib/weir (PURGE=1 removes them)."; fi
	@if [ -z "$(DESTDIR)" ] && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi

.PHONY: clean
clean: ## Remove what was built
	rm -rf build
