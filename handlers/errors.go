package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"flipmirror/forge"
)

// ProblemType is the media type of every error answer (RFC 9457).
const ProblemType = "application/problem+json"

// typePrefix makes a problem's code a URI, as RFC 9457 wants its type to be.
// A URN needs no server behind it: the code is the stable part, for programs.
const typePrefix = "urn:flipmirror:problem:"

// maxInstance bounds the request path that an error answer repeats.
const maxInstance = 200

// Problem is an error that knows how it is answered: RFC 9457's members, ours
// beside them, and what belongs into headers. Everything that is marshalled is
// public; Err is for the log only.
type Problem struct {
	Type      string   `json:"type"`
	Title     string   `json:"title"`
	Status    int      `json:"status"`
	Detail    string   `json:"detail,omitempty"`
	Instance  string   `json:"instance,omitempty"`
	RequestID string   `json:"request_id,omitempty"`
	Valid     []string `json:"valid,omitempty"` // what would have been accepted

	RetryAfter time.Duration `json:"-"` // becomes Retry-After, in whole seconds
	Allow      string        `json:"-"` // becomes Allow
	Challenge  string        `json:"-"` // becomes WWW-Authenticate
	Err        error         `json:"-"` // the cause: logged, never shown
}

// Refuse returns a problem with a stable code ("bad-signature") and a detail for
// people. The title is HTTP's own phrase for the status.
func Refuse(status int, code, detail string) *Problem {
	return &Problem{Type: typePrefix + code, Title: http.StatusText(status), Status: status, Detail: detail}
}

// Error returns the detail, and the cause behind it.
func (p *Problem) Error() string {
	msg := p.Title
	if p.Detail != "" {
		msg = p.Detail
	}
	if p.Err != nil {
		msg += ": " + p.Err.Error()
	}
	return msg
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }

// Code returns the stable part of the type.
func (p *Problem) Code() string {
	if len(p.Type) > len(typePrefix) {
		return p.Type[len(typePrefix):]
	}
	return ""
}

// Because attaches the cause and returns the same problem.
func (p *Problem) Because(err error) *Problem { p.Err = err; return p }

// After sets when the client may come back and returns the same problem.
func (p *Problem) After(d time.Duration) *Problem { p.RetryAfter = d; return p }

// Func is a handler that returns its failure instead of rendering it. A Func
// that returns an error must not have written anything.
type Func func(http.ResponseWriter, *http.Request) error

// ServeHTTP runs f and renders what it returns.
func (f Func) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := f(w, r); err != nil {
		Fail(w, r, err)
	}
}

// Fail renders err as a problem. It is the only place that does. An error that
// is no [Problem] is translated by its kind; what is not known becomes a 500
// that shows nothing of its text, which goes to the log line instead.
func Fail(w http.ResponseWriter, r *http.Request, err error) {
	p := *problemOf(err) // a copy: problems may be shared values
	p.Instance = clip(r.URL.Path, maxInstance)
	p.RequestID = RequestID(r.Context())
	h := w.Header()
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int((p.RetryAfter+time.Second-1)/time.Second)))
	}
	if p.Allow != "" {
		h.Set("Allow", p.Allow)
	}
	if p.Challenge != "" {
		h.Set("WWW-Authenticate", p.Challenge)
	}
	Annotate(r.Context(), slog.String("problem", p.Code()))
	if p.Err != nil {
		Annotate(r.Context(), slog.String("error", p.Err.Error()))
	}
	h.Set("Content-Type", ProblemType)
	writeBody(w, p.Status, &p)
}

// WriteJSON answers with v. It returns an error only while nothing is written
// yet, so that a [Func] can return it.
func WriteJSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header()["Content-Type"] = jsonType
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // a client that hung up is in the access log's byte count
	return nil
}

var jsonType = []string{"application/json"}

// writeBody is WriteJSON for a body that is known to marshal.
func writeBody(w http.ResponseWriter, status int, v any) {
	body, _ := json.Marshal(v)
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// problemOf translates any error into a problem.
func problemOf(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	if p := ofState(err); p != nil {
		return p.Because(err)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return Refuse(http.StatusServiceUnavailable, "timeout", "This took too long and was given up.").
			After(busyRetry).Because(err)
	case forge.CodeOf(err) != "":
		return Refuse(http.StatusBadGateway, "forge", "A forge did not answer as needed; the log has its words.").Because(err)
	}
	return Refuse(http.StatusInternalServerError, "internal", "Something went wrong inside Flipmirror; the log has the cause under this request id.").Because(err)
}

// busyRetry is what a client is told to wait when the service can't do its work
// now but most likely can soon: a commit takes milliseconds, a restart seconds.
const busyRetry = 5 * time.Second

// clip shortens s to at most n bytes, on a rune boundary.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
