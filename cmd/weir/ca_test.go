package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weirgate/weir/proxy/authority"
)

func TestCAGivesTheCertificateThatClientsAreToTrust(t *testing.T) {
	state := t.TempDir()
	cfg := filepath.Join(t.TempDir(), "weir.yaml")
	document := "apiVersion: weir.dev/v1alpha1\nkind: Config\nspec:\n  state: " + state + "\n"
	if err := os.WriteFile(cfg, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := weir(t, "", "ca", "--config", cfg); got.status == 0 || !strings.Contains(got.err, "sudo weir run") {
		t.Errorf("before the first start: status %d, %s", got.status, got.err)
	}
	made, err := authority.Open(filepath.Join(state, "ca"), authority.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := weir(t, "", "ca", "--config", cfg)
	if got.status != 0 || got.out != string(made.PEM()) {
		t.Errorf("status %d, standard output %q, want the certificate and nothing else", got.status, got.out)
	}
	if !strings.Contains(got.err, made.Fingerprint()) || !strings.Contains(got.err, "sslrootcert") {
		t.Errorf("standard error does not say what to do: %s", got.err)
	}
	var out caOutput
	if err := json.Unmarshal([]byte(weir(t, "", "ca", "-o", "json", "--config", cfg).out), &out); err != nil {
		t.Fatal(err)
	}
	if out.Fingerprint != made.Fingerprint() || !out.Until.Equal(made.NotAfter()) {
		t.Errorf("%+v", out)
	}
}
