package webhook

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// The bound holds for bodies that don't announce their length, to the byte.
func TestChunkedBodies(t *testing.T) {
	srv := httptest.NewServer(service(t, &inbox{}))
	defer srv.Close()
	for _, tt := range []struct {
		path string
		size int
		code int
	}{
		{"forgejo", MaxForgejoBody, 202}, {"forgejo", MaxForgejoBody + 1, 413},
		{"github", MaxGitHubBody, 202}, {"github", 26 << 20, 413},
	} {
		body := `{"repository":{"id":7},"x":"` + strings.Repeat("a", tt.size-30) + `"}`
		r, _ := http.NewRequest(http.MethodPost, srv.URL+"/hooks/"+tt.path, io.MultiReader(strings.NewReader(body)))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Forgejo-Event", "push")
		r.Header.Set("X-Forgejo-Delivery", "a-"+tt.path)
		r.Header.Set("X-Forgejo-Signature", sign(forgejoSecret, body))
		r.Header.Set("X-GitHub-Event", "push")
		r.Header.Set("X-GitHub-Delivery", "b")
		r.Header.Set("X-Hub-Signature-256", "sha256="+sign(githubSecret, body))
		res, err := srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != tt.code || len(body) != tt.size {
			t.Errorf("%s with %d bytes: %d, want %d", tt.path, len(body), res.StatusCode, tt.code)
		}
	}
}

// Bodies in flight share one budget; what one holds, others can't have, and
// nothing is held after the end, however it came about.
func TestBudget(t *testing.T) {
	g := newBudget(10_000)
	one, err := g.read(strings.NewReader(strings.Repeat("a", 9000)), 20_000)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.read(strings.NewReader(strings.Repeat("b", 1001)), 20_000); err == nil {
		t.Error("more than the budget was taken")
	}
	two, err := g.read(strings.NewReader(strings.Repeat("b", 1000)), 20_000)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.read(brokenBody{strings.NewReader(""), io.ErrUnexpectedEOF}, 20_000); err == nil {
		t.Error("a cut body was taken")
	}
	one.release()
	two.release()
	if left := g.left.Load(); left != 10_000 {
		t.Errorf("%d left of 10000", left)
	}
}

// A request that finds the budget used up gets 503 and is taken once it is free
// again. The first request is held in the middle of its body by a pipe.
func TestBudgetOverHTTP(t *testing.T) {
	in := &inbox{}
	v, err := newVerifier(giteaLibrary, []string{forgejoSecret})
	if err != nil {
		t.Fatal(err)
	}
	count, _ := newCounter(nil)
	rec := named(t, "004-push.json")
	d := &door{source: forgejoSource, verify: v, bodies: newBudget(int64(len(rec.Body))), inbox: in, now: time.Now, count: count}

	pr, pw := io.Pipe()
	slow := rec.request("/hooks/forgejo")
	slow.Body, slow.ContentLength = pr, -1
	done := make(chan int)
	go func() {
		done <- do(d, slow).Code
	}()
	half := len(rec.Body) / 2
	_, _ = pw.Write([]byte(rec.Body[:half]))
	_, _ = pw.Write([]byte(rec.Body[half : half+1])) // the door reads again: the first half is charged

	w := do(d, rec.request("/hooks/forgejo"))
	if w.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	refusedWith(t, w, http.StatusServiceUnavailable, "busy")
	in.untouched(t)

	_, _ = pw.Write([]byte(rec.Body[half+1:]))
	_ = pw.Close()
	if code := <-done; code != http.StatusAccepted {
		t.Errorf("the slow one got %d", code)
	}
	if w := do(d, rec.request("/hooks/forgejo")); w.Code != http.StatusOK {
		t.Errorf("afterwards: %d %s", w.Code, w.Body)
	}
}

// Pooled buffers are handed on; nothing that was kept may change by that.
func TestKeptBytesAreOwn(t *testing.T) {
	in := &inbox{}
	h := service(t, in)
	rec := named(t, "004-push.json")
	do(h, rec.request("/hooks/forgejo"))
	d := in.deliveries["forgejo/"+rec.Headers["X-Forgejo-Delivery"]]
	before := bytes.Clone(d.Body)
	for range 20 {
		r := rec.request("/hooks/forgejo")
		setBody(r, strings.Repeat("z", 9000))
		do(h, r)
	}
	if !bytes.Equal(before, d.Body) {
		t.Error("a later request changed a stored body")
	}
}
