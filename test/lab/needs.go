package lab

import (
	"os"
	"testing"
)

// NoSkip is the environment variable that turns a skip for want of something into a
// failure when it is "1": CI sets it.
const NoSkip = "WEIR_TEST_NO_SKIP"

// ForTest makes a lab that is taken down at the end of the test, which fails where
// that does not succeed.
func ForTest(t testing.TB) *Lab {
	t.Helper()
	l, err := New()
	if err != nil {
		t.Fatalf("make a lab: %v", err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("take the lab down: %v", err)
		}
	})
	return l
}

// Skip skips a test loudly, or fails it where skips are refused. what begins with
// a word in capitals, "ROOT: to attach programs to cgroups".
func Skip(t testing.TB, what string) {
	t.Helper()
	if os.Getenv(NoSkip) == "1" {
		t.Fatalf("NEEDS %s (and %s=1 refuses to skip)", what, NoSkip)
	}
	t.Skip("NEEDS " + what)
}

// NeedRoot skips a test that cannot run as another user.
func NeedRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		Skip(t, "ROOT: this test makes cgroups, namespaces and eBPF programs; run `sudo make test`")
	}
}

// NeedPostgres skips a test where PostgreSQL is not installed.
func NeedPostgres(t testing.TB) {
	t.Helper()
	if _, err := PostgresBin(); err != nil {
		Skip(t, "POSTGRES: "+err.Error())
	}
}

// NeedCgroup2 skips a test where no cgroup2 file system is mounted.
func NeedCgroup2(t testing.TB) {
	t.Helper()
	if _, err := CgroupRoot(); err != nil {
		Skip(t, "CGROUP2: "+err.Error())
	}
}
