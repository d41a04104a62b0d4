package proxy_test

import "testing"

func TestTheCatalogIsReadForExplanations(t *testing.T) {
	s := newSite(t, options{})
	snap, err := s.gateway.Snapshot(t.Context(), s.bundle.Load().Database("shop"), s.database)
	must(t, err)
	if !snap.Known("public", "customers") {
		t.Error("the catalog has no table customers")
	}
	t.Run("without a login", func(t *testing.T) { snapshotless(t) })
}

func snapshotless(t *testing.T) {
	s := newSite(t, options{login: "{type: Passthrough}", rules: open})
	snap, err := s.gateway.Snapshot(t.Context(), s.bundle.Load().Database("shop"), s.database)
	must(t, err)
	if snap != nil {
		t.Error("it was read without a login")
	}
}
