package config

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"flipmirror/forge"
)

// keyBytes is the length of an AES-256 key.
const keyBytes = 32

// parse reads one setting into its field, or says in one sentence what is wrong.
func (l *loader) parse(f field, v Value, target any) {
	if l.bad[f.Variable] {
		return
	}
	if v.raw == "" {
		if f.Must && !l.in.Partial {
			l.blame(f.Variable, "%s is not set, but must be %s.", f.Variable, f.Want)
		}
		return
	}
	if err := parseInto(f, v.raw, target); err != nil {
		l.blame(f.Variable, "%s (%s) is %s, but must be %s%s.", f.Variable, v.Source, shown(f, v.raw), f.Want, clause(err))
	}
}

// clause puts a parser's own words in brackets; most need none.
func clause(err error) string {
	if err == errPlain {
		return ""
	}
	return " (" + err.Error() + ")"
}

// errPlain is the error of a parser that has nothing to add to what was wanted.
var errPlain = errors.New("not what was wanted")

// parseInto reads raw into target, by target's type. Links are read later,
// because they depend on MIRROR_DIRECTION.
func parseInto(f field, raw string, target any) (err error) {
	switch t := target.(type) {
	case *string:
		*t, err = parseText(f.Kind, raw)
	case *Secret:
		*t, err = parseSecret(raw)
	case *Secrets:
		*t, err = parseSecrets(raw)
	case *Key:
		*t, err = parseKey(raw)
	case *time.Duration:
		*t, err = ParseInterval(raw)
	case *bool:
		*t, err = strconv.ParseBool(raw)
		err = plain(err)
	case *int:
		*t, err = strconv.Atoi(raw)
		err = plain(err)
	case *forge.Direction:
		*t, err = forge.ParseDirection(raw)
		err = plain(err)
	case *slog.Level:
		*t, err = parseLevel(raw)
	case *forge.Links:
	default:
		panic(fmt.Sprintf("config: no parser for %T", target))
	}
	return err
}

func plain(err error) error {
	if err != nil {
		return errPlain
	}
	return nil
}

func parseText(kind, raw string) (string, error) {
	raw = strings.TrimSpace(raw)
	switch kind {
	case "url":
		return parseURL(raw)
	case "dir":
		if !filepath.IsAbs(raw) {
			return "", errors.New("the path is not absolute")
		}
		return filepath.Clean(raw), nil
	case "listen":
		return raw, parseListen(raw)
	case "text|json":
		if low := strings.ToLower(raw); low == "text" || low == "json" {
			return low, nil
		}
		return "", errPlain
	}
	panic("config: unknown kind of text " + kind)
}

// parseURL accepts http and https addresses and drops a slash at the end, so
// that paths can be appended. Credentials don't belong into an address: it ends
// up in logs, pages and mirror settings.
func parseURL(raw string) (string, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return "", errPlain
	case u.Scheme != "http" && u.Scheme != "https":
		return "", errors.New("it has to begin with https:// or http://")
	case u.User != nil:
		return "", errors.New("a user name or a password has no place in it")
	case u.Hostname() == "":
		return "", errors.New("it has no host")
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return "", errors.New("it has to end before any ? or #")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

func parseListen(raw string) error {
	_, port, err := net.SplitHostPort(raw)
	if err != nil {
		return errPlain
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n > 65535 {
		return errors.New("the port is no number from 0 to 65535")
	}
	return nil
}

func parseLevel(raw string) (slog.Level, error) {
	for _, l := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if strings.EqualFold(strings.TrimSpace(raw), l.String()) {
			return l, nil
		}
	}
	return 0, errPlain
}

func parseSecret(raw string) (Secret, error) {
	raw = strings.TrimSpace(raw)
	switch {
	case raw == "":
		return "", errors.New("it holds only spaces")
	case strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return "", errors.New("it has a space or a line break inside")
	}
	return Secret(raw), nil
}

func parseSecrets(raw string) (Secrets, error) {
	var out Secrets
	for part := range strings.SplitSeq(raw, ",") {
		s, err := parseSecret(part)
		if err != nil {
			return nil, fmt.Errorf("number %d of the list: %w", len(out)+1, err)
		}
		out = append(out, s)
	}
	return out, nil
}

func parseKey(raw string) (Key, error) {
	raw = strings.TrimSpace(raw)
	if b, err := hex.DecodeString(raw); err == nil && len(b) == keyBytes {
		return b, nil
	}
	unpadded := strings.TrimRight(raw, "=")
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if b, err := enc.DecodeString(unpadded); err == nil && len(b) == keyBytes {
			return b, nil
		}
	}
	return nil, errPlain
}
