package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/weirgate/weir/policy/approval"
)

// approvals implements approval.Store.
type approvals struct{ d *DB }

// Approvals returns the approval requests in the file.
func (d *DB) Approvals() approval.Store { return approvals{d} }

// The text of a statement and other fields are the client's bytes, which JSON
// cannot hold when they are not UTF-8; the digest would not be theirs any more.
type row struct {
	approval.Request
	RawText []byte `json:"rawText"`
}

func encode(r *approval.Request) (string, error) {
	w := row{Request: *r, RawText: []byte(r.Text)}
	w.Text = ""
	b, err := json.Marshal(w)
	if err != nil {
		return "", fmt.Errorf("storing %s: %w", r.ID, err)
	}
	return string(b), nil
}

// encodeBoth gives a request's JSON and that of its brief form, "" where it has none.
func encodeBoth(r *approval.Request) (whole, brief string, err error) {
	if whole, err = encode(r); err != nil {
		return "", "", err
	}
	if b := r.Brief(); b.Cut {
		brief, err = encode(b)
	}
	return whole, brief, err
}

func decode(id string, version int64, text string) (*approval.Request, error) {
	var w row
	if err := json.Unmarshal([]byte(text), &w); err != nil {
		return nil, fmt.Errorf("reading %s from the store: %w", id, err)
	}
	r := w.Request
	r.Text, r.ID, r.Version = string(w.RawText), id, version
	return &r, nil
}

func touch(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "UPDATE revisions SET revision = revision + 1 WHERE name = 'approvals'")
	return err
}

func (a approvals) Create(ctx context.Context, r *approval.Request) error {
	c := r.Clone()
	c.Version = 1
	text, brief, err := encodeBoth(c)
	if err != nil {
		return err
	}
	err = a.d.write(ctx, func(tx *sql.Tx) error {
		var there string
		err := tx.QueryRowContext(ctx, "SELECT id FROM approvals WHERE id = ? OR digest = ? AND state IN ('Pending', 'Approved') LIMIT 1", c.ID, string(c.Digest)).Scan(&there)
		if err == nil {
			return fmt.Errorf("%w: %s", approval.ErrExists, there)
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO approvals (id, version, digest, state, subject, created, changed, expires, request, brief, bytes) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
			c.ID, c.Version, string(c.Digest), string(c.State), c.Identity.Subject, micros(c.Created), micros(c.Changed), micros(c.Expires), text, brief, len(text)+len(brief)); err != nil {
			return err
		}
		return touch(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("storing an approval request: %w", err)
	}
	return nil
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func get(ctx context.Context, q querier, id string) (*approval.Request, error) {
	var version int64
	var text string
	err := q.QueryRowContext(ctx, "SELECT version, request FROM approvals WHERE id = ?", id).Scan(&version, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("%w: %s", approval.ErrNotFound, id)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s from the store: %w", id, err)
	}
	return decode(id, version, text)
}

func (a approvals) Get(ctx context.Context, id string) (*approval.Request, error) {
	return get(ctx, a.d.db, id)
}

func (a approvals) Update(ctx context.Context, id string, version int64, mutate func(*approval.Request) error) (*approval.Request, error) {
	var changed *approval.Request
	err := a.d.write(ctx, func(tx *sql.Tx) error {
		r, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		if r.Version != version {
			return fmt.Errorf("%w: %s", approval.ErrConflict, id)
		}
		if err := mutate(r); err != nil {
			return err
		}
		r.ID, r.Version = id, version+1
		text, brief, err := encodeBoth(r)
		if err != nil {
			return err
		}
		done, err := tx.ExecContext(ctx, "UPDATE approvals SET version = ?, digest = ?, state = ?, subject = ?, created = ?, changed = ?, expires = ?, request = ?, brief = ?, bytes = ? WHERE id = ? AND version = ?",
			r.Version, string(r.Digest), string(r.State), r.Identity.Subject, micros(r.Created), micros(r.Changed), micros(r.Expires), text, brief, len(text)+len(brief), id, version)
		if err != nil {
			return fmt.Errorf("storing %s: %w", id, err)
		}
		if n, err := done.RowsAffected(); err != nil || n != 1 {
			return errors.Join(fmt.Errorf("%w: %s", approval.ErrConflict, id), err)
		}
		changed = r
		return touch(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

func (a approvals) List(ctx context.Context, f approval.Filter) ([]*approval.Request, error) {
	where, args := []string{"1"}, []any{}
	if len(f.States) > 0 {
		where = append(where, "state IN (?"+strings.Repeat(",?", len(f.States)-1)+")")
		for _, s := range f.States {
			args = append(args, string(s))
		}
	}
	if f.Digest != "" {
		where, args = append(where, "digest = ?"), append(args, string(f.Digest))
	}
	if f.Subject != "" {
		where, args = append(where, "subject = ?"), append(args, f.Subject)
	}
	if !f.Before.IsZero() {
		where, args = append(where, "created < ?"), append(args, micros(f.Before))
	}
	if !f.Due.IsZero() {
		where, args = append(where, "expires <= ?"), append(args, micros(f.Due))
	}
	column := "request"
	if f.Brief {
		column = "CASE brief WHEN '' THEN request ELSE brief END"
	}
	//nolint:gosec // column and conditions are constants, their values are arguments
	query := "SELECT id, version, " + column + " FROM approvals WHERE " + strings.Join(where, " AND ") + " ORDER BY created DESC, id DESC"
	if f.Limit > 0 {
		query, args = query+" LIMIT ?", append(args, f.Limit)
	}
	rows, err := a.d.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("reading approval requests: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err says what matters
	var all []*approval.Request
	for rows.Next() {
		var id, text string
		var version int64
		if err := rows.Scan(&id, &version, &text); err != nil {
			return nil, fmt.Errorf("reading approval requests: %w", err)
		}
		r, err := decode(id, version, text)
		if err != nil {
			return nil, err
		}
		if f.Brief {
			r = r.Brief() // one of before there were brief ones
		}
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading approval requests: %w", err)
	}
	slices.Reverse(all)
	return all, nil
}

func (a approvals) Remove(ctx context.Context, before time.Time, most int64) (int, error) {
	var n int64
	err := a.d.write(ctx, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, `DELETE FROM approvals WHERE id IN (
			SELECT id FROM (SELECT id, changed, SUM(bytes) OVER (ORDER BY changed DESC, id DESC) AS total FROM approvals WHERE state NOT IN ('Pending', 'Approved'))
			WHERE changed < ? OR total > ?)`, micros(before), most)
		if err != nil {
			return err
		}
		if n, err = done.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return touch(ctx, tx)
	})
	if err != nil {
		return 0, fmt.Errorf("removing old approval requests: %w", err)
	}
	return int(n), nil
}

func (a approvals) Revision(ctx context.Context) (int64, error) {
	var n int64
	if err := a.d.db.QueryRowContext(ctx, "SELECT revision FROM revisions WHERE name = 'approvals'").Scan(&n); err != nil {
		return 0, fmt.Errorf("reading the store's revision: %w", err)
	}
	return n, nil
}
