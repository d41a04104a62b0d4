package proxy

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/session"
)

func TestAStatementThatJudgingFailsOnIsRefusedAndLogged(t *testing.T) {
	var log strings.Builder
	v := &visit{gateway: &Gateway{cfg: Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}}} // no judge: asking it fails
	d := v.Decide(t.Context(), &session.Decide{Text: []byte("SELECT 1")}, session.State{})
	if d == nil || d.Denial == nil || d.Denial.Code != diagnostic.InternalError || d.Text != "SELECT 1" {
		t.Fatalf("got %+v, want a refusal", d)
	}
	if !strings.Contains(log.String(), "Decide") {
		t.Errorf("the log does not say where: %s", &log)
	}
}

// Once its facts are at hand, a text is judged where all sessions are served.
func TestADecisionThatJudgingFailsOnIsNotAtHand(t *testing.T) {
	j := &judge{} // of no gateway: asking it fails
	if d, ok := j.Decide([]byte("SELECT 1"), &session.State{}); ok || d != nil {
		t.Errorf("got %+v", d)
	}
}
