package console

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/weirgate/weir/proxy/journal"
)

// KindLost is the kind of a line in a stream that stands for records which were
// passed over because the reader was too slow; Data["records"] says how many. It
// is never in the journal.
const KindLost journal.Kind = "stream.lost"

// Journal is the part of a journal that the console reads; *journal.Journal has
// it.
type Journal interface {
	Query(ctx context.Context, f journal.Filter) iter.Seq2[*journal.Record, error]
	Subscribe(f journal.Filter) (records <-chan journal.Followed, cancel func())
	Sessions(ctx context.Context, f journal.Filter) ([]journal.SessionSummary, error)
}

// JournalRecords serves a journal's records.
type JournalRecords struct{ Journal Journal }

// Records gives what is there and then, with follow, what comes.
func (s JournalRecords) Records(ctx context.Context, f journal.Filter, follow bool) iter.Seq2[*journal.Record, error] {
	if !follow {
		return s.Journal.Query(ctx, f)
	}
	return func(yield func(*journal.Record, error) bool) {
		// Subscribing first leaves no gap; what is then seen twice is told by
		// its number, which counts up in each session.
		live, cancel := s.Journal.Subscribe(f)
		defer cancel()
		seen := make(map[string]uint64)
		for record, err := range s.Journal.Query(ctx, f) {
			if !yield(record, err) || err != nil {
				return
			}
			seen[record.Session] = record.Seq
		}
		for {
			select {
			case <-ctx.Done():
				return
			case followed, ok := <-live:
				if !ok {
					return
				}
				if followed.Lost > 0 && !yield(lost(followed.Lost), nil) {
					return
				}
				last, before := seen[followed.Session]
				if before && followed.Seq <= last {
					continue
				}
				delete(seen, followed.Session)
				if !yield(followed.Record, nil) {
					return
				}
			}
		}
	}
}

func lost(n int64) *journal.Record {
	return &journal.Record{Version: journal.Version, Time: time.Now().UTC(), Kind: KindLost, Data: map[string]string{"records": strconv.FormatInt(n, 10)}}
}

// OpenSessions gives the sessions that live at this moment, with State and
// Running; what the journal counts is filled in by JournalSessions.
type OpenSessions interface {
	OpenSessions() []Session
}

// JournalSessions serves sessions as the journal knows them, with what the open
// ones are doing.
type JournalSessions struct {
	Journal Journal
	Open    OpenSessions
}

// defaultSessions is how many ended sessions are listed when nothing is asked.
const defaultSessions = 200

// ofClient says whether a session is a client's: the journal keeps one for the
// daemon itself, whose records are about no connection.
func ofClient(s *journal.SessionSummary) bool { return s.How != "" || s.Database != "" }

// Summaries makes sessions of summaries, the newest first, without the daemon's
// own. now gives what an open one does.
func Summaries(summaries []journal.SessionSummary, now func(id string) (Session, bool)) []Session {
	list := []Session{}
	for i := range slices.Backward(summaries) {
		if s := &summaries[i]; ofClient(s) {
			open, isOpen := now(s.ID)
			list = append(list, summarise(s, open, isOpen))
		}
	}
	return list
}

// Sessions gives the newest first.
func (s JournalSessions) Sessions(ctx context.Context, f SessionFilter) ([]Session, error) {
	open := make(map[string]Session)
	for _, o := range s.Open.OpenSessions() {
		open[o.ID] = o
	}
	filter := journal.Filter{Since: f.Since, Workload: f.Workload, Database: f.Database}
	if f.All {
		filter.Last = f.Limit
		if filter.Last == 0 && f.Since.IsZero() {
			filter.Last = defaultSessions
		}
	}
	summaries, err := s.Journal.Sessions(ctx, filter)
	if err != nil {
		return nil, err
	}
	list := Summaries(summaries, func(id string) (Session, bool) {
		o, ok := open[id]
		return o, ok
	})
	if !f.All {
		list = slices.DeleteFunc(list, func(s Session) bool { return !s.Open })
	}
	if f.Limit > 0 && len(list) > f.Limit {
		list = list[:f.Limit]
	}
	return list, nil
}

// Session gives one, open or ended.
func (s JournalSessions) Session(ctx context.Context, id string) (*Session, error) {
	summaries, err := s.Journal.Sessions(ctx, journal.Filter{Session: id})
	if err != nil {
		return nil, err
	}
	if len(summaries) == 0 {
		return nil, NotFound("`weir sessions list --all` lists those that are kept", "there is no session %q", id)
	}
	for _, o := range s.Open.OpenSessions() {
		if o.ID == id {
			session := summarise(&summaries[0], o, true)
			return &session, nil
		}
	}
	session := summarise(&summaries[0], Session{}, false)
	return &session, nil
}

// summarise makes a session of its summary and of what it does now.
func summarise(s *journal.SessionSummary, now Session, open bool) Session {
	id := s.Identity
	session := Session{
		ID: s.ID, Open: open, Started: s.Started, Ended: s.Ended, Reason: s.Reason,
		Identity: &id, Database: s.Database, User: s.User, Server: s.Server, Client: s.Client, How: s.How, Policies: s.Policies,
		Statements: s.Statements, Denied: s.Denied, Failed: s.Failed, Held: s.Held, Masked: s.Masked, Rows: s.Rows, Bytes: s.Bytes,
	}
	if open {
		session.State, session.Running = now.State, now.Running
		session.Ended, session.Reason = time.Time{}, ""
	}
	return session
}
