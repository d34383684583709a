package webhook

import "flipmirror/forge"

// githubSource is the way in for GitHub: hooks of an organisation, of a repo, or of an App.
var githubSource = source{
	forge:   forge.GitHub,
	limit:   MaxGitHubBody,
	library: githubLibrary,
	id:      []string{"X-GitHub-Delivery"},
	event:   []string{"X-GitHub-Event"},
	sign:    []string{"X-Hub-Signature-256"},
	judge:   judgeGitHub,
}

// judgeGitHub says what a GitHub event means. Every repository action is a look:
// which of them happened is found out by looking.
func judgeGitHub(event string, _ payload) verdict {
	switch event {
	case "repository", "push", "create", "delete", "release":
		return verdict{look: true}
	case "ping":
		return verdict{ping: true, ignored: "GitHub tried the webhook"}
	}
	if why, ok := githubIgnored[event]; ok {
		return verdict{ignored: why}
	}
	return verdict{ignored: notUsed}
}

// githubIgnored are the events that look as if they mattered, and why they don't.
var githubIgnored = map[string]string{
	"fork":                      "the repository event announces the new repo; this one names its parent",
	"gollum":                    "a pull mirror does not fetch the wiki",
	"public":                    "the repository event says the same (publicized)",
	"installation":              "access of an App is no state of a repo; the sweep sees what it can reach",
	"installation_repositories": "access of an App is no state of a repo; the sweep sees what it can reach",
	"organization":              "a renamed or left organisation is found by the sweep",
	"membership":                "people are not mirrored",
	"member":                    "people are not mirrored",
	"meta":                      "GitHub says that this webhook was deleted",
}
