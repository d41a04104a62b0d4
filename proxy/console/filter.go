package console

import (
	"net/url"
	"strconv"
	"time"

	"github.com/weirgate/weir/proxy/journal"
)

func encodeFilter(f journal.Filter) url.Values {
	q := make(url.Values)
	putTime(q, "since", f.Since)
	putTime(q, "until", f.Until)
	putNumber(q, "last", f.Last)
	put(q, "session", f.Session)
	put(q, "workload", f.Workload)
	put(q, "database", f.Database)
	for _, v := range f.Verdicts {
		q.Add("verdict", v)
	}
	for _, k := range f.Kinds {
		q.Add("kind", string(k))
	}
	return q
}

func decodeFilter(q url.Values) (f journal.Filter, follow bool, err error) {
	r := reader{values: q}
	f = journal.Filter{
		Since:    r.time("since"),
		Until:    r.time("until"),
		Last:     r.number("last"),
		Session:  r.text("session"),
		Workload: r.text("workload"),
		Database: r.text("database"),
		Verdicts: r.list("verdict"),
	}
	for _, k := range r.list("kind") {
		f.Kinds = append(f.Kinds, journal.Kind(k))
	}
	follow = r.truth("follow")
	return f, follow, r.finish()
}

func (f SessionFilter) encode() url.Values {
	q := make(url.Values)
	if f.All {
		q.Set("all", "1")
	}
	putTime(q, "since", f.Since)
	putNumber(q, "limit", f.Limit)
	put(q, "workload", f.Workload)
	put(q, "database", f.Database)
	return q
}

func decodeSessionFilter(q url.Values) (SessionFilter, error) {
	r := reader{values: q}
	f := SessionFilter{
		All:      r.truth("all"),
		Since:    r.time("since"),
		Limit:    r.number("limit"),
		Workload: r.text("workload"),
		Database: r.text("database"),
	}
	return f, r.finish()
}

func put(q url.Values, key, value string) {
	if value != "" {
		q.Set(key, value)
	}
}

func putNumber(q url.Values, key string, value int) {
	if value != 0 {
		q.Set(key, strconv.Itoa(value))
	}
}

func putTime(q url.Values, key string, value time.Time) {
	if !value.IsZero() {
		q.Set(key, value.UTC().Format(time.RFC3339Nano))
	}
}

// reader takes known keys from a query string and complains about others.
type reader struct {
	values url.Values
	known  []string
	err    error
}

func (r *reader) text(key string) string {
	r.known = append(r.known, key)
	if v := r.values[key]; len(v) > 1 && r.err == nil {
		r.err = Invalid("", "%s is given twice", key)
	}
	return r.values.Get(key)
}

// list takes a key that may be given several times.
func (r *reader) list(key string) []string {
	r.known = append(r.known, key)
	return r.values[key]
}

func (r *reader) truth(key string) bool {
	text := r.text(key)
	value, err := strconv.ParseBool(text)
	if text != "" && err != nil && r.err == nil {
		r.err = Invalid("write 1 or 0", "%s=%q is neither true nor false", key, text)
	}
	return value
}

func (r *reader) number(key string) int {
	text := r.text(key)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if (err != nil || n < 0) && r.err == nil {
		r.err = Invalid("", "%s=%q is not a number from 0 up", key, text)
	}
	return n
}

func (r *reader) time(key string) time.Time {
	text := r.text(key)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil && r.err == nil {
		r.err = Invalid("write it as 2006-01-02T15:04:05Z", "%s=%q is not a time", key, text)
	}
	return t
}

func (r *reader) finish() error {
	if r.err != nil {
		return r.err
	}
	for key := range r.values {
		found := false
		for _, k := range r.known {
			found = found || k == key
		}
		if !found {
			return Invalid("the daemon may be older than the command: compare `weir version` with `weir status`", "%q is not known here", key)
		}
	}
	return nil
}
