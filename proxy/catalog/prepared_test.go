package catalog_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	proxycatalog "github.com/weirgate/weir/proxy/catalog"
	"github.com/weirgate/weir/proxy/upstream"
)

// watching notes what is asked on a connection and how much is answered.
type watching struct {
	*conn
	asked  []string
	rows   int
	forget bool // what is prepared is gone with each transaction, as behind a pooler
}

func (w *watching) Query(ctx context.Context, sql string) ([][][]byte, error) {
	if w.forget && strings.HasPrefix(sql, "BEGIN") {
		if _, err := w.conn.Query(ctx, "DEALLOCATE ALL"); err != nil {
			return nil, err
		}
	}
	rows, err := w.conn.Query(ctx, sql)
	w.asked, w.rows = append(w.asked, sql), w.rows+len(rows)
	var failed *pgconn.PgError
	if errors.As(err, &failed) {
		err = &upstream.ServerError{Severity: failed.Severity, Code: failed.Code, Message: failed.Message}
	}
	return rows, err
}

// Close ends what the server's own connection would end.
func (w *watching) Close() error {
	_, err := w.conn.Query(context.Background(), "ROLLBACK; DEALLOCATE ALL")
	return err
}

func keeping(t *testing.T, w *watching) (since func() int) {
	t.Helper()
	c, err := proxycatalog.NewCache(proxycatalog.Options{Poll: time.Hour, Refresh: time.Hour, MaxAge: time.Hour, Databases: 1, Bodies: inProcess{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	d := c.Use("db")
	return func() int {
		t.Helper()
		w.asked, w.rows = nil, 0
		s, err := d.Since(t.Context(), time.Now(), func(context.Context) (proxycatalog.Connection, error) { return w, nil })
		if err != nil {
			t.Fatal(err)
		}
		return len(s.Named("public", "fresh"))
	}
}

// A server on which nothing was committed since is asked for nothing else, and any
// transaction that writes, in whatever database, has all compared again.
func TestWhereNothingWasCommittedNothingIsCompared(t *testing.T) {
	db := postgres(t)
	name := db.database(t, "CREATE TABLE plain (id int)")
	w, other, open := &watching{conn: db.connect(t, "postgres", name)}, db.connect(t, "postgres", name), db.connect(t, "postgres", name)
	w.run(t, "SET plan_cache_mode = force_generic_plan")
	since := keeping(t, w)
	since()
	nothing := func(when string, want bool) {
		t.Helper()
		// The server's own processes may write something now and then.
		for range 20 {
			since()
			if got := w.rows == 1; got == want {
				return
			}
			if !want {
				break
			}
		}
		t.Errorf("%s: %d rows in answer to %d questions", when, w.rows, len(w.asked))
	}
	nothing("when nothing was done", true)
	other.run(t, "SELECT count(*) FROM plain; SET work_mem = '1MB'")
	nothing("after reading", true)
	other.run(t, "INSERT INTO plain VALUES (1)")
	nothing("after writing", false)
	nothing("after that was seen", true)
	open.run(t, "BEGIN; CREATE TABLE fresh (id int)")
	nothing("when a transaction is open that writes", true)
	if since() != 0 {
		t.Error("what is not committed was read")
	}
	other.run(t, "INSERT INTO plain VALUES (1)")
	nothing("after a later transaction", false)
	nothing("after that was seen", true)
	open.run(t, "COMMIT")
	if since() != 1 {
		t.Error("what an earlier transaction committed later was not read")
	}
	other.run(t, "DROP TABLE fresh")
	if since() != 0 {
		t.Error("what was dropped is still there")
	}
}

// Behind a pooler what was prepared may be gone: all is asked as texts then.
func TestAPoolerMayForgetWhatWasPrepared(t *testing.T) {
	db := postgres(t)
	name := db.database(t, "")
	w, other := &watching{conn: db.connect(t, "postgres", name)}, db.connect(t, "postgres", name)
	since := keeping(t, w)
	since()
	other.run(t, "CREATE TABLE a (id int)")
	since()
	other.run(t, "CREATE TABLE b (id int)")
	since()
	if all := strings.Join(w.asked, "\n"); strings.Contains(all, "PREPARE") || strings.Count(all, "EXECUTE") != 2 {
		t.Errorf("asked for the third time:\n%s", all)
	}
	w.forget = true
	other.run(t, "CREATE TABLE fresh (id int)")
	if since() != 1 {
		t.Error("what was made was not read")
	}
	other.run(t, "DROP TABLE fresh")
	if since() != 0 {
		t.Error("what was dropped is still there")
	}
	if all := strings.Join(w.asked, "\n"); strings.Contains(all, "EXECUTE") {
		t.Errorf("asked once it was known to be forgotten:\n%.2000s", all)
	}
}
