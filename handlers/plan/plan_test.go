package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"flipmirror/forge"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func refs(pairs ...string) *forge.Refs {
	r := &forge.Refs{ByName: map[string]string{}, Head: "refs/heads/main"}
	for i := 0; i < len(pairs); i += 2 {
		r.ByName["refs/"+pairs[i]] = pairs[i+1]
	}
	return r
}

func onForgejo(edit ...func(*forge.Repo)) Side {
	r := forge.Repo{Forge: forge.Forgejo, ID: 7, Name: forge.Name{Owner: "acme", Repo: "widget"}, Visibility: forge.Public,
		DefaultBranch: "main", CloneURL: "https://git.example/acme/widget.git", HTMLURL: "https://git.example/acme/widget"}
	for _, e := range edit {
		e(&r)
	}
	return Side{Present, r}
}

func onGitHub(edit ...func(*forge.Repo)) Side {
	r := forge.Repo{Forge: forge.GitHub, ID: 70, Name: forge.Name{Owner: "acme-gh", Repo: "widget"}, Visibility: forge.Public,
		DefaultBranch: "main", CloneURL: "https://github.example/acme-gh/widget.git", Homepage: "https://git.example/acme/widget"}
	for _, e := range edit {
		e(&r)
	}
	return Side{Present, r}
}

func private(r *forge.Repo)  { r.Visibility = forge.Private }
func archived(r *forge.Repo) { r.Archived = true }
func empty(r *forge.Repo)    { r.Empty = true }
func pullsFrom(url string) func(*forge.Repo) {
	return func(r *forge.Repo) { r.Pull = &forge.PullMirror{OriginalURL: url, Interval: "8h0m0s"} }
}
func stub(r *forge.Repo) { r.Empty, r.Pull = true, &forge.PullMirror{} }

var mirror = forge.PushMirror{RemoteName: "remote_mirror_a", RemoteAddress: "https://github.example/acme-gh/widget.git", Interval: "8h0m0s"}

// pushPair is a push pair that has everything: tests take things away from it.
func pushPair() Pair {
	return Pair{Direction: forge.Push, OriginID: 7, CopyID: 70, CopyName: forge.Name{Owner: "acme-gh", Repo: "widget"},
		CopyOurs: true, CopyMade: true, Remote: mirror.RemoteName, Verified: true}
}

func pullPair() Pair {
	return Pair{Direction: forge.Pull, OriginID: 70, CopyID: 7, CopyName: forge.Name{Owner: "acme", Repo: "widget"}, CopyOurs: true, CopyMade: true, Verified: true}
}

func settled() Facts {
	return Facts{Now: now, Origin: onForgejo(), Copy: onGitHub(), PushMirrors: []forge.PushMirror{mirror}, MirrorsRead: true,
		OriginRefs: refs("heads/main", "1", "tags/v1", "2"), CopyRefs: refs("heads/main", "1", "tags/v1", "2")}
}

func settledPull() Facts {
	return Facts{Now: now, Origin: onGitHub(), Copy: onForgejo(pullsFrom("https://github.example/acme-gh/widget.git")),
		OriginRefs: refs("heads/main", "1"), CopyRefs: refs("heads/main", "1")}
}

// verdict writes a decision as short text, so that a table can name it.
func verdict(d Decision) string {
	switch d.Kind {
	case Look:
		return "look: " + string(d.Need)
	case Do:
		return "do: " + string(d.Step.Do)
	case Hold:
		return "hold: " + d.Code
	case Rest:
		return "rest"
	}
	if d.Failing {
		return "failing"
	}
	return "wait"
}

func TestNextForPush(t *testing.T) {
	cases := []struct {
		name string
		pair func(*Pair)
		fact func(*Facts)
		want string
	}{
		{"everything equal", nil, nil, "rest"},
		{"nothing read yet", nil, func(f *Facts) { *f = Facts{Now: now} }, "look: origin"},
		{"copy not read yet", nil, func(f *Facts) { f.Copy = Side{} }, "look: copy"},
		{"origin gone or hidden changes nothing", nil, func(f *Facts) { f.Origin = Side{Presence: Missing} }, "hold: origin-missing"},
		{"origin is a pull mirror itself (L1)", nil, func(f *Facts) { f.Origin = onForgejo(pullsFrom("https://x.example/y.git")) }, "hold: origin-is-mirror"},
		{"a known copy that is gone is not remade silently", nil, func(f *Facts) { f.Copy = Side{Presence: Missing} }, "hold: copy-missing"},
		{"no copy yet", func(p *Pair) { p.CopyID, p.CopyOurs = 0, false }, func(f *Facts) { f.Copy = Side{Presence: Missing} }, "do: create repository"},
		{"the name belongs to another pair (L2)", func(p *Pair) { p.CopyOurs, p.Taken = false, "acme/other" }, nil, "hold: copy-taken"},
		{"found copy: refs first (L8)", func(p *Pair) { p.CopyOurs = false }, func(f *Facts) { f.CopyRefs = nil }, "look: refs"},
		{"found copy with other refs: ancestry first (L8)", func(p *Pair) { p.CopyOurs = false }, func(f *Facts) { f.CopyRefs = refs("heads/main", "9") }, "look: ancestry"},
		{"found copy holds unrelated commits (L8)", func(p *Pair) { p.CopyOurs = false },
			func(f *Facts) {
				f.CopyRefs, f.AncestryRead, f.OnlyOnCopy = refs("heads/main", "9"), true, []string{"refs/heads/main"}
			}, "hold: unrelated-copy"},
		{"found copy is behind: adopted", func(p *Pair) { p.CopyOurs = false }, func(f *Facts) { f.CopyRefs, f.AncestryRead = refs("heads/main", "0"), true }, "do: adopt repository"},
		{"found copy is empty: adopted", func(p *Pair) { p.CopyOurs = false }, func(f *Facts) { f.CopyRefs = refs() }, "do: adopt repository"},
		{"an empty origin never wipes a found copy (L8)", func(p *Pair) { p.CopyOurs = false }, func(f *Facts) { f.OriginRefs = refs() }, "hold: origin-empty"},
		{"found copy is archived", func(p *Pair) { p.CopyOurs = false }, func(f *Facts) { f.Copy = onGitHub(archived) }, "hold: copy-archived"},
		{"found copy is public, origin private (L7)", func(p *Pair) { p.CopyOurs = false }, func(f *Facts) { f.Origin = onForgejo(private) }, "hold: copy-public"},
		{"our copy is public, origin private (L7)", nil, func(f *Facts) { f.Origin = onForgejo(private) }, "do: make private"},
		{"it can't be made private: pushing stops (L7)", nil, func(f *Facts) { f.Origin, f.PrivacyRefused = onForgejo(private), "no" }, "do: delete push mirror"},
		{"it can't be made private and nothing pushes any more", nil,
			func(f *Facts) { f.Origin, f.PrivacyRefused, f.PushMirrors = onForgejo(private), "no", nil }, "hold: copy-public"},
		{"Actions of a made copy are switched off before anything is pushed", func(p *Pair) { p.ActionsOn, p.Remote = true, "" }, func(f *Facts) { f.PushMirrors = nil }, "do: disable Actions"},
		{"Actions of an adopted copy are left alone", func(p *Pair) { p.ActionsOn, p.CopyMade = true, false }, nil, "rest"},
		{"topics follow", nil, func(f *Facts) { f.Origin.Repo.Topics = []string{"Go", "c++"} }, "do: set topics"},
		{"description follows", nil, func(f *Facts) { f.Origin.Repo.Description = "new" }, "do: set description and homepage"},
		{"push mirrors not read yet", nil, func(f *Facts) { f.MirrorsRead, f.PushMirrors = false, nil }, "look: push mirrors"},
		{"a young origin can't have a push mirror", func(p *Pair) { p.Young, p.Remote = true, "" },
			func(f *Facts) { f.MirrorsRead, f.PushMirrors, f.CopyMadeNow = false, nil, true }, "do: create push mirror"},
		{"no push mirror", func(p *Pair) { p.Remote = "" }, func(f *Facts) { f.PushMirrors = nil }, "do: create push mirror"},
		{"a push mirror made by hand is adopted", func(p *Pair) { p.Remote = "" }, nil, "do: adopt push mirror"},
		{"before a push mirror is made again, L8 is asked again", nil,
			func(f *Facts) { f.PushMirrors, f.CopyRefs = nil, refs("heads/main", "9") }, "look: ancestry"},
		{"an archived origin takes no push mirror", nil, func(f *Facts) { f.PushMirrors, f.Origin = nil, onForgejo(archived) }, "hold: origin-archived"},
		{"first push: creating pushes nothing", nil, func(f *Facts) { f.CopyMadeNow, f.OriginRefs, f.CopyRefs = true, nil, nil }, "do: run push mirror"},
		{"an empty new origin needs no push", nil, func(f *Facts) {
			f.CopyMadeNow, f.Origin = true, onForgejo(empty)
			f.OriginRefs, f.CopyRefs = refs(), refs()
		}, "rest"},
		{"a push is running", nil, func(f *Facts) { f.SyncRunning = true }, "wait"},
		{"sync_on_commit gets its time", nil, func(f *Facts) { f.OriginRefs = refs("heads/main", "2", "tags/v1", "2") }, "wait"},
		{"sync_on_commit took too long", func(p *Pair) { p.Attempts = 2 }, func(f *Facts) { f.OriginRefs = refs("heads/main", "2", "tags/v1", "2") }, "do: run push mirror"},
		{"a deleted branch is not carried by sync_on_commit", nil, func(f *Facts) { f.CopyRefs = refs("heads/main", "1", "heads/old", "1", "tags/v1", "2") }, "do: run push mirror"},
		{"an event asks for a push", func(p *Pair) { p.WantSync = true }, nil, "do: run push mirror"},
		{"asked for and done", func(p *Pair) { p.WantSync = true }, func(f *Facts) { f.SyncDone = true }, "rest"},
		{"the origin lost everything: stop pushing (L8)", nil, func(f *Facts) { f.OriginRefs = refs() }, "do: delete push mirror"},
		{"equal refs but an error: push again", nil, func(f *Facts) { f.PushMirrors = []forge.PushMirror{failed()} }, "do: run push mirror"},
		{"equal refs, an error and just asked: failing", nil, func(f *Facts) { f.PushMirrors, f.SyncAsked = []forge.PushMirror{failed()}, now }, "failing"},
		{"not arriving for long", func(p *Pair) { p.Attempts = patience },
			func(f *Facts) { f.OriginRefs, f.SyncAsked = refs("heads/main", "2", "tags/v1", "2"), now }, "failing"},
		{"default branch follows", nil, func(f *Facts) { f.CopyRefs.Head = "refs/heads/dev" }, "do: set default branch"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, f := pushPair(), settled()
			if c.pair != nil {
				c.pair(&p)
			}
			if c.fact != nil {
				c.fact(&f)
			}
			d := Next(p, Policy{Interval: 8 * time.Hour}, f)
			if got := verdict(d); got != c.want {
				t.Errorf("got %q (%s), want %q", got, d.Why, c.want)
			}
			if d.Kind != Look && d.Why == "" {
				t.Error("the decision has no reason in words")
			}
		})
	}
}

func failed() forge.PushMirror {
	m := mirror
	m.LastError, m.LastUpdate = "push failed: remote: Unauthorized\nfatal: x\n - remote: Unauthorized", now
	return m
}

func TestNextForPull(t *testing.T) {
	cases := []struct {
		name string
		pair func(*Pair)
		fact func(*Facts)
		want string
	}{
		{"everything equal", nil, nil, "rest"},
		{"no copy yet", func(p *Pair) { p.CopyID, p.CopyOurs = 0, false }, func(f *Facts) { f.Copy = Side{Presence: Missing} }, "do: create pull mirror"},
		{"a known copy that is gone is not remade silently", nil, func(f *Facts) { f.Copy = Side{Presence: Missing} }, "hold: copy-missing"},
		{"a native repo of the same name is never touched", func(p *Pair) { p.CopyID, p.CopyOurs = 0, false }, func(f *Facts) { f.Copy = onForgejo() }, "hold: name-taken"},
		{"an empty native repo is not touched either", func(p *Pair) { p.CopyID, p.CopyOurs = 0, false }, func(f *Facts) { f.Copy = onForgejo(empty) }, "hold: name-taken"},
		{"a mirror of something else is not touched", func(p *Pair) { p.CopyID, p.CopyOurs = 0, false },
			func(f *Facts) { f.Copy = onForgejo(pullsFrom("https://elsewhere.example/x.git")) }, "hold: name-taken"},
		{"a mirror made by hand: is there a way back?", func(p *Pair) { p.CopyOurs = false }, nil, "look: push mirrors"},
		{"a mirror made by hand is adopted", func(p *Pair) { p.CopyOurs = false }, func(f *Facts) { f.MirrorsRead = true }, "do: adopt repository"},
		{"both mirrors at once (L1)", func(p *Pair) { p.CopyOurs = false },
			func(f *Facts) { f.MirrorsRead, f.PushMirrors = true, []forge.PushMirror{mirror} }, "hold: both-mirrors"},
		{"somebody else's stub is never deleted (L5)", func(p *Pair) { p.CopyID, p.CopyOurs = 0, false }, func(f *Facts) { f.Copy = onForgejo(stub) }, "hold: name-taken"},
		{"our clone failed", func(p *Pair) { p.CopyID, p.CopyOurs, p.Stub = 0, false, StubFailed }, func(f *Facts) { f.Copy = onForgejo(stub) }, "do: delete empty stub"},
		{"our clone may still run", func(p *Pair) { p.CopyID, p.CopyOurs, p.Stub = 0, false, StubUnclear }, func(f *Facts) { f.Copy = onForgejo(stub) }, "wait"},
		{"converted by somebody", nil, func(f *Facts) { f.Copy = onForgejo() }, "hold: copy-not-mirror"},
		{"private origin, public mirror (L7)", nil, func(f *Facts) { f.Origin = onGitHub(private) }, "do: make private"},
		{"behind: fetch at once", nil, func(f *Facts) { f.OriginRefs = refs("heads/main", "2") }, "do: run pull mirror"},
		{"just asked for", nil, func(f *Facts) { f.OriginRefs, f.SyncAsked = refs("heads/main", "2"), now }, "wait"},
		{"asked for many times", func(p *Pair) { p.Attempts = patience }, func(f *Facts) { f.OriginRefs, f.SyncAsked = refs("heads/main", "2"), now }, "failing"},
		{"a wiped origin is not fetched (L8)", nil, func(f *Facts) { f.OriginRefs = refs() }, "hold: origin-empty"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, f := pullPair(), settledPull()
			if c.pair != nil {
				c.pair(&p)
			}
			if c.fact != nil {
				c.fact(&f)
			}
			if got := verdict(Next(p, Policy{Interval: time.Hour}, f)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAdmit(t *testing.T) {
	links := forge.Links{{Forgejo: "acme", GitHub: "acme-gh", Direction: forge.Push}, {Forgejo: "in", GitHub: "up", Direction: forge.Pull}}
	repo := func(k forge.Kind, owner, name string, age time.Duration) forge.Repo {
		return forge.Repo{Forge: k, ID: 1, Name: forge.Name{Owner: owner, Repo: name}, CreatedAt: now.Add(-age)}
	}
	cases := []struct {
		name      string
		repo      forge.Repo
		importing bool
		want      string // part of the refusal; empty = admitted
	}{
		{"new on Forgejo in a push link", repo(forge.Forgejo, "acme", "a", 0), false, ""},
		{"owners compare case-insensitively", repo(forge.Forgejo, "ACME", "a", 0), false, ""},
		{"new on GitHub in a push link: the echo of our own act (L10)", repo(forge.GitHub, "acme-gh", "a", 0), false, "other way"},
		{"new on GitHub in a pull link", repo(forge.GitHub, "up", "a", 0), false, ""},
		{"an owner without a link", repo(forge.Forgejo, "else", "a", 0), false, "in no link"},
		{"there before the first start (L13)", repo(forge.Forgejo, "acme", "a", time.Hour), false, "import"},
		{"there before, imported", repo(forge.Forgejo, "acme", "a", time.Hour), true, ""},
		{"the forge's clock is a little behind", repo(forge.Forgejo, "acme", "a", time.Minute), false, ""},
		{"a name that Forgejo reserves", repo(forge.GitHub, "up", "feed.rss", 0), false, "reserved"},
		{"a name with other letters", repo(forge.Forgejo, "acme", "größe", 0), false, "only letters"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := Admit(c.repo, links, now, c.importing)
			if (c.want == "") != (a.Refused == "") || !strings.Contains(a.Refused, c.want) {
				t.Errorf("refused %q, want %q", a.Refused, c.want)
			}
		})
	}
}

func TestSameAddress(t *testing.T) {
	same := []string{"https://github.com/Acme/Widget.git", "https://github.com/acme/widget", "http://github.com:80/acme/widget.git/", "https://user:pw@GitHub.com:443/acme/widget.git"}
	for _, a := range same {
		if !SameAddress(a, same[0]) {
			t.Errorf("%s should lead to the same repo as %s", a, same[0])
		}
	}
	for _, b := range []string{"", "acme/widget", "https://github.com/acme/widget2.git", "https://gitlab.com/acme/widget.git", "https://github.com:8443/acme/widget.git", "/srv/acme/widget.git"} {
		if SameAddress(b, same[0]) {
			t.Errorf("%s should not lead to the same repo as %s", b, same[0])
		}
	}
}

func TestDetailsStayWithinGitHubsLimits(t *testing.T) {
	var topics []string
	for i := range 30 {
		topics = append(topics, strings.Repeat("x", 60)+string(rune('a'+i%26)), "Tö.pic"+string(rune('a'+i%26)))
	}
	w := wantedDetails(forge.Repo{Description: "a\x00b\n" + strings.Repeat("ü", 400), Topics: topics})
	if n := len([]rune(w.Description)); n > maxDescription || strings.ContainsAny(w.Description, "\x00\n") {
		t.Errorf("description of %d characters: %q", n, w.Description)
	}
	if len(w.Topics) > maxTopics || slices.ContainsFunc(w.Topics, func(s string) bool { return len(s) > maxTopic }) {
		t.Errorf("topics: %q", w.Topics)
	}
}
