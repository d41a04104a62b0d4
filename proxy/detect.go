package proxy

import (
	"sync"

	"github.com/weirgate/weir/policy"
	"github.com/weirgate/weir/policy/copydata"
	"github.com/weirgate/weir/policy/mask"
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/session"
	"github.com/weirgate/weir/proxy/wire"
)

// detects decides by the masks of what is detected in values: each result is
// looked at, and data of COPY that weir cannot read are refused.
func detects(rules *policy.Rules, d *session.Decision) {
	if len(rules.Detections) == 0 || d.Denial != nil {
		return
	}
	rule := &rules.Detections[0]
	for i := range d.Statements {
		plan := &d.Statements[i]
		if st := plan.Statement; st != nil && st.Copy != nil && !st.Copy.From && st.Copy.Target == "Client" {
			if _, err := copydata.FormatOf(st.Copy); err != nil {
				refuse(d, diagnostic.NotLookedAt(rule.String(), err.Error()))
				d.Policy, d.Rule, d.Reason, d.Approval = rule.Policy, rule.Name, "COPY with "+err.Error(), nil
				return
			}
		}
		plan.Touches = true
	}
}

// detecting fills the cells that nothing else masks with detections. It gives
// the mask as it was where no column holds text.
func (s *standing) detecting(m *session.RowMask, fields []wire.Field) *session.RowMask {
	detectors := s.rules.Detectors
	if len(detectors) == 0 {
		return m
	}
	for i, f := range fields {
		if m != nil && m.Cells[i] != nil {
			continue
		}
		c := mask.Column{TypeOID: f.TypeOID, TypeMod: f.TypeMod, Format: f.Format}
		if s.snapshot != nil {
			c.TypeOID, c.Element, c.ElementType = s.snapshot.Wire(f.TypeOID)
		}
		cell := mask.DetectingCell(detectors, c)
		if cell == nil {
			continue
		}
		if m == nil {
			m = &session.RowMask{Cells: make([]session.Cell, len(fields))}
		}
		m.Cells[i] = cell
	}
	return m
}

// Censors says that the texts of errors, notices and notifications are looked at.
func (j *judge) Censors() bool { return len(j.rules().Detections) > 0 }

// Censor masks what is detected in a text of the server's.
func (j *judge) Censor(text string) string {
	out, null := j.censor.mask(j.rules(), text)
	if null {
		return "(withheld by weir)"
	}
	return out
}

// censor keeps a cell for texts that are no part of a result.
type censor struct {
	mu    sync.Mutex
	rules *policy.Rules
	cell  *mask.Cell
}

func (c *censor) mask(rules *policy.Rules, s string) (out string, null bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rules != rules {
		const text = 25 // its oid
		c.rules, c.cell = rules, mask.DetectingCell(rules.Detectors, mask.Column{TypeOID: text, TypeMod: -1})
	}
	if c.cell == nil {
		return s, false
	}
	masked, null := c.cell.Mask(nil, []byte(s))
	return string(masked), null
}
