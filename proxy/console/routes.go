package console

import (
	"bufio"
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"time"

	"github.com/weirgate/weir/policy/approval"
	"github.com/weirgate/weir/proxy/journal"
)

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /v1/healthz", s.answer(s.health))
	mux.Handle("GET /v1/status", s.answer(s.status))
	mux.Handle("GET /v1/sessions", s.answer(s.sessions))
	mux.Handle("GET /v1/sessions/{id}", s.answer(s.session))
	mux.HandleFunc("GET /v1/records", s.records)
	mux.Handle("GET /v1/approvals", s.answer(s.approvals))
	mux.Handle("GET /v1/approvals/{id}", s.answer(s.approval))
	mux.Handle("POST /v1/approvals/{id}/approve", s.answer(s.decide(true)))
	mux.Handle("POST /v1/approvals/{id}/deny", s.answer(s.decide(false)))
	mux.Handle("POST /v1/policy/reload", s.answer(s.reload))
	mux.HandleFunc("POST /v1/policy/replay", s.replay)
	mux.Handle("GET /v1/policy/patterns", s.answer(s.patterns))
	mux.Handle("POST /v1/explain", s.answer(s.explain))
	mux.Handle("POST /v1/connections/destroy", s.answer(s.destroy))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, NotFound("the daemon may be older than the command: compare `weir version` with `weir status`",
			"this weir has no %s %s", r.Method, r.URL.Path))
	})
	return mux
}

func missing(what string) error {
	return Unavailable("look at `weir status` and at the daemon's log", "this daemon has no %s", what)
}

func (s *Server) health(*http.Request) (any, error) {
	return Health{Status: "ok", Version: s.options.Version}, nil
}

func (s *Server) status(r *http.Request) (any, error) {
	if s.options.Status == nil {
		return nil, missing("status")
	}
	return s.options.Status.Status(r.Context())
}

func (s *Server) sessions(r *http.Request) (any, error) {
	if s.options.Sessions == nil {
		return nil, missing("sessions")
	}
	filter, err := decodeSessionFilter(r.URL.Query())
	if err != nil {
		return nil, err
	}
	sessions, err := s.options.Sessions.Sessions(r.Context(), filter)
	return orEmpty(sessions), err
}

func (s *Server) session(r *http.Request) (any, error) {
	if s.options.Sessions == nil {
		return nil, missing("sessions")
	}
	return s.options.Sessions.Session(r.Context(), r.PathValue("id"))
}

func (s *Server) approvals(r *http.Request) (any, error) {
	if s.options.Approvals == nil {
		return nil, missing("approvals")
	}
	q := reader{values: r.URL.Query()}
	state := approval.State(q.text("state"))
	if err := q.finish(); err != nil {
		return nil, err
	}
	approvals, err := s.options.Approvals.Approvals(r.Context(), state)
	return orEmpty(approvals), err
}

func (s *Server) approval(r *http.Request) (any, error) {
	if s.options.Approvals == nil {
		return nil, missing("approvals")
	}
	return s.options.Approvals.Approval(r.Context(), r.PathValue("id"))
}

// decide takes a decision. Who decides is who the kernel says is at the other
// end; the request cannot name anybody.
func (s *Server) decide(approve bool) endpoint {
	return func(r *http.Request) (any, error) {
		if s.options.Approvals == nil {
			return nil, missing("approvals")
		}
		var body DecideRequest
		if err := decode(r, &body); err != nil {
			return nil, err
		}
		const longest = 1000
		if len(body.Reason) > longest {
			return nil, Invalid("", "the reason has %d bytes, at most %d are kept", len(body.Reason), longest)
		}
		peer := peerOf(r)
		request, err := s.options.Approvals.Decide(r.Context(), r.PathValue("id"), approve, body.Reason, peer)
		s.logger.Info("approval decision", "approval", r.PathValue("id"), "approve", approve, "peer", peer.String(), "error", err)
		return request, err
	}
}

func (s *Server) reload(r *http.Request) (any, error) {
	if s.options.Policy == nil {
		return nil, missing("policies")
	}
	result, err := s.options.Policy.Reload(r.Context())
	s.logger.Info("policy reload asked for", "peer", peerOf(r).String(), "error", err)
	return result, err
}

func (s *Server) explain(r *http.Request) (any, error) {
	if s.options.Policy == nil {
		return nil, missing("policies")
	}
	var body ExplainRequest
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	if body.Session == "" && (body.Identity == nil || body.Database == "") {
		return nil, Invalid("", "either a session with the number of a statement, or an identity with a database and a text, are needed")
	}
	return s.options.Policy.Explain(r.Context(), &body)
}

func (s *Server) destroy(r *http.Request) (any, error) {
	if s.options.Connections == nil {
		return nil, missing("capture")
	}
	result, err := s.options.Connections.Destroy(r.Context())
	s.logger.Info("connections destroyed", "peer", peerOf(r).String(), "error", err)
	return result, err
}

// orEmpty makes JSON's [] of a nil list.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// records streams lines of JSON: each is a record, and the last is an Error when
// something went wrong on the way.
func (s *Server) records(w http.ResponseWriter, r *http.Request) {
	if s.options.Records == nil {
		s.fail(w, missing("journal"))
		return
	}
	filter, follow, err := decodeFilter(r.URL.Query())
	if err != nil {
		s.fail(w, err)
		return
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // the stream lasts as long as the peer reads
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.WriteHeader(http.StatusOK)
	_ = control.Flush()

	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	lines := make(chan []byte, 256)
	go feed(ctx, lines, s.options.Records.Records(ctx, filter, follow))
	out := bufio.NewWriterSize(w, 32<<10)
	for line := range lines {
		_ = control.SetWriteDeadline(time.Now().Add(writeTimeout))
		_, err := out.Write(line)
		if err == nil {
			err = out.WriteByte('\n')
		}
		if err == nil && len(lines) == 0 {
			if err = out.Flush(); err == nil {
				err = control.Flush()
			}
		}
		if err != nil {
			cancel() // the peer has gone or does not read
		}
	}
	if out.Flush() == nil {
		_ = control.Flush()
	}
}

// feed turns records into lines until there are no more or the peer has gone.
func feed(ctx context.Context, lines chan<- []byte, records iter.Seq2[*journal.Record, error]) {
	defer close(lines)
	for record, err := range records {
		var line []byte
		switch {
		case err != nil && ctx.Err() != nil:
			return
		case err != nil:
			line, err = json.Marshal(asError(err))
		case len(record.Line) > 0:
			line = record.Line
		default:
			line, err = json.Marshal(record)
		}
		if err != nil {
			continue
		}
		select {
		case lines <- line:
		case <-ctx.Done():
			return
		}
	}
}
