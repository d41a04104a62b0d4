package proxy_test

import (
	"testing"
	"time"
)

// A foreign key that names no columns refers to the primary key, which may be one that
// can be seen.
func TestForeignKeysWithoutColumnsReferToThePrimaryKey(t *testing.T) {
	o := options{poll: 100 * time.Millisecond, rules: `
  masks:
  - {name: contact, columns: [public.customers.email, public.people.ssn, public.pairs.b, "*.loose.secret"], with: {type: Redact}}
`, setup: `
CREATE TABLE people (ssn text PRIMARY KEY, name text UNIQUE);
CREATE TABLE pairs (a int, b int, c int UNIQUE, PRIMARY KEY (a, b));
CREATE TABLE loose (id int UNIQUE, secret text);
CREATE TABLE orders2 (id int, customer_id int);
ALTER TABLE people OWNER TO shop_app; ALTER TABLE pairs OWNER TO shop_app; ALTER TABLE loose OWNER TO shop_app; ALTER TABLE orders2 OWNER TO shop_app;
`}
	for _, login := range []string{"Static", "Passthrough"} {
		var s *site
		if login == "Passthrough" {
			s = passing(t, o)
		} else {
			s = newSite(t, o)
		}
		c := s.connect(simple, asRole)
		for _, text := range []string{
			"CREATE TABLE a (id int PRIMARY KEY, c int REFERENCES customers, d int REFERENCES customers ON DELETE CASCADE)",
			"CREATE TABLE b (c int, FOREIGN KEY (c) REFERENCES public.customers)",
			"ALTER TABLE orders2 ADD FOREIGN KEY (customer_id) REFERENCES customers",
			"ALTER TABLE orders2 ADD COLUMN other int REFERENCES customers",
			"CREATE TABLE c (id text REFERENCES people (name))",
			"BEGIN; CREATE TABLE d (c int REFERENCES customers); CREATE INDEX ON d (c); COMMIT",
			"CREATE TABLE e (c int REFERENCES pairs (c))",
			"CREATE TABLE g (c int REFERENCES customers, LIKE customers)", // without rows
		} {
			if _, err := c.Exec(t.Context(), text); err != nil {
				t.Errorf("%s: %s: %v", login, text, err)
			}
		}
		for text, words := range map[string]string{
			"CREATE TABLE x (s text REFERENCES people)":                                                                                "REFERENCES public.people (column)",
			"CREATE TABLE x (a int, b int, FOREIGN KEY (a, b) REFERENCES pairs)":                                                       "Name the columns",
			"CREATE TABLE x (a int REFERENCES loose)":                                                                                  "Name the columns",
			"ALTER TABLE orders2 ADD FOREIGN KEY (id) REFERENCES people (ssn)":                                                         "people",
			"CREATE TABLE x (c int REFERENCES customers) INHERITS (customers)":                                                         "customers",
			"CREATE TABLE x (c int REFERENCES customers, d text REFERENCES people)":                                                    "people",
			"BEGIN; ALTER TABLE people DROP CONSTRAINT people_pkey, ADD PRIMARY KEY (name); CREATE TABLE x (c text REFERENCES people)": "people",
		} {
			_, err := c.Exec(t.Context(), text)
			if err == nil {
				t.Errorf("%s: %s: not refused", login, text)
				continue
			}
			refused(t, err, "42501", words)
			_, _ = c.Exec(t.Context(), "ROLLBACK")
		}
		// Where the primary key is another one since, so is what is referred to.
		s.direct("ALTER TABLE people DROP CONSTRAINT people_pkey; ALTER TABLE people ADD PRIMARY KEY (name)")
		if !within(func() bool {
			_, err := c.Exec(t.Context(), "CREATE TABLE f (n text REFERENCES people)")
			return err == nil
		}) {
			t.Errorf("%s: the new key is not known", login)
		}
	}
}

// The columns of a table of a composite type change with it, so that guards on them
// stand against ALTER TYPE.
func TestGuardsOnColumnsSeeTablesOfAType(t *testing.T) {
	s := newSite(t, options{rules: `
  guards:
  - {name: secret, match: {columns: [public.typed.secret], access: Read}, action: Deny}
  - {name: ledger, match: {tables: [public.ledger], access: Write}, action: Deny}
  - {name: child, match: {columns: ["*.heir.secret"]}, action: Deny}
`, setup: `
CREATE TYPE person AS (id int, secret text); CREATE TABLE typed OF person; CREATE TYPE entry AS (id int); CREATE TABLE ledger OF entry;
CREATE TYPE lot AS (id int, secret text); CREATE TABLE above OF lot; CREATE TABLE heir () INHERITS (above);
CREATE TYPE free AS (id int, secret text); CREATE TABLE open OF free;
ALTER TYPE person OWNER TO shop_app; ALTER TYPE entry OWNER TO shop_app; ALTER TYPE lot OWNER TO shop_app; ALTER TYPE free OWNER TO shop_app;
ALTER TABLE typed OWNER TO shop_app; ALTER TABLE ledger OWNER TO shop_app; ALTER TABLE above OWNER TO shop_app; ALTER TABLE heir OWNER TO shop_app; ALTER TABLE open OWNER TO shop_app;
`})
	c := s.connect(simple)
	for _, text := range []string{
		"ALTER TYPE person RENAME ATTRIBUTE secret TO other CASCADE", "ALTER TYPE public.person ALTER ATTRIBUTE secret TYPE varchar CASCADE",
		"ALTER TYPE person DROP ATTRIBUTE secret CASCADE", "ALTER TYPE entry ADD ATTRIBUTE more int CASCADE", "ALTER TYPE lot RENAME ATTRIBUTE secret TO other CASCADE",
		"BEGIN; ALTER TYPE person RENAME TO human; ALTER TYPE human RENAME ATTRIBUTE secret TO other CASCADE",
		"DO $$ BEGIN ALTER TYPE person RENAME ATTRIBUTE secret TO other CASCADE; END $$",
	} {
		_, err := c.Exec(t.Context(), text)
		refused(t, err, "42501")
		_, _ = c.Exec(t.Context(), "ROLLBACK")
	}
	for _, text := range []string{"ALTER TYPE free RENAME ATTRIBUTE secret TO other CASCADE", "ALTER TYPE free ADD ATTRIBUTE more int CASCADE", "CREATE TYPE mine AS (id int)", "ALTER TYPE mine ADD ATTRIBUTE more int"} {
		if _, err := c.Exec(t.Context(), text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if n := s.count("SELECT count(*) FROM pg_attribute WHERE attname = 'secret' AND attrelid IN ('typed'::regclass, 'heir'::regclass)"); n != "2" {
		t.Errorf("%s columns are left", n)
	}
}
