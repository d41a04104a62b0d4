package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// DB is the file. Its methods may be called by several goroutines, and several
// processes may have it open.
type DB struct {
	db   *sql.DB
	path string
}

// migrations bring a file from the version of their index to the next. They are
// never changed, only added to.
var migrations = [...]string{
	`CREATE TABLE approvals (
		id TEXT PRIMARY KEY,
		version INTEGER NOT NULL,
		digest TEXT NOT NULL,
		state TEXT NOT NULL,
		subject TEXT NOT NULL,
		created INTEGER NOT NULL, -- microseconds since 1970
		changed INTEGER NOT NULL,
		request TEXT NOT NULL     -- JSON
	) WITHOUT ROWID;
	CREATE UNIQUE INDEX approvals_live ON approvals (digest) WHERE state IN ('Pending', 'Approved');
	CREATE INDEX approvals_state ON approvals (state, created);
	CREATE INDEX approvals_created ON approvals (created);
	CREATE TABLE revisions (name TEXT PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT ROWID;
	INSERT INTO revisions VALUES ('approvals', 0);`,
	`ALTER TABLE approvals ADD COLUMN expires INTEGER NOT NULL DEFAULT 0; -- 0 says that only the request tells
	ALTER TABLE approvals ADD COLUMN brief TEXT NOT NULL DEFAULT '';      -- JSON of a request that is cut, '' where it is small
	ALTER TABLE approvals ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;    -- of both
	UPDATE approvals SET bytes = length(request);
	CREATE INDEX approvals_expires ON approvals (expires) WHERE state IN ('Pending', 'Approved');`,
}

// Open opens the file and makes it if there is none, readable by its owner only.
// What is written is on the disk when a call returns.
func Open(ctx context.Context, path string) (*DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	// SQLite would make the file, and those beside it, with the umask's mode;
	// they take the mode of this one.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	err = errors.Join(f.Chmod(0o600), f.Close())
	if err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	uri := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: "_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=trusted_schema(0)"}
	db, err := sql.Open("sqlite", uri.String())
	if err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	db.SetMaxOpenConns(4)
	d := &DB{db: db, path: path}
	if err := d.migrate(ctx); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("opening the store %s: %w", path, err)
	}
	return d, nil
}

// migrate brings the schema up to date. A file of a later version is refused.
func (d *DB) migrate(ctx context.Context) error {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing after Commit
	var version int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version > len(migrations) {
		return fmt.Errorf("its version is %d, this weir knows up to %d; use the weir that wrote it or a later one", version, len(migrations))
	}
	for ; version < len(migrations); version++ {
		if _, err := tx.ExecContext(ctx, migrations[version]); err != nil {
			return fmt.Errorf("migrating from version %d: %w", version, err)
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version)); err != nil {
		return err
	}
	return tx.Commit()
}

// Close closes the file.
func (d *DB) Close() error {
	if err := d.db.Close(); err != nil {
		return fmt.Errorf("closing the store: %w", err)
	}
	return nil
}

// write runs do in a transaction that excludes other writers.
func (d *DB) write(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing after Commit
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

func micros(t time.Time) int64 { return t.UnixMicro() }
