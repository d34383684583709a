package webhook

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"flipmirror/forge"
	"flipmirror/state"
)

// Every recorded delivery is taken, names the repo that the body names, and
// marks it exactly when its event can change what is mirrored.
func TestForgejoRecordings(t *testing.T) {
	look := map[string]bool{"repository": true, "fork": true, "push": true, "create": true, "delete": true, "release": true, "wiki": true}
	sync := map[string]bool{"delete": true, "wiki": true}
	seen := map[string]bool{}
	for _, rec := range recordings(t) {
		t.Run(rec.File, func(t *testing.T) {
			in := &inbox{}
			w := do(service(t, in), rec.request("/hooks/forgejo"))
			if w.Code != http.StatusAccepted {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			event := rec.Headers["X-Forgejo-Event"]
			seen[event] = true
			want := wantedFrom(t, rec)
			d := in.deliveries["forgejo/"+rec.Headers["X-Forgejo-Delivery"]]
			if d.Repo != want.Repo || d.RepoName != want.RepoName || d.Event != event || d.Action != want.Action || d.Size != len(rec.Body) {
				t.Errorf("delivery %+v, want %+v", d, want)
			}
			if !strings.HasPrefix(rec.Body, string(d.Body)) || len(d.Body) == 0 || !d.ReceivedAt.Equal(testNow) {
				t.Errorf("kept %d bytes at %v", len(d.Body), d.ReceivedAt)
			}
			a := answerOf(t, w)
			if !look[event] {
				if len(in.marks) != 0 || a.Status != "ignored" || a.Reason == "" || d.Ignored == "" {
					t.Errorf("not ignored: %+v %+v", a, in.marks)
				}
				return
			}
			if len(in.marks) != 1 || a.Status != "accepted" || a.Repo != want.Repo.String() {
				t.Fatalf("answer %+v, marks %+v", a, in.marks)
			}
			m := in.marks[0]
			if m.Key != state.RepoKey(want.Repo) || m.Sync != sync[event] || m.Priority != state.Prompt ||
				!m.At.Equal(testNow) || len(m.Deliveries) != 1 || m.Deliveries[0] != d.Key() {
				t.Errorf("mark %+v", m)
			}
		})
	}
	for e := range look {
		if !seen[e] {
			t.Errorf("no recording of %s", e)
		}
	}
}

// wantedFrom reads the recording with encoding/json, independently of the scanner.
func wantedFrom(t *testing.T, rec recording) state.Delivery {
	t.Helper()
	var b struct {
		Action     string
		Repository struct {
			ID       int64
			FullName string `json:"full_name"`
		}
	}
	if err := json.Unmarshal([]byte(rec.Body), &b); err != nil {
		t.Fatal(err)
	}
	name, err := forge.ParseName(b.Repository.FullName)
	if err != nil {
		t.Fatal(err)
	}
	return state.Delivery{Action: b.Action, Repo: forge.RepoID{Forge: forge.Forgejo, ID: b.Repository.ID}, RepoName: name}
}

// A fork event is about the new fork, not about its parent.
func TestForgejoForkLooksAtTheFork(t *testing.T) {
	in := &inbox{}
	rec := named(t, "041-fork.json")
	do(service(t, in), rec.request("/hooks/forgejo"))
	if len(in.marks) != 1 || in.marks[0].Key != "repo:forgejo:4" {
		t.Errorf("marks %+v, want the fork (4), not its parent (2)", in.marks)
	}
}

// Gitea sends X-Gitea-* only; a Forgejo to come may send X-Forgejo-* only.
func TestForgejoHeaderFamilies(t *testing.T) {
	for _, family := range []string{"X-Forgejo-", "X-Gitea-"} {
		in := &inbox{}
		rec := named(t, "004-push.json")
		r := rec.request("/hooks/forgejo")
		for k := range r.Header {
			if strings.HasPrefix(k, "X-") && !strings.HasPrefix(k, family) {
				r.Header.Del(k)
			}
		}
		if w := do(service(t, in), r); w.Code != http.StatusAccepted || len(in.marks) != 1 {
			t.Errorf("%s: %d %s", family, w.Code, w.Body)
		}
	}
}

// The path decides: Forgejo's delivery carries GitHub's headers with a valid
// signature of Forgejo's secret, which is not the secret of GitHub's door.
func TestForgejoDeliveryAtTheGitHubDoor(t *testing.T) {
	for _, rec := range recordings(t) {
		in := &inbox{}
		refusedWith(t, do(service(t, in), rec.request("/hooks/github")), http.StatusUnauthorized, "signature")
		in.untouched(t)
	}
}

// With one secret for both doors it is taken, as what the path says: a hint about a GitHub repo.
func TestOneSecretForBothDoors(t *testing.T) {
	in := &inbox{}
	h := service(t, in, func(o *Options) { o.GitHubSecrets = o.ForgejoSecrets })
	rec := named(t, "004-push.json")
	if w := do(h, rec.request("/hooks/github")); w.Code != http.StatusAccepted {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if len(in.marks) != 1 || in.marks[0].Key != "repo:github:2" {
		t.Errorf("marks %+v", in.marks)
	}
}

// A release's "deleted" sent again as a repository event must not look like a
// deleted repository.
func TestBodyOfAnotherEventLosesItsAction(t *testing.T) {
	in := &inbox{}
	rec := named(t, "040-release-deleted.json")
	r := rec.request("/hooks/forgejo")
	r.Header.Set("X-Forgejo-Event", "repository")
	if w := do(service(t, in), r); w.Code != http.StatusAccepted {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for _, d := range in.deliveries {
		if d.Action != "" || len(in.marks) != 1 {
			t.Errorf("%+v %+v", d, in.marks)
		}
	}
	in = &inbox{}
	rec = named(t, "051-repository-deleted.json")
	do(service(t, in), rec.request("/hooks/forgejo"))
	if len(in.marks) != 1 || in.marks[0].Reason != "Forgejo repository deleted" {
		t.Errorf("%+v", in.marks)
	}
}
