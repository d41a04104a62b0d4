package proxy

import (
	"strings"
	"time"

	"github.com/weirgate/weir/policy"
	"github.com/weirgate/weir/proxy/diagnostic"
	"github.com/weirgate/weir/proxy/session"
)

// loadsCode names the settings that make the server load libraries when a session
// starts. No SET can do the same, so no rule speaks of it.
func loadsCode(name string) bool {
	switch name {
	case "session_preload_libraries", "local_preload_libraries":
		return true
	}
	return false
}

// settle judges what a client wants set at its session's start: each setting as
// the same SET would be. It gives the notices that go with it.
func settle(rules *policy.Rules, q *session.Connect, s policy.Session) (notices []byte, refusal *diagnostic.Diagnostic) {
	now := time.Now()
	for _, set := range q.Settings {
		name := strings.ToLower(set.Name)
		if rules.Observes() {
			continue
		}
		if loadsCode(name) && rules.Mode != policy.Audit {
			return nil, diagnostic.StartupOption(set.Name)
		}
		v := rules.JudgeSetting(name, set.Value, s, now)
		switch v.Action {
		case policy.Deny:
			return nil, diagnostic.StartupSetting(name, guardRefusal(&v))
		case policy.RequireApproval:
			return nil, diagnostic.StartupApproval(name, v.Policy+"/"+v.Rule)
		}
		for _, f := range v.Warnings {
			notices = diagnostic.Warned(f.String()).Append(notices)
		}
	}
	return notices, nil
}
