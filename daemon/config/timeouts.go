package config

import "time"

// KeepAlive says how a peer is noticed that is gone without a word (tcp(7)).
type KeepAlive struct {
	Idle     time.Duration `yaml:"idle"`     // of silence before the first probe, 0 sends none
	Interval time.Duration `yaml:"interval"` // between probes
	Count    int           `yaml:"count"`    // probes without an answer
}

// maxProbe is the longest that the kernel takes between probes of a connection
// (MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL).
const maxProbe = 32767 * time.Second

// checkTimeouts checks how long sessions and connections may say nothing.
func (d *decoder) checkTimeouts(c *Config) {
	const year = 366 * 24 * time.Hour
	for _, b := range []struct {
		at        string
		value     time.Duration
		never     bool // 0 is never
		low, high time.Duration
	}{
		{"spec.limits.loginTimeout", c.Limits.LoginTimeout, false, time.Second, 10 * time.Minute}, // as authentication_timeout
		{"spec.limits.idleTimeout", c.Limits.IdleTimeout, true, time.Second, year},
		{"spec.limits.idleInTransactionTimeout", c.Limits.IdleInTransactionTimeout, true, time.Second, year},
		{"spec.keepAlive.idle", c.KeepAlive.Idle, true, time.Second, maxProbe},
		{"spec.keepAlive.interval", c.KeepAlive.Interval, false, time.Second, maxProbe},
	} {
		switch {
		case b.value >= b.low && b.value <= b.high, b.never && b.value == 0:
		case b.never:
			d.at(b.at, "%s is out of range: from %s to %s, or 0s for never", b.value, b.low, b.high)
		default:
			d.at(b.at, "%s is out of range: from %s to %s", b.value, b.low, b.high)
		}
	}
}
