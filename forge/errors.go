package forge

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Code sorts the ways in which a forge can refuse. What to do next depends on
// the code alone, never on the wording of a message.
type Code string

// The codes. Only NotFound says anything about existence, and even that is not
// proof of absence (law L4): a forge hides what a token may not see behind 404.
const (
	NotFound    Code = "not_found"   // 404 or 410 with the forge's own error body
	Denied      Code = "denied"      // 401 or 403 that is not a limit: the token is wrong or lacks a right
	Exists      Code = "exists"      // 409, or 422 "name already exists"
	Invalid     Code = "invalid"     // 400 or 422: the request will never succeed as it is
	Unsupported Code = "unsupported" // 404/405 on an endpoint, or a feature that is switched off
	Limited     Code = "limited"     // a rate limit; Error.Until says when to come back
	Unavailable Code = "unavailable" // the request did not take effect: refused connection, 5xx on a read
	Ambiguous   Code = "ambiguous"   // a write that may or may not have happened: timeout, 5xx, cut answer
	Moved       Code = "moved"       // a redirect where none may be followed, or an answer about another id
	Malformed   Code = "malformed"   // the answer is not what the forge's API promises (HTML, cut JSON, too large)
	Archived    Code = "archived"    // 423, or 403 "archived": read-only until unarchived
	Blocked     Code = "blocked"     // 451, SAML enforcement, a billing or abuse lock: a person must act
)

// Error is every failure that comes back from a forge. It never contains a secret.
type Error struct {
	Code    Code
	Forge   Kind
	Op      string    // what was tried, in words: "create push mirror of acme/widget"
	Status  int       // the HTTP status, 0 when there was none
	Message string    // the forge's own words, shortened and redacted
	Until   time.Time // with Limited: when to try again
	Err     error     // the cause below, if any
}

// Error tells what was tried, how it ended and what the forge said.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s: %s", e.Forge.Title(), e.Op, strings.ReplaceAll(string(e.Code), "_", " "))
	if e.Status != 0 {
		fmt.Fprintf(&b, " (%d)", e.Status)
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	} else if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	if !e.Until.IsZero() {
		b.WriteString(", again at " + e.Until.UTC().Format(time.RFC3339))
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of err, or "" when err is nil or did not come from a forge.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// Is reports whether err came from a forge with one of the given codes.
func Is(err error, codes ...Code) bool {
	got := CodeOf(err)
	for _, c := range codes {
		if got == c && got != "" {
			return true
		}
	}
	return false
}

// LimitedUntil returns when a limited request may be tried again; ok is false for any other error.
func LimitedUntil(err error) (until time.Time, ok bool) {
	var e *Error
	if errors.As(err, &e) && e.Code == Limited {
		return e.Until, true
	}
	return time.Time{}, false
}
