package config

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// spec indents the body of a spec and puts a correct head in front of it.
func spec(lines ...string) string {
	return "apiVersion: weir.dev/v1alpha1\nkind: Config\nspec:\n  " + strings.Join(lines, "\n  ") + "\n"
}

func TestEveryMistakeIsNamedWithItsPlace(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string // in order; all that is reported
	}{
		{"an empty file", "", []string{"w.yaml: the file is empty; a first one could be:\n\n" + Example}},
		{"comments only", "# later\n", []string{"w.yaml: the file is empty; a first one could be:\n\n" + Example}},
		{"no YAML", "spec: [1\n", []string{"w.yaml:2:1: not YAML: did not find expected ',' or ']' (while parsing a flow sequence)"}},
		{"a tab", "spec:\n\tstate: /x\n", []string{"w.yaml:2:1: not YAML: found character that cannot start any token (while scanning for the next token)"}},
		{"a list at the top", "- a\n", []string{"w.yaml:1:1: is a list, keys with values are expected"}},
		{"no head", "spec: {}\n", []string{
			"w.yaml:1:1: apiVersion: is missing: begin the file with apiVersion: weir.dev/v1alpha1",
			"w.yaml:1:1: kind: is missing: write kind: Config",
		}},
		{"a policy document", "apiVersion: weir.dev/v1alpha1\nkind: Policy\n", []string{
			"w.yaml:2:7: kind: a Policy document is not a configuration: put it into a file that the configuration's spec.policies names",
		}},
		{"another version", "apiVersion: weir.dev/v2\nkind: config\n", []string{
			`w.yaml:1:13: apiVersion: "weir.dev/v2" is not known: this weir reads weir.dev/v1alpha1`,
			`w.yaml:2:7: kind: "config" is not known here; did you mean "Config"?`,
		}},
		{"two documents", spec("state: /s") + "---\na: 1\n", []string{
			"w.yaml:5:1: a second document: one file holds one configuration; Database and Policy documents belong in the files that spec.policies names",
		}},
		{"a mistyped key", spec("polices: [/p]", "capture: {port: [1]}"), []string{
			`w.yaml:4:3: spec.polices: unknown key; did you mean "policies"?`,
			`w.yaml:5:13: spec.capture.port: unknown key; did you mean "ports"?`,
		}},
		{"a key of nothing near", spec("admin: {zzzzzz: 1}"), []string{
			"w.yaml:4:11: spec.admin.zzzzzz: unknown key; known here: socket, group",
		}},
		{"a key twice", spec("state: /a", "state: /b"), []string{"w.yaml:5:3: spec.state: is set twice, first in line 4"}},
		{"a key without a value", spec("state:"), []string{"w.yaml:4:9: spec.state: has no value: write one, or remove the key to have the default"}},
		{"aliases and merges", spec("state: &s /a", "log: {<<: *s}"), []string{
			"w.yaml:4:10: spec.state: anchors and aliases are not supported: write the value out",
			"w.yaml:5:9: spec.log: anchors, merges and keys that are not plain words are not supported",
		}},
		{"wrong kinds of value", spec("policies: /p", "state: [a]", "admin: 3", "listen: {a: b}"), []string{
			"w.yaml:4:13: spec.policies: is a single value, a list is expected: [a, b]",
			"w.yaml:5:10: spec.state: is a list, a single value is expected",
			"w.yaml:6:10: spec.admin: is a single value, keys with values are expected",
			"w.yaml:7:11: spec.listen: is a mapping, a list is expected: [a, b]",
		}},
		{"a choice in the wrong case", spec("unmatched: observe", "clientTLS: Maybe"), []string{
			`w.yaml:4:14: spec.unmatched: "observe" is not a choice; did you mean "Observe"?`,
			`w.yaml:5:14: spec.clientTLS: "Maybe" is not a choice; known here: Offer, Require, Off`,
		}},
		{"bad networks", spec("capture: {networks: [10.0.3.1/24, crm], exclude: ['::/129']}"), []string{
			`w.yaml:4:24: spec.capture.networks[0]: "10.0.3.1/24" has bits set behind its prefix: write 10.0.3.0/24 for the network or 10.0.3.1 for the one address`,
			`w.yaml:4:37: spec.capture.networks[1]: "crm" is not a network: write an address or a CIDR, such as 10.0.3.0/24`,
			`w.yaml:4:53: spec.capture.exclude[0]: "::/129" is not a network: write an address or a CIDR, such as 10.0.3.0/24`,
		}},
		{"bad ports", spec("capture: {ports: [0, 65536, 5432, 5432, x]}"), []string{
			`w.yaml:4:21: spec.capture.ports[0]: "0" is not a port: write a number from 1 to 65535`,
			`w.yaml:4:24: spec.capture.ports[1]: "65536" is not a port: write a number from 1 to 65535`,
			`w.yaml:4:37: spec.capture.ports[3]: port 5432 is named twice`,
			`w.yaml:4:43: spec.capture.ports[4]: "x" is not a port: write a number from 1 to 65535`,
		}},
		{"a network that is captured and excluded", spec("capture: {networks: [10.0.0.0/8], exclude: [10.0.0.0/8]}"), []string{
			"w.yaml:4:47: spec.capture.exclude[0]: 10.0.0.0/8 is in capture.networks as well",
		}},
		{"the listeners' own port", spec("capture: {ports: [5432, 18543]}"), []string{
			"w.yaml:4:27: spec.capture.ports[1]: port 18543 is the port of weir's own listeners: choose another capture.listenerPort to capture it",
		}},
		{"no ports", spec("capture: {ports: []}"), []string{"w.yaml:4:20: spec.capture.ports: is empty: name the databases' ports, or set capture.mode: Off"}},
		{"nothing can reach weir", spec("capture: {mode: Off}"), []string{
			"w.yaml:4:19: spec.capture.mode: with capture off and no entry in spec.listen nothing can reach weir: add a listener, or remove this",
		}},
		{"paths that leave their folder", spec("capture: {cgroup: ../x, pins: /sys/fs/bpf/weir}"), []string{
			`w.yaml:4:21: spec.capture.cgroup: "../x" is not a plain path below the cgroup2 mount: write it without a leading or trailing slash and without ".."`,
			`w.yaml:4:33: spec.capture.pins: "/sys/fs/bpf/weir" is not the name of a folder: use letters, digits, "-" and "_", such as weir`,
		}},
		{"cgroups", spec("capture:", "  cgroups:", "  - {path: a, action: Pass}", "  - {path: /b, action: pass}", "  - {path: /b, action: Deny}", "  - {action: Deny}", "  - {path: /c}"), []string{
			`w.yaml:6:14: spec.capture.cgroups[0].path: "a" is not a cgroup's path: write it from the cgroup2 root, such as /system.slice/backup.service`,
			`w.yaml:7:26: spec.capture.cgroups[1].action: "pass" is not a choice; did you mean "Pass"?`,
			`w.yaml:8:14: spec.capture.cgroups[2].path: /b is named twice`,
			`w.yaml:9:7: spec.capture.cgroups[3].path: is missing: name the cgroup, such as path: /system.slice/backup.service`,
			`w.yaml:10:7: spec.capture.cgroups[4].action: is missing: write one of Redirect, Pass, Deny`,
		}},
		{"listeners", spec("listen:", "- {}", "- {name: A B, address: 0.0.0.0:6432, database: crm}", "- {name: c, address: crm, database: crm}", "- {name: c, address: '127.0.0.1:1', mode: '0600', database: crm}", "- {name: d, network: udp, address: x, database: crm}"), []string{
			"w.yaml:5:5: spec.listen[0].name: is missing: add one, such as name: crm",
			"w.yaml:5:5: spec.listen[0].database: is missing: name the Database document that its clients are to reach",
			"w.yaml:5:5: spec.listen[0].address: is missing: write one, such as 127.0.0.1:6432 or, with network: unix, /run/weir/.s.PGSQL.5432",
			`w.yaml:6:12: spec.listen[1].name: "A B" is not a name: use lower case letters, digits, "-" and ".", at most 63`,
			"w.yaml:6:26: spec.listen[1].address: 0.0.0.0:6432 is not a loopback address: callers on other hosts cannot be attested, so they are not served",
			`w.yaml:7:24: spec.listen[2].address: "crm" is not an address: write one with a port, such as 127.0.0.1:6432 or [::1]:6432`,
			`w.yaml:8:12: spec.listen[3].name: "c" is the name of another listener`,
			"w.yaml:8:45: spec.listen[3].mode: is for Unix sockets only",
			`w.yaml:9:24: spec.listen[4].network: "udp" is not a choice; known here: tcp, unix`,
		}},
		{"a socket's path that the kernel cannot hold", spec("admin: {socket: /" + strings.Repeat("a", 107) + "}"), []string{
			"w.yaml:4:19: spec.admin.socket: /" + strings.Repeat("a", 107) + " is 108 bytes long; a Unix socket's path has at most 107",
		}},
		{"sizes", spec("parser: {memory: 512MB, cache: -1, maxStatement: 9999999Ti}", "limits: {message: 1Ki}", "journal: {segment: many}"), []string{
			`w.yaml:4:20: spec.parser.memory: "512MB" is not a size, MB is no unit of it: use Ki, Mi, Gi or Ti (powers of 1024), such as 512Mi`,
			`w.yaml:4:34: spec.parser.cache: "-1" is not a size: write a number of bytes, or one with Ki, Mi, Gi or Ti, such as 64Mi`,
			`w.yaml:4:52: spec.parser.maxStatement: "9999999Ti" is too large for a size`,
			`w.yaml:5:21: spec.limits.message: 1Ki is out of range: from 64Ki to 1Gi`,
			`w.yaml:6:22: spec.journal.segment: "many" is not a size: write a number of bytes, or one with Ki, Mi, Gi or Ti, such as 64Mi`,
		}},
		{"durations", spec("parser: {deadline: 5}", "journal: {retention: -3h}"), []string{
			`w.yaml:4:22: spec.parser.deadline: "5" is not a duration: write a number with a unit, such as 500ms, 2s, 15m, 24h or 30d`,
			`w.yaml:5:24: spec.journal.retention: "-3h" is not a duration: write a number with a unit, such as 500ms, 2s, 15m, 24h or 30d`,
		}},
		{"timeouts", spec("limits: {loginTimeout: 11m, idleTimeout: 5ms, idleInTransactionTimeout: 0s}", "keepAlive: {idle: 10h, interval: 0s, count: 0}"), []string{
			"w.yaml:4:26: spec.limits.loginTimeout: 11m0s is out of range: from 1s to 10m0s",
			"w.yaml:4:44: spec.limits.idleTimeout: 5ms is out of range: from 1s to 8784h0m0s, or 0s for never",
			"w.yaml:5:21: spec.keepAlive.idle: 10h0m0s is out of range: from 1s to 9h6m7s, or 0s for never",
			"w.yaml:5:36: spec.keepAlive.interval: 0s is out of range: from 1s to 9h6m7s",
			"w.yaml:5:47: spec.keepAlive.count: 0 is out of range: from 1 to 127",
		}},
		{"counts", spec("parser: {workers: 0}", "limits: {sessions: many}"), []string{
			"w.yaml:4:21: spec.parser.workers: 0 is out of range: from 1 to 256",
			`w.yaml:5:22: spec.limits.sessions: "many" is not a whole number`,
		}},
		{"no policies while everything is denied", spec("policies: []"), []string{
			"w.yaml:4:13: spec.policies: is empty while unmatched is Deny, so that every connection would be refused: name a file or a folder, or set unmatched: Observe",
		}},
		{"metrics without a port", spec("metrics: {listen: localhost}"), []string{
			`w.yaml:4:21: spec.metrics.listen: "localhost" is not an address: write one with a port, such as 127.0.0.1:9187 or [::]:9187`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			config, err := Parse("w.yaml", []byte(c.text))
			if err == nil {
				t.Fatalf("accepted: %+v", config)
			}
			var problems Problems
			if !errors.As(err, &problems) {
				t.Fatalf("is %T, not Problems: %v", err, err)
			}
			var got []string
			for _, p := range problems {
				got = append(got, p.String())
			}
			sortedWant := append([]string(nil), c.want...)
			sortedGot := append([]string(nil), got...)
			if !sameSet(sortedGot, sortedWant) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(c.want, "\n  "))
			}
		})
	}
}

func sameSet(a, b []string) bool {
	count := make(map[string]int)
	for _, s := range a {
		count[s]++
	}
	for _, s := range b {
		count[s]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

func TestAFileThatSetsEverything(t *testing.T) {
	text := spec(
		"policies: [policy.d, /abs/p.yaml]",
		"unmatched: Observe",
		"state: state",
		"capture:",
		"  mode: Transparent",
		"  cgroup: agents/bots",
		"  ports: [5432, 6543]",
		"  networks: [10.0.0.0/8, '2001:db8::/32', 192.0.2.1]",
		"  exclude: [10.1.0.0/16]",
		"  pins: weir-test",
		"  listenerPort: 18544",
		"  default: Deny",
		"  cgroups: [{path: /system.slice/foo.service, action: Pass}]",
		"listen:",
		"- {name: crm, network: tcp, address: '127.0.0.1:6432', database: crm}",
		"- {name: local, network: unix, address: .s.PGSQL.5432, mode: 0660, database: crm}",
		"- {name: open, network: unix, address: /x, database: crm}",
		"clientTLS: Require",
		"dialFrom: Host",
		"keepAlive: {idle: 2m, interval: 5s, count: 3}",
		"admin: {socket: /run/w/a.sock, group: dba}",
		"metrics: {listen: '127.0.0.1:9187'}",
		"parser: {workers: 4, deadline: 500ms, memory: 1Gi, maxStatement: 128Ki, cache: 0}",
		"catalog: {poll: 30s, refresh: 1h, maxAge: 10m}",
		"limits: {sessions: 5, starting: 2, loginTimeout: 30s, idleTimeout: 1h, idleInTransactionTimeout: 5m, message: 1048576, large: 3Gi, approvalsPending: 7}",
		"journal: {segment: 1Mi, sync: Interval, retention: 90d, minFree: 0}",
		"log: {level: debug, format: json}",
	)
	got, err := Parse("/etc/w/weir.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		Path:      "/etc/w/weir.yaml",
		Policies:  []string{"/etc/w/policy.d", "/abs/p.yaml"},
		Unmatched: UnmatchedObserve,
		State:     "/etc/w/state",
		Capture: Capture{
			Mode: CaptureTransparent, Cgroup: "agents/bots", Ports: []uint16{5432, 6543},
			Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("192.0.2.1/32")},
			Exclude:  []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")},
			Pins:     "weir-test", ListenerPort: 18544, Default: ActionDeny,
			Cgroups: []CapturedGroup{{Path: "/system.slice/foo.service", Action: ActionPass}},
		},
		Listen: []Listener{
			{Name: "crm", Network: NetworkTCP, Address: "127.0.0.1:6432", Database: "crm"},
			{Name: "local", Network: NetworkUnix, Address: "/etc/w/.s.PGSQL.5432", Mode: 0o660, Database: "crm"},
			{Name: "open", Network: NetworkUnix, Address: "/x", Mode: 0o666, Database: "crm"},
		},
		ClientTLS: ClientTLSRequire,
		DialFrom:  DialFromHost,
		KeepAlive: KeepAlive{Idle: 2 * time.Minute, Interval: 5 * time.Second, Count: 3},
		Admin:     Admin{Socket: "/run/w/a.sock", Group: "dba"},
		Metrics:   Metrics{Listen: "127.0.0.1:9187"},
		Catalog:   Catalog{Poll: 30 * time.Second, Refresh: time.Hour, MaxAge: 10 * time.Minute},
		Parser:    Parser{Workers: 4, Deadline: 500 * time.Millisecond, Memory: GiB, MaxStatement: 128 * KiB},
		Limits: Limits{Sessions: 5, Starting: 2, LoginTimeout: 30 * time.Second, IdleTimeout: time.Hour,
			IdleInTransactionTimeout: 5 * time.Minute, Message: MiB, Large: 3 * GiB, ApprovalsPending: 7},
		Journal: Journal{Segment: MiB, Sync: SyncInterval, Retention: 90 * 24 * time.Hour},
		Log:     Log{Level: LogDebug, Format: LogJSON},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

func TestAFileThatSetsNothingIsTheDefault(t *testing.T) {
	got, err := Parse("/etc/weir/weir.yaml", []byte("apiVersion: weir.dev/v1alpha1\nkind: Config\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Path = "/etc/weir/weir.yaml"
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

func TestTheExampleIsAccepted(t *testing.T) {
	config, err := Parse("w.yaml", []byte(Example))
	if err != nil {
		t.Fatal(err)
	}
	if config.Unmatched != UnmatchedObserve {
		t.Errorf("a first installation observes, the example has unmatched: %s", config.Unmatched)
	}
}

func TestAMissingFileIsExplainedWithAnExample(t *testing.T) {
	path := filepath.Join(t.TempDir(), "weir.yaml")
	_, err := Load(path)
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), Example) || !strings.Contains(err.Error(), "--config") {
		t.Errorf("got %v", err)
	}
}

func TestLoadReadsAFileAndRefusesWhatIsNone(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "weir.yaml")
	if err := os.WriteFile(path, []byte(Example), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := Load(path)
	if err != nil || config.Path != path {
		t.Fatalf("got %+v, %v", config, err)
	}
	if _, err := Load(folder); err == nil {
		t.Error("a folder was accepted")
	}
	if _, err := Load("/dev/zero"); err == nil || !strings.Contains(err.Error(), "larger than 1Mi") {
		t.Errorf("an endless file: %v", err)
	}
}

// Every key that the file can have must be found in the reference, so that the
// two cannot drift apart.
func TestTheReferenceNamesEveryKey(t *testing.T) {
	reference, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	var walk func(prefix string, typ reflect.Type)
	walk = func(prefix string, typ reflect.Type) {
		for typ.Kind() == reflect.Slice {
			typ, prefix = typ.Elem(), prefix+"[]"
		}
		if typ.Kind() != reflect.Struct || typ == reflect.TypeFor[netip.Prefix]() {
			if !strings.Contains(string(reference), "`"+strings.TrimSuffix(prefix, "[]")+"`") {
				t.Errorf("docs/configuration.md does not describe `%s`", strings.TrimSuffix(prefix, "[]"))
			}
			return
		}
		for i := range typ.NumField() {
			if name := typ.Field(i).Tag.Get("yaml"); name != "-" {
				walk(strings.TrimPrefix(prefix+"."+name, "."), typ.Field(i).Type)
			}
		}
	}
	walk("", reflect.TypeFor[Config]())
}

func TestSizesPrintAsTheyAreWritten(t *testing.T) {
	for _, text := range []string{"0", "1", "1000", "1Ki", "1536Ki", "64Mi", "3Gi", "2Ti"} {
		size, err := ParseSize(text)
		if err != nil || size.String() != text {
			t.Errorf("%s became %s, %v", text, size, err)
		}
	}
}

func TestDaysAreDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{"0": 0, "30d": 720 * time.Hour, "1.5h": 90 * time.Minute} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%s became %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "d", "-1d", "1.5d", "999999999d", "5", "1 h"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q was accepted as %v", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Example)
	f.Add(spec("listen: [{name: a, address: '127.0.0.1:1', database: b}]", "capture: {networks: [10.0.0.0/8], cgroups: [{path: /a, action: Pass}]}"))
	f.Add(spec("state: &a /x", "log: *a"))
	f.Add("a: 1\n---\nb: 2\n")
	f.Fuzz(func(t *testing.T, text string) {
		config, err := Parse("w.yaml", []byte(text))
		if err == nil {
			if config.Limits.Sessions < 1 || config.Parser.Workers < 1 || config.State == "" || !filepath.IsAbs(config.State) {
				t.Errorf("accepted with %+v", config)
			}
			return
		}
		var problems Problems
		if !errors.As(err, &problems) || len(problems) == 0 {
			t.Errorf("an error that says nothing: %v", err)
		}
	})
}
