package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/weirgate/weir/test/lab"
)

// needed are the folders of PostgreSQL's source tree that the suites are made of,
// in the order in which they must be built. psql is among them since what the tests
// expect belongs to their own version of it.
var needed = []string{
	"src/common", "src/port", "src/interfaces/libpq", "src/fe_utils", "src/bin/psql",
	"src/test/regress", "src/test/isolation", "src/test/modules/libpq_pipeline",
}

// source gives the folder of PostgreSQL's source tree with its tests built: the
// distribution's source package of the server that is installed.
func (c cache) source(ctx context.Context) (string, error) {
	bin, err := lab.PostgresBin()
	if err != nil {
		return "", err
	}
	version, err := command(ctx, "", nil, filepath.Join(bin, "postgres"), "--version")
	if err != nil {
		return "", err
	}
	major := majorVersion.FindString(version)
	if major == "" {
		return "", fmt.Errorf("%s says of its version %q", bin, version)
	}
	return c.once("postgresql-"+major, strings.TrimSpace(version)+"\n"+strings.Join(needed, " ")+" "+pipelineOff, func(dir string) error {
		fetching := begin("fetching the source package of PostgreSQL %s", major)
		err := fetchSource(ctx, dir, "postgresql-"+major)
		fetching.end()
		if err != nil {
			return err
		}
		defer begin("building PostgreSQL's tests (a minute or two)").end()
		tree := filepath.Join(dir, "tree")
		if _, err := command(ctx, tree, nil, "./configure", "--without-readline", "--without-zlib", "--without-icu"); err != nil {
			return err
		}
		if err := replaceIn(filepath.Join(tree, "src/test/modules/libpq_pipeline/libpq_pipeline.c"),
			"SET force_parallel_mode = off", pipelineOff); err != nil {
			return err
		}
		// Without the flags of a make that runs this program.
		env := []string{"MAKEFLAGS=", "MAKELEVEL=", "MFLAGS="}
		if _, err := command(ctx, tree, env, "make", "-s", "-j2", "-C", "src/backend", "generated-headers"); err != nil {
			return err
		}
		for _, folder := range needed {
			if _, err := command(ctx, tree, env, "make", "-s", "-j2", "-C", folder); err != nil {
				return err
			}
		}
		return nil
	})
}

// pipelineOff does what libpq_pipeline does first of all, on servers too that know
// the setting by another name (from 16 on).
const pipelineOff = "DO $$BEGIN IF current_setting('server_version_num')::int < 160000 " +
	"THEN SET force_parallel_mode = off; ELSE SET debug_parallel_query = off; END IF; END$$"

// replaceIn replaces a text in a file, once, if it is there.
func replaceIn(file, old, by string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(strings.Replace(string(text), old, by, 1)), 0o600)
}

var majorVersion = regexp.MustCompile(`\b[0-9]+`)

// fetchSource unpacks a source package into dir/tree. apt gets source entries that
// are made from the host's binary ones, in a configuration of its own: the host's
// is not touched, and no server is named here.
func fetchSource(ctx context.Context, dir, name string) error {
	parts := filepath.Join(dir, "apt", "parts")
	for _, d := range []string{parts, filepath.Join(dir, "apt/lists/partial"), filepath.Join(dir, "apt/cache/archives/partial")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	if err := sourceEntries("/etc/apt", parts); err != nil {
		return err
	}
	options := []string{
		"-q", "-o", "Dir::Etc::sourcelist=/dev/null", "-o", "Dir::Etc::sourceparts=" + parts,
		"-o", "Dir::State::lists=" + filepath.Join(dir, "apt/lists"), "-o", "Dir::Cache=" + filepath.Join(dir, "apt/cache"),
		// The folder may be one that apt's own user cannot enter.
		"-o", "APT::Sandbox::User=root",
	}
	apt := func(program string, args ...string) (string, error) {
		return command(ctx, dir, nil, program, append(append([]string{}, options...), args...)...)
	}
	// One list that cannot be read does not matter if the others have the package.
	_, updating := apt("apt-get", "update")
	shown, err := apt("apt-cache", "showsrc", "--only-source", name)
	if err != nil {
		return errors.Join(updating, err)
	}
	versions := regexp.MustCompile(`(?m)^Version: (.+)$`).FindAllStringSubmatch(shown, -1)
	if len(versions) == 0 {
		return errors.Join(updating, fmt.Errorf("the host's package sources have no source package %s", name))
	}
	// Not everything that a list names can still be had: an older version's tests do
	// as well, since they are compared with themselves.
	err = nil
	for i := len(versions) - 1; i >= 0; i-- {
		if _, failed := apt("apt-get", "source", "--download-only", name+"="+versions[i][1]); failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		found, globbing := filepath.Glob(filepath.Join(dir, "*.dsc"))
		if globbing != nil || len(found) != 1 {
			return fmt.Errorf("apt-get source left %d descriptions", len(found))
		}
		_, err = command(ctx, dir, nil, "dpkg-source", "--no-check", "-x", found[0], "tree")
		return err
	}
	return err
}

// sourceEntries writes the binary entries of apt's configuration below etc into
// parts, as entries for source packages.
func sourceEntries(etc, parts string) error {
	var files []string
	for _, pattern := range []string{"sources.list", "sources.list.d/*.list", "sources.list.d/*.sources"} {
		found, err := filepath.Glob(filepath.Join(etc, pattern))
		if err != nil {
			return err
		}
		files = append(files, found...)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		name, entries := filepath.Base(file), ""
		if filepath.Ext(name) == ".sources" {
			entries = stanzaTypes.ReplaceAllString(string(text), "Types: deb-src")
		} else {
			name = strings.TrimSuffix(name, ".list") + ".list"
			for _, line := range lineType.FindAllStringSubmatch(string(text), -1) {
				entries += "deb-src" + line[1] + "\n"
			}
		}
		if err := os.WriteFile(filepath.Join(parts, name), []byte(entries), 0o600); err != nil {
			return err
		}
	}
	if len(files) == 0 {
		return fmt.Errorf("no package sources below %s: source packages are fetched with apt, on Debian and Ubuntu", etc)
	}
	return nil
}

var (
	stanzaTypes = regexp.MustCompile(`(?m)^Types:.*$`)
	lineType    = regexp.MustCompile(`(?m)^deb([ \t].+)$`)
)
