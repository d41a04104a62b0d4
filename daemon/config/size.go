package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Size is a number of bytes. In the file it is a whole number with an optional
// unit of Ki, Mi, Gi or Ti (powers of 1024): 1048576, 64Mi.
type Size int64

// The units of Size.
const (
	KiB Size = 1 << 10
	MiB Size = 1 << 20
	GiB Size = 1 << 30
	TiB Size = 1 << 40
)

// String gives the size in the largest unit that divides it.
func (s Size) String() string {
	for _, u := range []struct {
		name string
		size Size
	}{{"Ti", TiB}, {"Gi", GiB}, {"Mi", MiB}, {"Ki", KiB}} {
		if s != 0 && s%u.size == 0 {
			return strconv.FormatInt(int64(s/u.size), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// ParseSize reads a size. It refuses units that leave open whether they count in
// 1000 or in 1024 (M, MB), negative sizes, and what does not fit.
func ParseSize(text string) (Size, error) {
	digits := strings.TrimRight(text, "KMGTPEBkmgtpebi")
	unit := text[len(digits):]
	factors := map[string]Size{"": 1, "Ki": KiB, "Mi": MiB, "Gi": GiB, "Ti": TiB}
	factor, ok := factors[unit]
	if !ok {
		if _, err := strconv.ParseUint(digits, 10, 63); err != nil {
			return 0, fmt.Errorf("%q is not a size: write a number of bytes, or one with Ki, Mi, Gi or Ti, such as 64Mi", text)
		}
		return 0, fmt.Errorf("%q is not a size, %s is no unit of it: use Ki, Mi, Gi or Ti (powers of 1024), such as %sMi", text, unit, digits)
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("%q is too large for a size", text)
	case err != nil || n < 0:
		return 0, fmt.Errorf("%q is not a size: write a number of bytes, or one with Ki, Mi, Gi or Ti, such as 64Mi", text)
	case n > math.MaxInt64/int64(factor):
		return 0, fmt.Errorf("%q is too large for a size", text)
	}
	return Size(n) * factor, nil
}

// ParseDuration reads a duration as time.ParseDuration does, and whole days
// besides: 90d. A number without a unit is refused, a negative one as well.
func ParseDuration(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseInt(days, 10, 64)
		if err == nil && n >= 0 {
			if n > math.MaxInt64/int64(24*time.Hour) {
				return 0, fmt.Errorf("%q is too long for a duration", text)
			}
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a duration: write a number with a unit, such as 500ms, 2s, 15m, 24h or 30d", text)
	}
	return d, nil
}
