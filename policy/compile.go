package policy

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
)

// Source is a text with documents, for example a file.
type Source struct {
	Name string // for diagnostics: the file's path
	Data []byte
}

// KeyReader gives the content of a key file. A line end at its end is left out.
type KeyReader func(path string) ([]byte, error)

// Option changes how documents are compiled.
type Option func(*options)

type options struct {
	keys KeyReader
}

// WithKeys says how the key files of Hash masks are read. Without it, which is
// good enough for validation, connections that such a mask is meant for are
// refused.
func WithKeys(read KeyReader) Option {
	return func(o *options) { o.keys = read }
}

// Compile reads documents and makes a Bundle of them. With any diagnostic there
// is no Bundle: a policy that is half understood is not applied. No document at
// all is good and selects nothing.
func Compile(sources []Source, opts ...Option) (*Bundle, Diagnostics) {
	var o options
	for _, option := range opts {
		option(&o)
	}
	var diags Diagnostics
	b := &Bundle{}
	all := &reader{diags: &diags}
	conditions := sync.OnceValues(newConditions)
	for _, s := range sources {
		r := &reader{file: s.Name, diags: &diags, conditions: conditions}
		for _, root := range r.documents(s.Data) {
			switch d := r.document(root).(type) {
			case *Database:
				b.databases = append(b.databases, d)
			case *Policy:
				b.policies = append(b.policies, d)
			}
		}
	}
	b.databases = unique(all, KindDatabase, b.databases, func(d *Database) (string, place) { return d.Name, d.at })
	b.policies = unique(all, KindPolicy, b.policies, func(p *Policy) (string, place) { return p.Name, p.at })
	ambiguous(all, b.databases)
	b.link(all, o.keys)
	if len(diags) > 0 {
		diags.sort()
		return nil, slices.Compact(diags)
	}
	if err := b.finish(); err != nil {
		return nil, Diagnostics{{Message: err.Error()}}
	}
	return b, nil
}

// Validate gives everything that is wrong with documents. Key files are not
// read.
func Validate(sources []Source) Diagnostics {
	_, diags := Compile(sources)
	return diags
}

// unique reports documents of one kind that have the same name and leaves them
// out. The rest comes sorted by name. Documents whose name is wrong were
// reported.
func unique[T any](r *reader, kind string, all []T, of func(T) (string, place)) []T {
	first := map[string]place{}
	kept := make([]T, 0, len(all))
	for _, d := range all {
		name, at := of(d)
		if before, again := first[name]; name != "" && again {
			r.reportAt(at, "", "%s %q was already defined at %s:%d", kind, name, before.file, before.line)
			continue
		}
		first[name] = at
		kept = append(kept, d)
	}
	slices.SortStableFunc(kept, func(a, b T) int {
		x, _ := of(a)
		y, _ := of(b)
		return cmp.Compare(x, y)
	})
	return kept
}

// link resolves what documents say of each other.
func (b *Bundle) link(r *reader, keys KeyReader) {
	var names []string
	for _, d := range b.databases {
		names = append(names, d.Name)
	}
	for _, p := range b.policies {
		for _, ref := range p.refers {
			if !slices.Contains(names, ref.name) {
				hint := didYouMean(ref.name, names)
				if len(names) == 0 {
					hint = "there is no document of kind Database"
				}
				r.reportAt(ref.at, hint, "Database %q is not defined", shorten(ref.name))
			}
		}
		for _, m := range p.Masks {
			m.prepare(r, keys)
		}
	}
}

// finish makes the revision: a digest of what the documents mean, the same for
// every way to write it down and to spread it over files.
func (b *Bundle) finish() error {
	text, err := json.Marshal(struct {
		Version   string
		Databases []*Database
		Policies  []*Policy
	}{APIVersion, b.databases, b.policies})
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	b.revision = hex.EncodeToString(sum[:8])
	b.rules, err = lru.New[ruleKey, *Rules](rulesKept)
	return err
}
