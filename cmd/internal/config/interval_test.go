package config

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseInterval(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"8h": 8 * time.Hour, "8h0m0s": 8 * time.Hour, "90m": 90 * time.Minute, "0s": 0, "0": 0,
		"1d": 24 * time.Hour, "1w": 7 * 24 * time.Hour, "1w2d3h4m5s": 219*time.Hour + 4*time.Minute + 5*time.Second,
		"1d12h": 36 * time.Hour, " 10m ": 10 * time.Minute, "1.5h": 90 * time.Minute, "500ms": 500 * time.Millisecond,
	} {
		if got, err := ParseInterval(in); err != nil || got != want {
			t.Errorf("ParseInterval(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "8", "8 hours", "-8h", "+8h", "1d-1h", "h", "d", "1.5d", "1h1d", "1d1w", "1y", "367d", "99999999w", "9000h", "1e3h", "0x1h"} {
		if got, err := ParseInterval(in); err == nil {
			t.Errorf("ParseInterval(%q) = %v, want an error", in, got)
		}
	}
}

func TestIntervalRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, int64(MaxInterval)).Draw(t, "d"))
		if rapid.Bool().Draw(t, "whole seconds") {
			d = d.Truncate(time.Second)
		}
		for _, text := range []string{FormatInterval(d), d.String()} {
			if got, err := ParseInterval(text); err != nil || got != d {
				t.Fatalf("ParseInterval(%q) = %v, %v; want %v", text, got, err, d)
			}
		}
	})
}

func FuzzParseInterval(f *testing.F) {
	for _, s := range []string{"8h", "8h0m0s", "1w2d", "0s", "1.5h", "-1h", "9223372036854775807ns", "65535w", "1d1d", "µs", "1µs"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseInterval(s)
		if err != nil {
			return
		}
		if d < 0 || d > MaxInterval {
			t.Fatalf("ParseInterval(%q) = %v, out of bounds", s, d)
		}
		if again, err := ParseInterval(FormatInterval(d)); err != nil || again != d {
			t.Fatalf("%q → %v → %q → %v, %v", s, d, FormatInterval(d), again, err)
		}
	})
}
