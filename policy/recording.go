package policy

import "go.yaml.in/yaml/v4"

// Recording says what of a session goes into the journal besides who, when,
// which rule and how it ended, which always does.
type Recording struct {
	OmitStatements bool `json:"omitStatements,omitempty"` // the text of statements
	OmitParameters bool `json:"omitParameters,omitempty"` // the values of parameters
	// Results are rows, after masking. They are recorded only where a policy
	// says so.
	Results ResultRecording `json:"results,omitempty"`
}

// ResultRecording says whether rows are recorded.
type ResultRecording string

// The ways to record rows; "" is that the policy says nothing.
const (
	ResultsMasked ResultRecording = "Masked"
	ResultsNone   ResultRecording = "None"
)

// join merges what several policies say: what one of them says must not be
// recorded is not.
func (r Recording) join(o Recording) Recording {
	joined := Recording{
		OmitStatements: r.OmitStatements || o.OmitStatements,
		OmitParameters: r.OmitParameters || o.OmitParameters,
		Results:        r.Results,
	}
	if r.Results == "" || o.Results == ResultsNone {
		joined.Results = o.Results
	}
	return joined
}

const (
	recordFull = "Full"
	recordNone = "None"
)

func (r *reader) recording(n *yaml.Node) Recording {
	var rec Recording
	if n == nil {
		return rec
	}
	m := r.mapping(n, "recording")
	if !m.broken && len(m.values) == 0 {
		r.report(n, "leave it out", "recording is empty")
	}
	if n := m.get("statements"); n != nil {
		s, _ := r.choice(n, "statements", recordFull, recordNone)
		rec.OmitStatements = s == recordNone
	}
	if n := m.get("parameters"); n != nil {
		s, _ := r.choice(n, "parameters", recordFull, recordNone)
		rec.OmitParameters = s == recordNone
	}
	if n := m.get("results"); n != nil {
		s, _ := r.choice(n, "results", string(ResultsMasked), string(ResultsNone))
		rec.Results = ResultRecording(s)
	}
	m.unavailable("the daemon's configuration has one for the whole journal", "retention")
	m.close()
	return rec
}
