package config

import (
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"time"

	"flipmirror/forge"
)

// maxShown bounds how much of a wrong value is repeated in a message.
const maxShown = 100

// shown repeats a wrong value for people, and only describes a secret one.
func shown(f field, raw string) string {
	if f.Secret {
		return Secret(raw).String()
	}
	safe := hideCredentials(raw)
	if len(safe) > maxShown {
		return fmt.Sprintf("%q…", safe[:maxShown])
	}
	return fmt.Sprintf("%q", safe)
}

// hideCredentials blanks what may be a secret inside an address: everything
// before an @ and after a question mark.
func hideCredentials(raw string) string {
	if i := strings.LastIndexByte(raw, '@'); i >= 0 {
		start := 0
		if s := strings.Index(raw, "://"); s >= 0 && s < i {
			start = s + len("://")
		}
		raw = raw[:start] + "***" + raw[i:]
	}
	if i := strings.IndexAny(raw, "?#"); i >= 0 {
		raw = raw[:i+1] + "***"
	}
	return raw
}

// describe writes each value's text for people, from the parsed field.
func (c *Config) describe() {
	fs := fields()
	v := reflect.ValueOf(c).Elem()
	for i := range c.values {
		val := &c.values[i]
		field := v.Field(fs[i].index)
		switch {
		case val.Source == Unset:
			val.Text = ""
		case fs[i].Secret:
			val.Text = Secret(val.raw).String()
			if field.Len() > 0 {
				val.Text = fmt.Sprint(field.Interface())
			}
		case field.IsZero() && val.raw != "":
			val.Text = hideCredentials(val.raw)
		default:
			val.Text = text(field.Interface())
		}
	}
}

// text writes a parsed value the way one would write it into the environment.
func text(v any) string {
	switch t := v.(type) {
	case time.Duration:
		return FormatInterval(t)
	case slog.Level:
		return strings.ToLower(t.String())
	case forge.Links:
		var parts []string
		for _, l := range t {
			parts = append(parts, l.String())
		}
		return strings.Join(parts, ",")
	}
	return fmt.Sprint(v)
}
