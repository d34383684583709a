package plan

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"flipmirror/forge"
)

// Any facts, however odd, in any combination: what people, crashes and other
// tools can leave behind is not limited to what we expect.
func anyFacts(t *rapid.T) (Pair, Facts) {
	b := func(label string) bool { return rapid.Bool().Draw(t, label) }
	dir := rapid.SampledFrom([]forge.Direction{forge.Push, forge.Pull}).Draw(t, "direction")
	p := Pair{Direction: dir, CopyName: forge.Name{Owner: "o", Repo: "r"}, CopyOurs: b("ours"), CopyMade: b("made"), Verified: b("verified"),
		ActionsOn: b("actions"), Young: b("young"), WantSync: b("want sync"), Attempts: rapid.IntRange(0, 30).Draw(t, "attempts"),
		Stub: rapid.SampledFrom([]Stub{StubNone, StubFailed, StubUnclear, StubGivenUp}).Draw(t, "stub")}
	if b("copy known") {
		p.CopyID = 2
	}
	if b("remote known") {
		p.Remote = mirror.RemoteName
	}
	if b("taken") {
		p.Taken = "x/y"
	}
	f := Facts{Now: now, Origin: anySide(t, dir.Origin(), "origin"), Copy: anySide(t, dir.Copy(), "copy"),
		MirrorsRead: b("mirrors read"), CopyMadeNow: b("made now"), SyncRunning: b("running"), SyncDone: b("done"), AncestryRead: b("ancestry")}
	if f.MirrorsRead && b("has mirror") {
		m := mirror
		m.LastError = rapid.SampledFrom([]string{"", "push failed: no"}).Draw(t, "last error")
		f.PushMirrors = []forge.PushMirror{m}
	}
	if b("refs read") {
		f.OriginRefs, f.CopyRefs = anyRefs(t, "origin refs"), anyRefs(t, "copy refs")
	}
	if f.AncestryRead && b("loss") {
		f.OnlyOnCopy = []string{"refs/heads/main"}
	}
	if b("asked") {
		f.SyncAsked = now.Add(-time.Duration(rapid.IntRange(0, 600).Draw(t, "asked ago")) * time.Second)
	}
	if b("privacy refused") {
		f.PrivacyRefused = "no"
	}
	return p, f
}

func anySide(t *rapid.T, k forge.Kind, label string) Side {
	edits := []func(*forge.Repo){func(*forge.Repo) {}, private, archived, empty, stub, pullsFrom("https://github.example/acme-gh/widget.git"), pullsFrom("https://x.example/y.git")}
	edit := rapid.SampledFrom(edits).Draw(t, label+" edit")
	more := rapid.SampledFrom(edits[:3]).Draw(t, label+" edit 2")
	side := onForgejo(edit, more)
	if k == forge.GitHub {
		side = onGitHub(edit, more)
		side.Repo.Pull = nil
	}
	side.Presence = rapid.SampledFrom([]Presence{Present, Present, Present, Missing, Unread}).Draw(t, label)
	return side
}

func anyRefs(t *rapid.T, label string) *forge.Refs {
	return rapid.SampledFrom([]*forge.Refs{refs(), refs("heads/main", "1"), refs("heads/main", "2"), refs("heads/main", "1", "heads/old", "3")}).Draw(t, label)
}

// TestNoStepBreaksALaw draws arbitrary facts and checks every step that is
// decided on against the laws, from the facts alone.
func TestNoStepBreaksALaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, f := anyFacts(t)
		d := Next(p, Policy{Interval: time.Hour}, f)
		if d.Kind != Do {
			return
		}
		if f.Origin.Presence != Present {
			t.Fatalf("L3: %s although the origin was not seen", d.Step)
		}
		lawsOfStep(t, p, f, d.Step)
	})
}

func lawsOfStep(t *rapid.T, p Pair, f Facts, s Step) {
	exposed := !f.Origin.Repo.Visibility.IsPublic() && f.Copy.Repo.Visibility.IsPublic()
	switch s.Do {
	case CreateCopy, Migrate:
		if f.Copy.Presence != Missing || p.CopyID != 0 {
			t.Fatal("a copy is made although one is known or was not looked for")
		}
		if !f.Origin.Repo.Visibility.IsPublic() && !s.Private {
			t.Fatal("L7: a public copy of a private origin")
		}
	case CreatePushMirror:
		if f.Origin.Repo.IsMirror() {
			t.Fatal("L1: a push mirror on a pull mirror")
		}
		safeToForce(t, f)
		fallthrough
	case RunPushMirror:
		if exposed {
			t.Fatal("L7: private code is pushed to a public copy")
		}
		if f.OriginRefs != nil && f.CopyRefs != nil && f.OriginRefs.Len() == 0 && f.CopyRefs.Len() > 0 && !f.CopyMadeNow {
			t.Fatal("L8: an empty origin is pushed onto a full copy")
		}
	case RunPullMirror:
		if f.OriginRefs.Len() == 0 && f.CopyRefs.Len() > 0 {
			t.Fatal("L8: a wiped origin is fetched over a full copy")
		}
	case AdoptCopy:
		if p.Taken != "" {
			t.Fatal("L2: a repo of another pair is adopted")
		}
		if exposed {
			t.Fatal("L7: a public repo is adopted as copy of a private origin")
		}
		if p.Direction == forge.Push {
			safeToForce(t, f)
		}
	case DeleteStub:
		if !f.Copy.Repo.IsStub() || p.Stub != StubFailed && p.Stub != StubGivenUp {
			t.Fatal("L5: something that is not our own stub is deleted")
		}
	case MakePrivate, DisableActions, SetTopics, SetDetails, SetDefaultBranch:
		if !p.CopyOurs {
			t.Fatal("L11: a repo that is not ours is changed")
		}
	}
}

// safeToForce is L8, told once more from the facts.
func safeToForce(t *rapid.T, f Facts) {
	switch {
	case f.CopyMadeNow:
	case f.OriginRefs == nil || f.CopyRefs == nil:
		t.Fatal("L8: refs were not compared before the first push")
	case f.CopyRefs.Len() == 0 || forge.CompareRefs(*f.OriginRefs, *f.CopyRefs).None():
	case f.OriginRefs.Len() == 0 || !f.AncestryRead || len(f.OnlyOnCopy) > 0:
		t.Fatal("L8: commits that only the copy has would be lost")
	}
}
