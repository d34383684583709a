package webhook

import (
	"net/http"
	"testing"
)

// githubBodies are deliveries in the shape that GitHub documents, shortened to what differs.
var githubBodies = map[string]string{
	"repo":    `{"action":"renamed","changes":{"repository":{"name":{"from":"old"}}},"repository":{"id":1296269,"node_id":"MDEw","name":"Hello-World","full_name":"Codertocat/Hello-World","private":false,"owner":{"login":"Codertocat","id":21031067,"name":null}},"organization":{"login":"x","id":1},"sender":{"login":"Codertocat","id":21031067}}`,
	"push":    `{"ref":"refs/heads/main","before":"0000000000000000000000000000000000000000","after":"6113728f27ae82c7b1a177c8d03f9e96e0adf246","repository":{"id":1296269,"name":"Hello-World","full_name":"Codertocat/Hello-World","owner":{"name":"Codertocat","login":"Codertocat","id":21031067}},"pusher":{"name":"Codertocat"},"created":false,"deleted":false,"forced":false,"commits":[{"id":"6113","message":"caf\u00e9 \"quoted\" \ud83d\ude00\n"}]}`,
	"ping":    `{"zen":"Keep it logically awesome.","hook_id":30,"hook":{"type":"Organization","id":30,"events":["*"],"config":{"content_type":"json"}},"organization":{"login":"x","id":1}}`,
	"star":    `{"action":"deleted","starred_at":null,"repository":{"id":1296269,"full_name":"Codertocat/Hello-World"},"sender":{"id":1}}`,
	"norepo":  `{"action":"deleted","organization":{"login":"x","id":1},"sender":{"id":1}}`,
	"install": `{"action":"removed","installation":{"id":2},"repositories_removed":[{"id":1296269,"full_name":"Codertocat/Hello-World"}],"repositories_added":[],"sender":{"id":1}}`,
}

func TestGitHubEvents(t *testing.T) {
	tests := []struct {
		event, body string
		code        int
		status      string
		marked      bool
	}{
		{"repository", "repo", 202, "accepted", true},
		{"push", "push", 202, "accepted", true},
		{"create", "push", 202, "accepted", true},
		{"delete", "push", 202, "accepted", true},
		{"release", "repo", 202, "accepted", true},
		{"ping", "ping", 200, "pong", false},
		{"fork", "push", 202, "ignored", false},
		{"gollum", "push", 202, "ignored", false},
		{"public", "repo", 202, "ignored", false},
		{"star", "star", 202, "ignored", false},
		{"organization", "norepo", 202, "ignored", false},
		{"installation_repositories", "install", 202, "ignored", false},
		{"an_event_of_tomorrow", "norepo", 202, "ignored", false},
	}
	for _, tt := range tests {
		t.Run(tt.event, func(t *testing.T) {
			in := &inbox{}
			h := service(t, in)
			w := do(h, githubRequest(tt.event, githubBodies[tt.body], githubSecret))
			if w.Code != tt.code {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if a := answerOf(t, w); a.Status != tt.status || (a.Status == "ignored") != (a.Reason != "") {
				t.Errorf("answer %+v", a)
			}
			if len(in.deliveries) != 1 || (len(in.marks) == 1) != tt.marked {
				t.Errorf("deliveries %+v, marks %+v", in.deliveries, in.marks)
			}
			if tt.marked && (in.marks[0].Key != "repo:github:1296269" || in.marks[0].Sync) {
				t.Errorf("mark %+v", in.marks[0])
			}
			again := do(h, githubRequest(tt.event, githubBodies[tt.body], githubSecret))
			if a := answerOf(t, again); again.Code != http.StatusOK || a.Status != "duplicate" || len(in.deliveries) != 1 {
				t.Errorf("second time: %d %+v", again.Code, a)
			}
		})
	}
}

// Every repository action is a look, the ones GitHub may add included.
func TestGitHubRepositoryActions(t *testing.T) {
	for _, action := range []string{"archived", "created", "deleted", "edited", "privatized", "publicized", "renamed", "transferred", "unarchived", "reincarnated"} {
		in := &inbox{}
		body := `{"action":"` + action + `","repository":{"id":7,"full_name":"a/b"},"sender":{"id":1}}`
		do(service(t, in), githubRequest("repository", body, githubSecret))
		if len(in.marks) != 1 || in.marks[0].Reason != "GitHub repository "+action || in.marks[0].Key != "repo:github:7" {
			t.Errorf("%s: %+v", action, in.marks)
		}
	}
}

// Un-starring sends {"action":"deleted","repository":…}: under the unsigned event
// name "repository" it must not read as a deleted repository.
func TestGitHubStarIsNoDeletion(t *testing.T) {
	in := &inbox{}
	do(service(t, in), githubRequest("repository", githubBodies["star"], githubSecret))
	for _, d := range in.deliveries {
		if d.Action != "" {
			t.Errorf("action %q survived", d.Action)
		}
	}
	if len(in.marks) != 1 {
		t.Errorf("marks %+v", in.marks)
	}
}
