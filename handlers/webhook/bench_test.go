package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"flipmirror/handlers"
	"flipmirror/state"
)

// The yardstick is a handler that reads the body and checks its HMAC: what no
// door can do without. Compare door with bare, at the handler and over a socket:
//
//	go test -run - -bench Door -benchmem -count 6 ./handlers/webhook

// nullInbox accepts at once, so that the door itself is measured.
type nullInbox struct{}

func (nullInbox) Accept(context.Context, state.Delivery, *state.Due) (bool, error) { return false, nil }

func bareHMAC(secret string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		sent, _ := hex.DecodeString(r.Header.Get("X-Forgejo-Signature"))
		if !hmac.Equal(mac.Sum(nil), sent) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	})
}

// tenKB is a recorded push with its commit repeated until it has about 10 KB.
func tenKB(b *testing.B) (recording, string) {
	rec := named(b, "005-push.json")
	start := strings.Index(rec.Body, `"commits": [`) + len(`"commits": [`)
	end := strings.LastIndex(rec.Body[:strings.Index(rec.Body, `"total_commits"`)], "]")
	body := rec.Body[:end]
	for len(body)+len(rec.Body)-end < 10<<10 {
		body += "," + rec.Body[start:end]
	}
	body += rec.Body[end:]
	if _, err := readPayload([]byte(body)); err != nil {
		b.Fatal(err)
	}
	return rec, body
}

func subjects(b *testing.B) map[string]http.Handler {
	return map[string]http.Handler{"bare": bareHMAC(forgejoSecret), "door": service(b, nullInbox{})}
}

// discard is a ResponseWriter that costs next to nothing.
type discard struct {
	h    http.Header
	code int
}

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(code int)        { d.code = code }

func BenchmarkDoorHandler(b *testing.B) {
	rec, body := tenKB(b)
	for name, h := range subjects(b) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			rd := strings.NewReader(body)
			r := rec.request("/hooks/forgejo")
			r.Header.Set("X-Forgejo-Signature", sign(forgejoSecret, body))
			r.Body, r.ContentLength = io.NopCloser(rd), int64(len(body))
			for b.Loop() {
				rd.Reset(body)
				w := &discard{h: http.Header{}}
				h.ServeHTTP(w, r)
				if w.code != http.StatusAccepted {
					b.Fatal(w.code)
				}
			}
		})
	}
}

func BenchmarkDoorSocket(b *testing.B) {
	rec, body := tenKB(b)
	for name, h := range subjects(b) {
		b.Run(name, func(b *testing.B) {
			srv := httptest.NewUnstartedServer(h)
			srv.Config = handlers.NewServer(h, quietLog)
			srv.Start()
			defer srv.Close()
			srv.Client().Transport.(*http.Transport).MaxIdleConnsPerHost = 64
			signature := sign(forgejoSecret, body)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					r, _ := http.NewRequest(http.MethodPost, srv.URL+"/hooks/forgejo", strings.NewReader(body))
					for k, v := range rec.Headers {
						r.Header.Set(k, v)
					}
					r.Header.Set("X-Forgejo-Signature", signature)
					res, err := srv.Client().Do(r)
					if err != nil {
						b.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, res.Body)
					_ = res.Body.Close()
					if res.StatusCode != http.StatusAccepted {
						b.Error(res.StatusCode)
						return
					}
				}
			})
		})
	}
}

func BenchmarkReadPayload(b *testing.B) {
	_, body := tenKB(b)
	raw := []byte(body)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := readPayload(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	_, body := tenKB(b)
	raw := []byte(body)
	v, err := newVerifier(giteaLibrary, []string{forgejoSecret})
	if err != nil {
		b.Fatal(err)
	}
	signature := sign(forgejoSecret, body)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := v.check(raw, signature); !ok {
			b.Fatal("refused")
		}
	}
}
