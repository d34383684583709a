package webhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

var quietLog = slog.New(slog.DiscardHandler)

func TestNewRefusesToBeOpen(t *testing.T) {
	tests := map[string]Options{
		"no inbox":         {ForgejoSecrets: []string{"x"}},
		"empty secret":     {Inbox: &inbox{}, ForgejoSecrets: []string{""}},
		"empty old secret": {Inbox: &inbox{}, GitHubSecrets: []string{"new", ""}},
		"blank secret":     {Inbox: &inbox{}, GitHubSecrets: []string{" \n"}},
		"too many":         {Inbox: &inbox{}, GitHubSecrets: []string{"1", "2", "3", "4", "5"}},
	}
	for name, o := range tests {
		if d, err := New(o); err == nil {
			t.Errorf("%s: got %d routes and no error", name, len(d.Routes()))
		}
	}
	d, err := New(Options{Inbox: &inbox{}, ForgejoSecrets: []string{"x"}})
	if err != nil || len(d.Routes()) != 1 || d.Routes()[0].Path != "/hooks/forgejo" {
		t.Errorf("one forge only: %v %v", d, err)
	}
}

// A library that says yes to everything, or no to everything, is noticed at start.
func TestVerifierNoticesAChangedLibrary(t *testing.T) {
	for _, says := range []error{nil, errors.New(errVerified), errors.New("unknown event: " + marker)} {
		lib := giteaLibrary
		lib.new = func(string) (func(*http.Request) error, error) {
			return func(*http.Request) error { return says }, nil
		}
		if _, err := newVerifier(lib, []string{"x"}); err == nil {
			t.Errorf("a library that always says %v was taken", says)
		}
	}
}

// Each refusal, and that nothing changed by it.
func TestRefusals(t *testing.T) {
	push := named(t, "004-push.json")
	tests := []struct {
		name   string
		change func(*http.Request)
		status int
		code   string
	}{
		{"GET", func(r *http.Request) { r.Method = http.MethodGet }, 405, "method"},
		{"PUT", func(r *http.Request) { r.Method = http.MethodPut }, 405, "method"},
		{"form", func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, 415, "content-type"},
		{"no type", func(r *http.Request) { r.Header.Del("Content-Type") }, 415, "content-type"},
		{"json-like type", func(r *http.Request) { r.Header.Set("Content-Type", "application/json+x") }, 415, "content-type"},
		{"gzip", func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, 415, "content-encoding"},
		{"announced too large", func(r *http.Request) { r.ContentLength = MaxForgejoBody + 1 }, 413, "too-large"},
		{"unsigned", func(r *http.Request) { r.Header.Del("X-Gitea-Signature"); r.Header.Del("X-Forgejo-Signature") }, 401, "signature"},
		{"signature cut", func(r *http.Request) { trim(r, "X-Forgejo-Signature") }, 401, "signature"},
		{"another body", func(r *http.Request) { setBody(r, push.Body+" ") }, 401, "signature"},
		{"empty body", func(r *http.Request) { setBody(r, "") }, 401, "signature"},
		{"no id", func(r *http.Request) { r.Header.Del("X-Forgejo-Delivery"); r.Header.Del("X-Gitea-Delivery") }, 400, "malformed"},
		{"long id", func(r *http.Request) { r.Header.Set("X-Forgejo-Delivery", strings.Repeat("a", maxID+1)) }, 400, "malformed"},
		{"odd id", func(r *http.Request) { r.Header.Set("X-Forgejo-Delivery", "a/b") }, 400, "malformed"},
		{"no event", func(r *http.Request) { r.Header.Del("X-Forgejo-Event"); r.Header.Del("X-Gitea-Event") }, 400, "malformed"},
		{"odd event", func(r *http.Request) { r.Header.Set("X-Forgejo-Event", "push\x00") }, 400, "malformed"},
		{"other site's page", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403, "cross-origin"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := &inbox{}
			r := push.request("/hooks/forgejo")
			tt.change(r)
			w := do(service(t, in), r)
			refusedWith(t, w, tt.status, tt.code)
			if tt.status == 405 && w.Header().Get("Allow") != "POST" {
				t.Errorf("Allow %q", w.Header().Get("Allow"))
			}
			in.untouched(t)
		})
	}
}

func setBody(r *http.Request, s string) {
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(s)), int64(len(s))
}

func trim(r *http.Request, header string) {
	r.Header.Set(header, strings.TrimSuffix(r.Header.Get(header), r.Header.Get(header)[60:]))
}

// Signed, but not to be understood.
func TestMalformedBodies(t *testing.T) {
	for _, body := range []string{
		`no json`, `[]`, `null`, `{"repository":{"id":1}`, `{"repository":{"id":1}} x`, `{}`,
		`{"repository":null}`, `{"repository":"x"}`, `{"repository":{}}`, `{"Repository":{"id":1}}`,
		`{"repository":{"ID":1}}`, `{"repository":{"id":0}}`, `{"repository":{"id":-1}}`, `{"repository":{"id":1.5}}`,
		`{"repository":{"id":1e3}}`, `{"repository":{"id":"1"}}`, `{"repository":{"id":9223372036854775808}}`,
		`{"repository":{"id":1},"repository":{"id":2}}`, `{"repository":{"id":1,"id":2}}`,
		`{"repository":{"id":1},"\u0072epository":{"id":2}}`, `{"action":"a","action":"b","repository":{"id":1}}`,
		`{"repository":{"id":1},"x":` + strings.Repeat("[", 80) + strings.Repeat("]", 80) + `}`,
		"\ufeff" + `{"repository":{"id":1}}`, `{"repository":{"id":1},}`, `{"action":7,"repository":{"id":1}}`,
	} {
		in := &inbox{}
		refusedWith(t, do(service(t, in), githubRequest("push", body, githubSecret)), http.StatusBadRequest, "malformed")
		in.untouched(t)
	}
}

// Keys that differ from ours in case only are other keys.
func TestCaseVariantsDoNotShadow(t *testing.T) {
	in := &inbox{}
	body := `{"Repository":{"id":9},"repository":{"ID":8,"id":7,"Id":6,"full_name":"a/b","Full_Name":"c/d"},"REPOSITORY":{"id":5},"Action":"deleted"}`
	do(service(t, in), githubRequest("push", body, githubSecret))
	d := in.deliveries["github/72d3162e-cc78-11e3-81ab-4c9367dc0958"]
	if len(in.marks) != 1 || in.marks[0].Key != "repo:github:7" || d.RepoName.String() != "a/b" || d.Action != "" {
		t.Errorf("%+v %+v", in.marks, d)
	}
}

// While a secret is being replaced both are valid; after that the old one is not.
func TestSecretRotation(t *testing.T) {
	rec := named(t, "004-push.json")
	for _, tt := range []struct {
		secrets []string
		code    int
	}{{[]string{"newer", forgejoSecret}, 202}, {[]string{"newest", "newer", forgejoSecret}, 202}, {[]string{forgejoSecret, "older"}, 202}, {[]string{"newer"}, 401}} {
		in := &inbox{}
		w := do(service(t, in, func(o *Options) { o.ForgejoSecrets = tt.secrets }), rec.request("/hooks/forgejo"))
		if w.Code != tt.code {
			t.Errorf("%v: %d %s", tt.secrets, w.Code, w.Body)
		}
	}
}

// What can't be made durable is not acknowledged, and can be sent again.
func TestNotDurable(t *testing.T) {
	in := &inbox{err: errors.New("no space left")}
	h := service(t, in)
	rec := named(t, "004-push.json")
	w := do(h, rec.request("/hooks/forgejo"))
	if strings.Contains(w.Body.String(), "no space left") || w.Header().Get("Retry-After") != "10" {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
	refusedWith(t, w, http.StatusServiceUnavailable, "not-durable")
	in.untouched(t)
	in.err = nil
	if w := do(h, rec.request("/hooks/forgejo")); w.Code != http.StatusAccepted {
		t.Errorf("second try: %d", w.Code)
	}
}

// A forge that hung up after sending everything has still said it.
func TestHungUpForgeIsStillHeard(t *testing.T) {
	in := &inbox{}
	rec := named(t, "004-push.json")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	do(service(t, in), rec.request("/hooks/forgejo").WithContext(ctx))
	if len(in.marks) != 1 {
		t.Error("the delivery was dropped")
	}
}

func TestMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	in := &inbox{}
	h := service(t, in, func(o *Options) { o.Metrics = reg })
	rec := named(t, "004-push.json")
	do(h, rec.request("/hooks/forgejo"))
	do(h, rec.request("/hooks/forgejo"))
	do(h, rec.request("/hooks/github"))
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range families {
		for _, m := range f.GetMetric() {
			got = append(got, fmt.Sprintf("%s %s %v", m.GetLabel()[0].GetValue(), m.GetLabel()[1].GetValue(), m.GetCounter().GetValue()))
		}
	}
	want := []string{"forgejo accepted 1", "forgejo duplicate 1", "github signature 1"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// brokenBody fails after some bytes.
type brokenBody struct {
	io.Reader
	err error
}

func (b brokenBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = b.err
	}
	return n, err
}

func TestBodiesThatDoNotArrive(t *testing.T) {
	for code, tt := range map[string]struct {
		err    error
		status int
	}{"slow-body": {os.ErrDeadlineExceeded, 408}, "cut-body": {io.ErrUnexpectedEOF, 400}} {
		in := &inbox{}
		r := httptest.NewRequest(http.MethodPost, "/hooks/forgejo", brokenBody{strings.NewReader("{"), tt.err})
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
		refusedWith(t, do(service(t, in), r), tt.status, code)
		in.untouched(t)
	}
}
