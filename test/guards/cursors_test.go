package guards

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
)

// cursorAttacks take more of a result than a limit lets, a part here and a part there.
func cursorAttacks() []attack {
	query := func(text string) step { return messages(1, &pgproto3.Query{String: text}) }
	execute := func(rows uint32) step {
		return messages(1, &pgproto3.Execute{Portal: "c", MaxRows: rows}, &pgproto3.Sync{})
	}
	portal := messages(1, &pgproto3.Parse{Query: "SELECT * FROM many"}, &pgproto3.Bind{DestinationPortal: "c"}, &pgproto3.Sync{})
	begin, declare, fetch := query("BEGIN"), query("DECLARE c CURSOR FOR SELECT * FROM many"), query("FETCH 4 c")
	fetched := messages(1, &pgproto3.Parse{Query: "FETCH 4 c"}, &pgproto3.Bind{}, &pgproto3.Execute{}, &pgproto3.Sync{})
	crowd := func(first, last int) step {
		var b strings.Builder
		for i := first; i < last; i++ {
			fmt.Fprintf(&b, "DECLARE c%d CURSOR FOR SELECT 1;", i)
		}
		return query(b.String())
	}
	var all []attack
	for name, steps := range map[string][]step{
		"the portal of a declared cursor":    {begin, declare, execute(0)},
		"FETCH, then its portal":             {begin, declare, fetch, execute(4)},
		"a portal, then FETCH":               {begin, portal, execute(3), fetch},
		"FETCH ALL of a portal":              {begin, portal, query("FETCH ALL c")},
		"FETCH of a portal, then the portal": {begin, portal, fetch, execute(4)},
		"FETCH of a portal, by a portal":     {begin, portal, fetched, fetched},
		"opened in a DO":                     {begin, query("DO $$ DECLARE c refcursor := 'c'; BEGIN OPEN c FOR SELECT * FROM many; END $$"), query("FETCH ALL c")},
		"past a savepoint":                   {begin, declare, fetch, query("SAVEPOINT s"), query("ROLLBACK TO s"), fetch},
		"past the transaction":               {begin, query("DECLARE c CURSOR WITH HOLD FOR SELECT * FROM many"), fetch, query("COMMIT"), fetch},
		"past very many others":              {begin, declare, fetch, crowd(0, 5000), crowd(5000, 10001), fetch},
	} {
		all = append(all, attack{set: "selects", name: name, steps: steps, rows: 5})
	}
	return all
}
