package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"flipmirror/handlers"
	"flipmirror/state"
)

// The secrets of the tests. forgejoSecret is the one the recordings are signed with.
const (
	forgejoSecret = "made-up-hook-secret"
	githubSecret  = "another-made-up-secret"
)

// recording is one delivery of a real Forgejo, byte for byte.
type recording struct {
	File    string            `json:"-"`
	Trigger string            `json:"trigger"`
	Secret  string            `json:"hook_secret"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body_raw"`
}

func recordings(t testing.TB) []recording {
	t.Helper()
	files, err := filepath.Glob("testdata/forgejo/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	var rs []recording
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		r := recording{File: filepath.Base(f)}
		if err := json.Unmarshal(raw, &r); err != nil {
			t.Fatal(err)
		}
		rs = append(rs, r)
	}
	return rs
}

// request is the recording as it arrives at a path.
func (r recording) request(path string) *http.Request {
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(r.Body))
	for k, v := range r.Headers {
		req.Header.Set(k, v)
	}
	return req
}

func named(t testing.TB, file string) recording {
	t.Helper()
	rs := recordings(t)
	i := slices.IndexFunc(rs, func(r recording) bool { return r.File == file })
	if i < 0 {
		t.Fatalf("no recording %s", file)
	}
	return rs[i]
}

// inbox is an Inbox in memory that refuses when told to.
type inbox struct {
	mu         sync.Mutex
	deliveries map[string]state.Delivery
	marks      []state.Due
	err        error
	hold       chan struct{} // when set, Accept waits for it
}

func (i *inbox) Accept(ctx context.Context, d state.Delivery, mark *state.Due) (bool, error) {
	if i.hold != nil {
		<-i.hold
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.err != nil {
		return false, i.err
	}
	if _, ok := i.deliveries[d.Key()]; ok {
		return true, nil
	}
	if i.deliveries == nil {
		i.deliveries = map[string]state.Delivery{}
	}
	i.deliveries[d.Key()] = d
	if mark != nil {
		i.marks = append(i.marks, *mark)
	}
	return false, nil
}

// untouched fails when anything was recorded.
func (i *inbox) untouched(t *testing.T) {
	t.Helper()
	if len(i.deliveries) != 0 || len(i.marks) != 0 {
		t.Errorf("a refused request changed something: %v %v", i.deliveries, i.marks)
	}
}

var testNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// service is both doors behind the real router.
func service(t testing.TB, in Inbox, change ...func(*Options)) http.Handler {
	t.Helper()
	o := Options{Inbox: in, ForgejoSecrets: []string{forgejoSecret}, GitHubSecrets: []string{githubSecret},
		Now: func() time.Time { return testNow }}
	for _, c := range change {
		c(&o)
	}
	doors, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	h, err := handlers.New(handlers.Options{Routes: doors.Routes(), Log: quietLog})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func sign(secret string, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

// githubRequest is a GitHub delivery, signed with secret.
func githubRequest(event, body, secret string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/hooks/github", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Event", event)
	r.Header.Set("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")
	r.Header.Set("X-Hub-Signature-256", "sha256="+sign(secret, body))
	return r
}

func do(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func answerOf(t *testing.T, w *httptest.ResponseRecorder) Answer {
	t.Helper()
	var a Answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatalf("answer %q: %v", w.Body, err)
	}
	return a
}

// refusedWith checks status and code of a refusal.
func refusedWith(t *testing.T, w *httptest.ResponseRecorder, status int, code string) {
	t.Helper()
	var p handlers.Problem
	body, _ := io.ReadAll(w.Body)
	if err := json.Unmarshal(body, &p); err != nil || w.Header().Get("Content-Type") != handlers.ProblemType {
		t.Fatalf("no problem: %d %q %v", w.Code, body, err)
	}
	if w.Code != status || p.Status != status || p.Code() != code {
		t.Errorf("got %d %s (%s), want %d %s", w.Code, p.Code(), p.Detail, status, code)
	}
}
