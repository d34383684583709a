package handlers

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
)

// exchange is what the frame knows of one request while it runs. One value per
// request carries the identity, the log line in the making and the recorder.
type exchange struct {
	http.ResponseWriter
	id     string
	route  string // the path template: the only form of a path that becomes a label
	status int
	bytes  int64
	attrs  []slog.Attr
}

type exchangeKey struct{}

// exchangeOf returns the request's exchange, nil outside the frame.
func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// RequestID returns the id that log line and error answer of a request share.
func RequestID(ctx context.Context) string {
	if x := exchangeOf(ctx); x != nil {
		return x.id
	}
	return ""
}

// Annotate adds keys to the one log line of this request. It must be called
// from the request's own goroutine. Outside the frame it does nothing.
func Annotate(ctx context.Context, attrs ...slog.Attr) {
	if x := exchangeOf(ctx); x != nil {
		x.attrs = append(x.attrs, attrs...)
	}
}

// WriteHeader remembers the status.
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 && status >= 200 {
		x.status = status
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write counts bytes.
func (x *exchange) Write(p []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	n, err := x.ResponseWriter.Write(p)
	x.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach deadlines and flushing.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// newRequestID returns 64 random bits. An id offered by the client is not taken
// over: whoever reads the log must be able to trust that ids are unique.
func newRequestID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

// observe gives a request its identity and, when it ends in whatever way,
// writes its log line and its metrics.
func observe(log *slog.Logger, m *httpMetrics, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		x := &exchange{ResponseWriter: w, id: newRequestID(), route: unmatched}
		w.Header()["X-Request-Id"] = []string{x.id}
		m.inFlight.Inc()
		defer func() {
			m.inFlight.Dec()
			took := time.Since(start)
			m.done(r.Method, x.route, x.status, took)
			x.log(log, r, took)
		}()
		next.ServeHTTP(x, r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x)))
	})
}

// log writes the request's one line. The query is left out: it is where
// careless clients put tokens.
func (x *exchange) log(log *slog.Logger, r *http.Request, took time.Duration) {
	level := slog.LevelInfo
	switch {
	case x.status >= 500:
		level = slog.LevelError
	case x.status >= 400:
		level = slog.LevelWarn
	case quiet[x.route]:
		level = slog.LevelDebug
	}
	if !log.Enabled(r.Context(), level) {
		return
	}
	attrs := append(make([]slog.Attr, 0, 8+len(x.attrs)),
		slog.String("request", x.id), slog.String("method", r.Method), slog.String("path", clip(r.URL.Path, maxInstance)),
		slog.Int("status", x.status), slog.Int64("bytes", x.bytes), slog.Duration("took", took),
		slog.String("remote", r.RemoteAddr))
	log.LogAttrs(r.Context(), level, "request", append(attrs, x.attrs...)...)
}

// quiet are the routes that machines poll; their successes are noise.
var quiet = map[string]bool{"/healthz": true, "/readyz": true, "/metrics": true}

// recoverPanics turns a panic into a 500 and one log line with the stack. When
// the answer has begun already it aborts the connection instead, so that nobody
// takes half an answer for a whole one.
func recoverPanics(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v)
			}
			log.LogAttrs(r.Context(), slog.LevelError, "handler panicked",
				slog.String("request", RequestID(r.Context())), slog.String("panic", fmt.Sprint(v)), slog.String("stack", string(debug.Stack())))
			if x := exchangeOf(r.Context()); x != nil && x.status != 0 {
				panic(http.ErrAbortHandler)
			}
			Fail(w, r, Refuse(http.StatusInternalServerError, "internal", "Something went wrong inside Flipmirror; the log has the cause under this request id."))
		}()
		next.ServeHTTP(w, r)
	})
}

// safeHeaders are the answers' headers unless a handler sets its own: nothing
// is cached (pages and API show live state), framed, sniffed or allowed to load.
// Transport security is the business of whoever terminates TLS in front.
var safeHeaders = map[string][]string{
	"Cache-Control":                {"no-store"},
	"Content-Security-Policy":      {"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
	"Cross-Origin-Opener-Policy":   {"same-origin"},
	"Cross-Origin-Resource-Policy": {"same-origin"},
	"Referrer-Policy":              {"no-referrer"},
	"X-Content-Type-Options":       {"nosniff"},
	"X-Frame-Options":              {"DENY"},
}

// secure sets [safeHeaders]. The slices are shared and have no spare room, so
// that Set and Add by a handler never write into them.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for k, v := range safeHeaders {
			h[k] = v
		}
		next.ServeHTTP(w, r)
	})
}

// sameOrigin refuses state-changing requests that a browser sends on behalf of
// another site. Requests without a browser's headers (forges, the CLI) pass,
// hence it can stand before every route.
func sameOrigin(next http.Handler) http.Handler {
	c := http.NewCrossOriginProtection()
	c.SetDenyHandler(Func(func(http.ResponseWriter, *http.Request) error {
		return Refuse(http.StatusForbidden, "cross-origin", "A page of another site sent this request; it was not carried out.")
	}))
	return c.Handler(next)
}
