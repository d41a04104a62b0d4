package journal

import (
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
)

// joinVerdicts writes verdicts so that each stands between bars.
func joinVerdicts(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return "|" + strings.Join(all, "|") + "|"
}

func (x *index) writeSessions(ctx context.Context, tx *sql.Tx) error {
	var upsert *sql.Stmt
	for _, s := range x.tally.sessions {
		if !s.dirty {
			continue
		}
		if upsert == nil {
			var err error
			if upsert, err = tx.PrepareContext(ctx, "INSERT OR REPLACE INTO sessions VALUES (?,?,?,?,?,?,?,?)"); err != nil {
				return err
			}
		}
		s.settle()
		summary, err := json.Marshal(s.SessionSummary)
		if err != nil {
			return fmt.Errorf("writing session %s to the index: %w", s.ID, err)
		}
		ended := ""
		if !s.Ended.IsZero() {
			ended = s.Ended.UTC().Format(timeFormat)
		}
		if _, err := upsert.ExecContext(ctx, s.ID, s.Identity.Subject, s.Database, s.Started.UTC().Format(timeFormat),
			string(s.last), ended, s.known, string(summary)); err != nil {
			return err
		}
	}
	return nil
}

// loadSession returns a session that was written before. A session that cannot
// be read begins anew.
func loadSession(ctx context.Context, db *sql.DB, id string) *tallied {
	var last, summary string
	var known bool
	if err := db.QueryRowContext(ctx, "SELECT last, known, summary FROM sessions WHERE id = ?", id).Scan(&last, &known, &summary); err != nil {
		return nil
	}
	s := &tallied{known: known, last: []byte(last)}
	if err := json.Unmarshal([]byte(summary), &s.SessionSummary); err != nil {
		return nil
	}
	return s
}

// extents returns the blocks that may hold what f wants, and all that is not
// indexed.
func (x *index) extents(ctx context.Context, all []*segment, f Filter) ([]extent, error) {
	db, positions, err := x.current(ctx)
	if err != nil {
		return nil, err
	}
	where, args := []string{"1"}, []any{}
	if !f.Since.IsZero() {
		where, args = append(where, "last >= ?"), append(args, f.Since.UTC().Format(timeFormat))
	}
	if !f.Until.IsZero() {
		where, args = append(where, "first < ?"), append(args, f.Until.UTC().Format(timeFormat))
	}
	if len(f.Verdicts) > 0 {
		var either []string
		for _, v := range f.Verdicts {
			switch v {
			case VerdictMasked:
				either = append(either, "masked > 0")
			case VerdictFailed:
				either = append(either, "failed > 0")
			default:
				either, args = append(either, "instr(verdicts, ?) > 0"), append(args, "|"+v+"|")
			}
		}
		where = append(where, "("+strings.Join(either, " OR ")+")")
	}
	//nolint:gosec // the conditions are constants, their values are arguments
	rows, err := db.QueryContext(ctx, "SELECT segment, start, length, sessions FROM blocks WHERE "+strings.Join(where, " AND ")+" ORDER BY segment, start", args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	byName := make(map[string][]extent)
	hash := sessionHash([]byte(f.Session))
	var name string
	var start, length int64
	var sessions sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&name, &start, &length, &sessions); err != nil {
			return nil, err
		}
		if f.Session == "" || holdsHash(sessions, hash) {
			byName[name] = append(byName[name], extent{from: start, to: start + length})
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	var out []extent
	for _, g := range all {
		name := g.name.String()
		for _, e := range byName[name] {
			e.segment = g
			// Neighbours are read in one go.
			if n := len(out); n > 0 && out[n-1].segment == g && out[n-1].to == e.from {
				out[n-1].to = e.to
				continue
			}
			out = append(out, e)
		}
		if at, end := positions[name], g.committed.Load(); at < end {
			out = append(out, extent{g, at, end})
		}
	}
	return out, nil
}

// holdsHash looks for h in a sorted list.
func holdsHash(blob []byte, h uint32) bool {
	n := len(blob) / 4
	i := sort.Search(n, func(i int) bool { return binary.LittleEndian.Uint32(blob[4*i:]) >= h })
	return i < n && binary.LittleEndian.Uint32(blob[4*i:]) == h
}

// current brings the index up to date and returns what is needed to read it.
func (x *index) current(ctx context.Context) (*sql.DB, map[string]int64, error) {
	if err := x.catchUp(ctx); err != nil {
		return nil, nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.db == nil {
		return nil, nil, ErrClosed
	}
	positions := make(map[string]int64, len(x.positions))
	for name, at := range x.positions {
		positions[name] = at
	}
	return x.db, positions, nil
}

// query returns the sessions that match f.
func (x *index) query(ctx context.Context, f Filter) ([]SessionSummary, error) {
	db, _, err := x.current(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the journal's index: %w", err)
	}
	where, args := []string{"known"}, []any{}
	restrict := func(condition string, value string) {
		where, args = append(where, condition), append(args, value)
	}
	if !f.Since.IsZero() {
		restrict("last >= ?", f.Since.UTC().Format(timeFormat))
	}
	if !f.Until.IsZero() {
		restrict("started < ?", f.Until.UTC().Format(timeFormat))
	}
	if f.Session != "" {
		restrict("id = ?", f.Session)
	}
	if f.Database != "" {
		restrict("database = ?", f.Database)
	}
	//nolint:gosec // the conditions are constants, their values are arguments
	rows, err := db.QueryContext(ctx, "SELECT summary FROM sessions WHERE "+strings.Join(where, " AND ")+" ORDER BY started DESC, id DESC", args...)
	if err != nil {
		return nil, fmt.Errorf("reading the journal's index: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var found []SessionSummary
	for rows.Next() && (f.Last == 0 || len(found) < f.Last) {
		var summary string
		if err := rows.Scan(&summary); err != nil {
			return nil, err
		}
		var s SessionSummary
		if err := json.Unmarshal([]byte(summary), &s); err != nil {
			return nil, fmt.Errorf("reading the journal's index: %w", err)
		}
		if f.Workload != "" && !glob(f.Workload, s.Identity.Subject) {
			continue
		}
		if s.Ended.IsZero() && s.Started.Before(x.opened) {
			s.Ended, s.Reason = s.Last, lostReason
		}
		found = append(found, s)
	}
	slices.Reverse(found)
	return found, rows.Err()
}
