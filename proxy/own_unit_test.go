package proxy

import (
	"fmt"
	"testing"

	"github.com/weirgate/weir/policy/statement"
)

func TestWhatASessionMadeIsBounded(t *testing.T) {
	var o own
	for i := range 3 * ownKept {
		o.follow(&statement.Statement{Objects: []statement.Object{{Command: statement.CommandCreate, Kind: statement.KindTable, Name: fmt.Sprint("t", i)}}})
		o.follow(&statement.Statement{Objects: []statement.Object{{Command: statement.CommandAlter, Kind: statement.KindTable, Name: fmt.Sprint("a", i)}}})
	}
	if len(o.made) > ownKept || len(o.altered) > ownKept || !o.full {
		t.Errorf("%d made, %d altered", len(o.made), len(o.altered))
	}
}

func TestWhatATransactionChangedIsForgottenAfterIt(t *testing.T) {
	o := own{rests: 7}
	o.alter("public", "a")
	if o.rested(7) || o.empty() {
		t.Error("it was forgotten within the transaction")
	}
	if !o.rested(8) || !o.empty() {
		t.Error("it was not forgotten after it")
	}
}

func TestFactsOfASessionThatMadeNothingStayAsTheyAre(t *testing.T) {
	var o own
	facts := &statement.Facts{Statements: []statement.Statement{{Tables: []statement.Table{{Name: "t"}}}, {}}}
	if o.meant(nil, facts) != facts {
		t.Error("they were copied")
	}
}
