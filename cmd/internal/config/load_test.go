package config

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flipmirror/forge"
)

// env makes an environment from pairs.
func env(m map[string]string) func(string) (string, bool) {
	return func(k string) (string, bool) { v, ok := m[k]; return v, ok }
}

// enough is the least that a service needs.
func enough() map[string]string {
	return map[string]string{
		"FORGEJO_URL":            "https://git.example.org",
		"FORGEJO_TOKEN":          "forgejo-token-for-tests",
		"FORGEJO_WEBHOOK_SECRET": "forgejo-webhook-secret",
		"GITHUB_TOKEN":           "github-token-for-tests",
		"MIRROR_LINKS":           "acme=acme-mirror",
		"HOME":                   "/home/jo",
	}
}

func with(extra ...string) map[string]string {
	m := enough()
	for i := 0; i < len(extra); i += 2 {
		m[extra[i]] = extra[i+1]
	}
	return m
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPresets(t *testing.T) {
	c, err := Load(Input{Env: env(enough())})
	if err != nil {
		t.Fatal(err)
	}
	c.values, c.warnings = nil, nil
	want := Config{
		ForgejoURL: "https://git.example.org", ForgejoToken: "forgejo-token-for-tests",
		ForgejoWebhookSecret: Secrets{"forgejo-webhook-secret"}, ForgejoMinInterval: 10 * time.Minute,
		GitHubURL: "https://github.com", GitHubAPIURL: "https://api.github.com", GitHubToken: "github-token-for-tests",
		GitHubWriteInterval: time.Second, MirrorDirection: forge.Push,
		MirrorLinks:    forge.Links{{Forgejo: "acme", GitHub: "acme-mirror", Direction: forge.Push}},
		MirrorInterval: 8 * time.Hour, SweepInterval: 6 * time.Hour, VerifyInterval: 24 * time.Hour,
		StateDir: "/home/jo/.local/state/flipmirror", ListenAddr: "127.0.0.1:8080", Workers: 4,
		LogLevel: slog.LevelInfo, LogFormat: "text",
	}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got %+v\nwant %+v", c, want)
	}
}

func TestEveryProblemAtOnce(t *testing.T) {
	_, err := Load(Input{Env: env(map[string]string{
		"MIRROR_INTERVAL": "8 hours", "WORKERS": "0", "FORGEJO_URL": "git.example.org", "MIRROR_LINKS": "acme,b=c,B=d",
		"LOG_FORMAT": "xml", "SWEEP_INTERVAL": "1s", "AUTO_IMPORT": "perhaps", "LISTEN_ADDR": "8080", "ENCRYPTION_KEY": "short",
		"STATE_DIR": "state", "LOG_LEVEL": "loud", "MIRROR_DIRECTION": "sideways", "GITHUB_TOKEN": "has a space",
	})})
	var problems Problems
	if !errors.As(err, &problems) {
		t.Fatalf("got %T, want Problems", err)
	}
	sentence := regexp.MustCompile(`^[A-Z].*\.$`)
	for _, p := range problems {
		if !sentence.MatchString(p) || strings.Contains(p, "\n") {
			t.Errorf("not one full sentence: %s", p)
		}
	}
	want := []string{"FORGEJO_URL", "FORGEJO_TOKEN", "FORGEJO_WEBHOOK_SECRET", "GITHUB_TOKEN", "MIRROR_DIRECTION", "MIRROR_INTERVAL", "AUTO_IMPORT", "STATE_DIR", "ENCRYPTION_KEY", "LISTEN_ADDR", "LOG_LEVEL", "LOG_FORMAT", "MIRROR_LINKS", "MIRROR_LINKS", "SWEEP_INTERVAL", "WORKERS"}
	var got []string
	for _, p := range problems {
		got = append(got, strings.Fields(p)[0])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s\n%v", diff, err)
	}
}

func TestOneProblem(t *testing.T) {
	key := strings.Repeat("ab", 32)
	for _, c := range []struct{ name, value, says string }{
		{"FORGEJO_URL", "https://jo:hunter2@git.example.org", `"https://***@git.example.org", but must be`},
		{"FORGEJO_URL", "https://git.example.org/?token=hunter2", "before any ?"},
		{"FORGEJO_URL", "ftp://git.example.org", "begin with https://"},
		{"FORGEJO_URL", "https://github.com", "two different forges"},
		{"PUBLIC_URL", "https://", "no host"},
		{"MIRROR_INTERVAL", "5m", "at least 10m"},
		{"MIRROR_INTERVAL", "12", "no unit"},
		{"GITHUB_WRITE_INTERVAL", "1h", "from 0s to 1m"},
		{"VERIFY_INTERVAL", "0s", "at least 1m"},
		{"LISTEN_ADDR", "127.0.0.1:99999", "0 to 65535"},
		{"WORKERS", "many", "whole number"},
		{"ENCRYPTION_KEY", key[1:], "(env) is set, 63 characters, but must be 32 random bytes"},
		{"GITHUB_WEBHOOK_SECRET", "first,,third", "number 2 of the list"},
		{"GITHUB_TOKEN_FILE", "/nonexistent", "both given"},
		{"API_TOKEN_FILE", "/nonexistent/hunter", `API_TOKEN_FILE (env) is "/nonexistent/hunter", but must name a readable file`},
		{"MIRROR_LINKS", " , ", "has no link in it"},
	} {
		t.Run(c.name+"="+c.value, func(t *testing.T) {
			_, err := Load(Input{Env: env(with(c.name, c.value))})
			var problems Problems
			if !errors.As(err, &problems) || len(problems) != 1 || !strings.Contains(problems[0], c.says) {
				t.Fatalf("got %v, want one sentence with %q", err, c.says)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the message shows a secret: %v", err)
			}
		})
	}
}

func TestPrecedence(t *testing.T) {
	file := write(t, "flipmirror.toml", "workers = 3\nmirror_interval = '1d'\nsweep_interval = '2h'\nauto_import = true\nmirror_links = ['a=b', 'c=d:pull']\n")
	m := with("WORKERS", "2", "MIRROR_INTERVAL", "12h", "SWEEP_INTERVAL", "")
	delete(m, "MIRROR_LINKS")
	c, err := Load(Input{Flags: map[string]string{"workers": "1"}, Env: env(m), File: file})
	if err != nil {
		t.Fatal(err)
	}
	if c.Workers != 1 || c.MirrorInterval != 12*time.Hour || c.SweepInterval != 2*time.Hour || !c.AutoImport {
		t.Errorf("got %+v", c)
	}
	want := map[string]Value{
		"WORKERS":         {"WORKERS", "1", FromFlag, "1"},
		"MIRROR_INTERVAL": {"MIRROR_INTERVAL", "12h", FromEnv, "12h"},
		"SWEEP_INTERVAL":  {"SWEEP_INTERVAL", "2h", FromFile, "2h"},
		"MIRROR_LINKS":    {"MIRROR_LINKS", "a=b:push,c=d:pull", FromFile, "a=b,c=d:pull"},
		"VERIFY_INTERVAL": {"VERIFY_INTERVAL", "1d", FromDefault, "24h"},
		"PUBLIC_URL":      {"PUBLIC_URL", "", Unset, ""},
	}
	for _, v := range c.Values() {
		if w, ok := want[v.Variable]; ok && v != w {
			t.Errorf("got %+v, want %+v", v, w)
		}
	}
	if !c.Given("WORKERS") || c.Given("VERIFY_INTERVAL") || c.Given("PUBLIC_URL") {
		t.Error("Given is wrong")
	}
}

func TestTOMLProblems(t *testing.T) {
	for text, says := range map[string]string{
		"forgejo_ulr = 'x'":         `unknown key "forgejo_ulr"; did you mean "forgejo_url"?`,
		"GITHUB_TOKEN = 'x'":        `did you mean "github_token"?`,
		"github_tokenfile = 'x'":    `did you mean "github_token_file"?`,
		"api_token = hunter2":       "not valid TOML at line 1",
		"x = 1\napi_token = 'hunte": "not valid TOML at line 2",
		"[workers]\nx = 1":          "is a table",
		"mirror_links = [1, 'a=b']": "a mixed list",
	} {
		_, err := Load(Input{Env: env(enough()), File: write(t, "c.toml", text)})
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunte") {
			t.Errorf("%s: got %v, want %q", text, err, says)
		}
	}
	if _, err := Load(Input{Env: env(enough()), File: "/nonexistent.toml"}); err == nil || !strings.Contains(err.Error(), "can't be read") {
		t.Errorf("missing file: %v", err)
	}
}

func TestSecretsNeverShow(t *testing.T) {
	const token = "hunter2hunter2hunter2"
	m := with("GITHUB_TOKEN", token, "API_TOKEN", token, "GITHUB_WEBHOOK_SECRET", token+","+token, "ENCRYPTION_KEY", strings.Repeat("c0ffee00", 8))
	c, err := Load(Input{Env: env(m)})
	if err != nil {
		t.Fatal(err)
	}
	out := fmt.Sprintf("%v %+v %#v %q %x %d %s %v", c.GitHubToken, c.APIToken, c.GitHubToken, c.GitHubWebhookSecret, c.GitHubToken, c.GitHubToken, c.EncryptionKey, c.MirrorLinks)
	for _, v := range c.Values() {
		out += v.Text
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("config", "token", c.GitHubToken, "secrets", c.GitHubWebhookSecret, "key", c.EncryptionKey)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("config", "token", c.GitHubToken, "secrets", c.GitHubWebhookSecret, "key", c.EncryptionKey)
	for _, part := range []string{"hunter", "68756e746572", "c0ffee", "wP/uAM"} {
		if strings.Contains(out+log.String(), part) {
			t.Errorf("%q shows in %s\n%s", part, out, log.String())
		}
	}
	if c.GitHubToken.Reveal() != token || !reflect.DeepEqual(c.GitHubWebhookSecret.Reveal(), []string{token, token}) {
		t.Error("Reveal does not reveal")
	}
}

func TestSecretFiles(t *testing.T) {
	m := with("API_TOKEN_FILE", write(t, "token", "a token without spaces? no\n"))
	if _, err := Load(Input{Env: env(m)}); err == nil {
		t.Error("a token with spaces was taken")
	}
	m["API_TOKEN_FILE"] = write(t, "token", "0123456789abcdef0123\r\n")
	c, err := Load(Input{Env: env(m)})
	if err != nil || c.APIToken != "0123456789abcdef0123" {
		t.Errorf("got %v, %v", c.APIToken, err)
	}
	for _, text := range []string{"", "\n", strings.Repeat("x", maxSecretFile+1)} {
		m["API_TOKEN_FILE"] = write(t, "token", text)
		if _, err := Load(Input{Env: env(m)}); err == nil {
			t.Errorf("a file with %d bytes was taken", len(text))
		}
	}
}

func TestDerived(t *testing.T) {
	for web, api := range map[string]string{
		"https://github.com":        "https://api.github.com",
		"https://github.com/":       "https://api.github.com",
		"https://acme.ghe.com":      "https://api.acme.ghe.com",
		"https://ghes.example/":     "https://ghes.example/api/v3",
		"http://127.0.0.1:3000/hub": "http://127.0.0.1:3000/hub/api/v3",
	} {
		c, err := Load(Input{Env: env(with("GITHUB_URL", web))})
		if err != nil || c.GitHubAPIURL != api {
			t.Errorf("%s: got %s, %v; want %s", web, c.GitHubAPIURL, err, api)
		}
	}
}

func TestWarnings(t *testing.T) {
	c, err := Load(Input{Env: env(with("API_TOKEN", "short", "MIRROR_LINKS", "a=b:pull", "GITHUB_URL", "http://hub.example"))})
	if err != nil {
		t.Fatal(err)
	}
	for i, says := range []string{"API_TOKEN has only 5", "GITHUB_WEBHOOK_SECRET is not set", "without TLS"} {
		if len(c.Warnings()) != 3 || !strings.Contains(c.Warnings()[i], says) {
			t.Fatalf("got %q", c.Warnings())
		}
	}
}

func TestPartialAndPresets(t *testing.T) {
	c, err := Load(Input{Env: env(nil), Partial: true, Preset: map[string]string{"MIRROR_INTERVAL": "10m", "STATE_DIR": "/tmp/x"}})
	if err != nil || c.MirrorInterval != 10*time.Minute || c.StateDir != "/tmp/x" || c.Given("MIRROR_INTERVAL") {
		t.Errorf("got %+v, %v", c, err)
	}
	if c, _ := Load(Input{Env: env(nil), Partial: true}); c.StateDir != "/var/lib/flipmirror" {
		t.Errorf("state dir without a home: %s", c.StateDir)
	}
	if c, _ := Load(Input{Env: env(map[string]string{"XDG_STATE_HOME": "/x"}), Partial: true}); c.StateDir != "/x/flipmirror" {
		t.Errorf("state dir: %s", c.StateDir)
	}
}

func TestKeyForms(t *testing.T) {
	want := Key(strings.Repeat("\xfb\xff", 16))
	for _, text := range []string{strings.Repeat("fbff", 16), strings.Repeat("FBFF", 16), "+//7//v/+//7//v/+//7//v/+//7//v/+//7//v/+/8=", "-__7__v_-__7__v_-__7__v_-__7__v_-__7__v_-_8"} {
		if got, err := parseKey(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("parseKey(%q) = %x, %v", text, []byte(got), err)
		}
	}
}

// The tags are a contract with people: each setting must have all of them.
func TestTagsAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for i := range reflect.TypeFor[Config]().NumField() {
		f := reflect.TypeFor[Config]().Field(i)
		if !f.IsExported() {
			continue
		}
		for _, tag := range []string{"name", "group", "want", "help"} {
			if f.Tag.Get(tag) == "" {
				t.Errorf("%s has no tag %q", f.Name, tag)
			}
		}
		name := f.Tag.Get("name")
		if isSecret(f.Type) != strings.HasSuffix(name, "-file") {
			t.Errorf("%s: flag %q: a secret's flag, and only that, names a file", f.Name, name)
		}
		if seen[name] {
			t.Errorf("%s is there twice", name)
		}
		seen[name] = true
	}
	if len(seen) != len(fields()) {
		t.Errorf("%d tags, %d fields", len(seen), len(fields()))
	}
}
