package statement

import "testing"

func TestWhatAStatementLeavesOfATransaction(t *testing.T) {
	for _, tt := range []struct {
		text           string
		behind, inside bool // a transaction is open where none was before, and where one was
	}{
		{"BEGIN", true, true},
		{"START TRANSACTION READ ONLY", true, true},
		{"COMMIT", false, false},
		{"END", false, false},
		{"COMMIT AND NO CHAIN", false, false},
		{"COMMIT AND CHAIN", false, true},
		{"ABORT", false, false},
		{"ROLLBACK AND CHAIN", false, true},
		{"PREPARE TRANSACTION 'a'", false, false},
		{"COMMIT PREPARED 'a'", false, true},
		{"ROLLBACK TO a", false, true},
		{"SAVEPOINT a", false, true},
		{"SELECT 1", false, true},
	} {
		st := only(t, tt.text)
		if got := st.InTransaction(false); got != tt.behind {
			t.Errorf("%s: %t where none was open", tt.text, got)
		}
		if got := st.InTransaction(true); got != tt.inside {
			t.Errorf("%s: %t where one was open", tt.text, got)
		}
	}
}
