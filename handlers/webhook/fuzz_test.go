package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func FuzzForgejoBody(f *testing.F) {
	for _, r := range recordings(f) {
		f.Add([]byte(r.Body))
	}
	fuzzBody(f)
}

func FuzzGitHubBody(f *testing.F) {
	for _, b := range githubBodies {
		f.Add([]byte(b))
	}
	f.Add([]byte(`{"Repository":{"id":9},"repository":{"id":7},"\u0061ction":"x"}`))
	f.Add([]byte("{\"a\":\"\\ud800\",\"repository\":{\"id\":1,\"full_name\":\"a\\/b\"}}"))
	fuzzBody(f)
}

// fuzzBody compares the scanner with encoding/json, which it must not be more
// generous than, and whose exact-case reading it must agree with.
func fuzzBody(f *testing.F) {
	f.Fuzz(func(t *testing.T, body []byte) {
		given := bytes.Clone(body)
		p, err := readPayload(body)
		if !bytes.Equal(given, body) {
			t.Fatal("the body was changed")
		}
		if !json.Valid(body) {
			if err == nil {
				t.Fatalf("accepted what is not JSON: %q", body)
			}
			return
		}
		if err != nil {
			if strings.Contains(err.Error(), "not JSON at") {
				t.Fatalf("%v, but it is: %q", err, body)
			}
			return
		}
		compare(t, body, p)
	})
}

// compare reads the body into a map, where keys match exactly, and compares.
func compare(t *testing.T, body []byte, p payload) {
	var top map[string]json.RawMessage
	if err := json.Unmarshal(body, &top); err != nil {
		t.Fatal(err)
	}
	var action string
	if raw := top["action"]; raw != nil && json.Unmarshal(raw, &action) != nil {
		t.Fatalf("action %s was accepted", raw)
	}
	if p.action != "" && p.action != action {
		t.Fatalf("action %q, want %q", p.action, action)
	}
	var repo map[string]json.RawMessage
	if raw := top["repository"]; raw != nil && json.Unmarshal(raw, &repo) != nil {
		t.Fatalf("repository %s was accepted", raw)
	}
	var id int64
	if raw := repo["id"]; raw != nil && json.Unmarshal(raw, &id) != nil {
		t.Fatalf("id %s was accepted", raw)
	}
	if p.repo != id || id < 0 {
		t.Fatalf("id %d, want %d", p.repo, id)
	}
	var name string
	_ = json.Unmarshal(repo["full_name"], &name)
	if !p.name.IsZero() && p.name.String() != name {
		t.Fatalf("name %q, want %q", p.name, name)
	}
}

// The scanner takes everything that encoding/json takes, where our own rules don't forbid it.
func TestScannerAgreesWithEncodingJSON(t *testing.T) {
	pieces := []string{`0`, `-0`, `01`, `-`, `1.`, `1.5`, `.5`, `1e5`, `1E+05`, `1e`, `1e+`, `--1`, `true`, `tru`, `false`, `null`, `nul`,
		`""`, `"`, `"\"`, `"\""`, `"\x"`, `"\u12"`, `"\u12aF"`, `"\u12aG"`, "\"\x1f\"", "\"\x7f\"", "\"\xff\xfe\"", `"12345678"`, `"1234567\n9"`, "\"1234567\n\"",
		`[]`, `[,]`, `[1,]`, `[1 2]`, `[1,2]`, `[`, `]`, `{}`, `{,}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{"a":1 "b":2}`, `{a:1}`, `{"a":{"b":[{}]}}`, `{"a":1`,
		` 1 `, "\t\r\n1", "\v1", `1 1`, ``, `'a'`, `NaN`, `+1`}
	for _, v := range pieces {
		body := []byte(`{"x":` + v + `,"y":[` + v + `]}`)
		_, err := readPayload(body)
		if (err == nil) != json.Valid(body) {
			t.Errorf("%s: %v, json.Valid %v", body, err, json.Valid(body))
		}
	}
	deep := `{"x":` + strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1) + `}`
	if _, err := readPayload([]byte(deep)); err != nil {
		t.Errorf("%d levels: %v", maxDepth, err)
	}
	deeper := strings.NewReplacer("[]", "[[]]").Replace(deep)
	if _, err := readPayload([]byte(deeper)); !errors.Is(err, errDepth) {
		t.Errorf("%d levels: %v", maxDepth+1, err)
	}
}
