package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MaxInterval bounds every length of time in the settings. Nothing here waits
// longer than a year on purpose; more is a slip of the pen.
const MaxInterval = maxDays * 24 * time.Hour

const maxDays = 366

var errTooLong = errors.New("it is longer than a year")

// ParseInterval reads a length of time: what Go reads (8h, 8h0m0s, 1.5h), and
// whole weeks and days before it (1w, 1d12h). It is never negative.
func ParseInterval(s string) (time.Duration, error) {
	rest := strings.TrimSpace(s)
	if rest == "" {
		return 0, errors.New("it is empty")
	}
	var total time.Duration
	for _, u := range []struct {
		letter string
		length time.Duration
	}{{"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour}} {
		num, after, ok := strings.Cut(rest, u.letter)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(num, 10, 16)
		if err != nil {
			return 0, fmt.Errorf("%q is no whole number", num)
		}
		if n > maxDays {
			return 0, errTooLong
		}
		total += time.Duration(n) * u.length
		rest = after
	}
	if rest != "" {
		d, err := parseClock(rest)
		if err != nil {
			return 0, err
		}
		total += d
	}
	if total > MaxInterval {
		return 0, errTooLong
	}
	return total, nil
}

// parseClock reads the part that Go understands, and says what is wrong in words.
func parseClock(s string) (time.Duration, error) {
	if _, err := strconv.ParseFloat(s, 64); err == nil && s != "0" {
		return 0, errors.New("it has no unit")
	}
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is no length of time", s)
	case d < 0 || strings.ContainsAny(s, "+-"):
		return 0, errors.New("it has a sign")
	case d > MaxInterval:
		return 0, errTooLong
	}
	return d, nil
}

// FormatInterval writes a length of time the short way that [ParseInterval] reads: 1w, 1d12h, 8h, 1h30m, 0s.
// Forgejo wants the long way instead, which is [time.Duration.String].
func FormatInterval(d time.Duration) string {
	if d < time.Second {
		return d.String()
	}
	var b strings.Builder
	for _, u := range []struct {
		name   string
		length time.Duration
	}{{"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}} {
		if n := d / u.length; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			d -= n * u.length
		}
	}
	if d > 0 {
		b.WriteString(d.String())
	}
	return b.String()
}
