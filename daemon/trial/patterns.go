package trial

import (
	"github.com/weirgate/weir/policy"
	"github.com/weirgate/weir/proxy/console"
)

// NoKeys stands in for the keys of masks, which are secrets of the host: values hashed
// with another one are as good to try documents out.
func NoKeys(string) ([]byte, error) { return []byte("a key for trying documents out"), nil }

// Patterns gives the patterns of documents that match nothing in databases, in the form
// of the admin API.
func Patterns(b *policy.Bundle, known []policy.Cataloged) []console.UnmatchedPattern {
	var all []console.UnmatchedPattern
	for _, u := range b.Unmatched(known) {
		p := console.UnmatchedPattern{Rule: u.Policy + "/" + u.Rule, Field: u.Field, Pattern: u.Pattern, Unknown: u.Unknown, Nearest: u.Nearest}
		for _, d := range u.Databases {
			p.Databases = append(p.Databases, console.ReplayedDatabase{Database: d.Database, Name: d.Name}.Title())
		}
		all = append(all, p)
	}
	return all
}
