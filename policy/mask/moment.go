package mask

import (
	"encoding/binary"
	"math"
	"strings"
	"time"
)

// Dates and timestamps in between: microseconds since PostgreSQL's epoch, of
// the calendar's clock for those without a time zone.

const (
	microsPerSecond = int64(1e6)
	microsPerDay    = 86400 * microsPerSecond
)

// moment reads a date or a timestamp. Text is read as DateStyle ISO writes it;
// any other style, and infinity, is not ok. zone is the text's offset from UTC
// in seconds.
func (c *Cell) moment(value []byte) (micros int64, zone int, ok bool) {
	if !c.binary {
		return parseMoment(string(value), c.class)
	}
	switch {
	case c.class == classDate && len(value) == 4:
		days := int32(binary.BigEndian.Uint32(value))
		return int64(days) * microsPerDay, 0, days != math.MaxInt32 && days != math.MinInt32
	case c.class != classDate && len(value) == 8:
		micros := int64(binary.BigEndian.Uint64(value))
		return micros, 0, micros != math.MaxInt64 && micros != math.MinInt64
	}
	return 0, 0, false
}

func parseMoment(s string, k class) (micros int64, zone int, ok bool) {
	s, bc := strings.CutSuffix(s, " BC")
	date, clock, hasClock := strings.Cut(s, " ")
	if hasClock != (k != classDate) {
		return 0, 0, false
	}
	year, month, day, ok := parseDate(date)
	if !ok {
		return 0, 0, false
	}
	if bc {
		year = 1 - year
	}
	days := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Unix()/86400 - epoch().Unix()/86400
	micros = days * microsPerDay
	if !hasClock {
		return micros, 0, true
	}
	if k == classTimestampTZ {
		at := strings.LastIndexAny(clock, "+-")
		if at < 0 {
			return 0, 0, false
		}
		if zone, ok = parseOffset(clock[at:]); !ok {
			return 0, 0, false
		}
		clock = clock[:at]
	}
	of, ok := parseClock(clock)
	return micros + of - int64(zone)*microsPerSecond, zone, ok
}

// digits reads a number of at least min and at most max digits.
func digits(s string, least, most int) (n int, ok bool) {
	if len(s) < least || len(s) > most {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = 10*n + int(s[i]-'0')
	}
	return n, true
}

func parseDate(s string) (year, month, day int, ok bool) {
	if len(s) < 10 || s[len(s)-3] != '-' || s[len(s)-6] != '-' {
		return 0, 0, 0, false
	}
	year, okYear := digits(s[:len(s)-6], 4, 7) // up to 5874897
	month, okMonth := digits(s[len(s)-5:len(s)-3], 2, 2)
	day, okDay := digits(s[len(s)-2:], 2, 2)
	return year, month, day, okYear && okMonth && okDay && month >= 1 && month <= 12 && day >= 1 && day <= 31
}

// parseClock reads hh:mm:ss with up to six decimals, in microseconds.
func parseClock(s string) (micros int64, ok bool) {
	whole, fraction, _ := strings.Cut(s, ".")
	if len(whole) != 8 || whole[2] != ':' || whole[5] != ':' {
		return 0, false
	}
	h, okH := digits(whole[:2], 2, 2)
	m, okM := digits(whole[3:5], 2, 2)
	sec, okS := digits(whole[6:], 2, 2)
	f, okF := digits(fraction, 0, 6)
	for range 6 - min(6, len(fraction)) {
		f *= 10
	}
	return int64(h*3600+m*60+sec)*microsPerSecond + int64(f), okH && okM && okS && okF
}

// parseOffset reads +hh, +hh:mm or +hh:mm:ss, in seconds.
func parseOffset(s string) (seconds int, ok bool) {
	for i, part := range strings.Split(s[1:], ":") {
		n, ok := digits(part, 2, 2)
		if !ok || i > 2 {
			return 0, false
		}
		seconds += n * []int{3600, 60, 1}[i]
	}
	if s[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

// The range within which a moment stays what clients can read.
const (
	leastMoment = -6600 * 365 * microsPerDay // inside of 4713 BC
	mostMoment  = 7900 * 365 * microsPerDay  // inside of 9999
)

// appendMoment writes a moment in the column's format, text with the zone's
// offset.
func (c *Cell) appendMoment(dst []byte, micros int64, zone int) []byte {
	if c.class == classDate {
		days := micros / microsPerDay
		if micros%microsPerDay < 0 {
			days--
		}
		if c.binary {
			return binary.BigEndian.AppendUint32(dst, uint32(int32(days)))
		}
		return append(dst, era(epoch().AddDate(0, 0, int(days)), "2006-01-02", "")...)
	}
	if c.binary {
		return binary.BigEndian.AppendUint64(dst, uint64(micros))
	}
	suffix := ""
	if c.class == classTimestampTZ {
		suffix = offset(zone)
		micros += int64(zone) * microsPerSecond
	}
	days := micros / microsPerDay
	t := epoch().AddDate(0, 0, int(days)).Add(time.Duration(micros%microsPerDay) * time.Microsecond)
	return append(dst, era(t, "2006-01-02 15:04:05.999999", suffix)...)
}
