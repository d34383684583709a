package plan

import (
	"fmt"
	"time"

	"flipmirror/forge"
)

const (
	// commitLooks is how many looks sync_on_commit gets before we ask for a push
	// ourselves. Forgejo was seen to need 0.4 to 3.5 s; two looks are 6 s.
	commitLooks = 2
	// lookAgain is the first pause before looking whether a sync has arrived; it
	// doubles with every look that finds it has not.
	lookAgain = 2 * time.Second
	// lookAgainMax bounds that pause: a long first push is looked at this often.
	lookAgainMax = 5 * time.Minute
	// patience is how many such looks may pass before the pair counts as failing.
	patience = 8
)

// nextPush decides for a pair whose origin is on Forgejo.
func nextPush(p Pair, pol Policy, f Facts) Decision {
	if f.Origin.Repo.IsMirror() {
		return hold("origin-is-mirror", "The Forgejo repo is a pull mirror: its content comes from elsewhere, so it can't be the origin of a push mirror too.")
	}
	if d, ok := settleCopy(p, f); ok {
		return d
	}
	if d, ok := guardPrivacy(p, f); ok {
		return d
	}
	if d, ok := carryAttributes(p, f); ok {
		return d
	}
	if d, ok := attach(p, pol, f); ok {
		return d
	}
	return provePush(p, f)
}

// settleCopy makes sure that there is a copy that is ours to write to.
func settleCopy(p Pair, f Facts) (Decision, bool) {
	switch {
	case f.Copy.Presence == Missing && p.CopyID != 0:
		return hold("copy-missing", "GitHub no longer shows the copy: it was deleted there, or the token may not see it any more."), true
	case f.Copy.Presence == Missing:
		return do(createStep(p, f), "there is no copy on GitHub yet"), true
	case p.CopyOurs:
		return Decision{}, false
	case p.Taken != "":
		return hold("copy-taken", "The repo of that name on GitHub already belongs to another pair: "+p.Taken+".", p.Taken), true
	case exposes(f):
		return hold("copy-public", "A public repo of the same name exists on GitHub, and the origin is not public. Make it private there to let it be adopted."), true
	case f.Copy.Repo.Archived:
		return hold("copy-archived", "A repo of the same name exists on GitHub and is archived, so nothing can be pushed to it. Unarchive it to let it be adopted, or rename one of the two."), true
	}
	if d, ok := mayOverwrite(f); !ok {
		return d, true
	}
	return do(adoptStep(f), "a repo of the same name exists on GitHub and holds nothing that the origin lacks"), true
}

// mayOverwrite tells whether a forced push would lose nothing (law L8). When it
// is not known yet, the decision says what to read; when it would, why not.
func mayOverwrite(f Facts) (Decision, bool) {
	switch {
	case f.CopyMadeNow:
		return Decision{}, true
	case f.CopyRefs == nil || f.OriginRefs == nil:
		return look(NeedRefs), false
	case f.CopyRefs.Len() == 0:
		return Decision{}, true
	case f.OriginRefs.Len() == 0:
		return hold("origin-empty", fmt.Sprintf("The origin is empty and the copy has %d refs: mirroring would delete them all.", f.CopyRefs.Len()), sample(forge.CompareRefs(*f.OriginRefs, *f.CopyRefs).OnlyCopy)...), false
	case forge.CompareRefs(*f.OriginRefs, *f.CopyRefs).None():
		return Decision{}, true
	case !f.AncestryRead:
		return look(NeedAncestry), false
	case len(f.OnlyOnCopy) > 0:
		return hold("unrelated-copy", fmt.Sprintf("The repo on the other side has %d refs with commits or tags that the origin lacks; a mirror would delete them.", len(f.OnlyOnCopy)), sample(f.OnlyOnCopy)...), false
	}
	return Decision{}, true
}

// exposes reports whether mirroring would show private code to everybody (law L7).
func exposes(f Facts) bool {
	return !f.Origin.Repo.Visibility.IsPublic() && f.Copy.Repo.Visibility.IsPublic()
}

// guardPrivacy makes a copy that is ours private when its origin is. If the
// forge refuses, pushing stops until a person has done it.
func guardPrivacy(p Pair, f Facts) (Decision, bool) {
	if !exposes(f) {
		return Decision{}, false
	}
	if f.PrivacyRefused == "" {
		s := Step{Do: MakePrivate, On: p.Direction.Copy(), Target: f.Copy.Repo.Name, RepoID: f.Copy.Repo.ID, Private: true}
		return do(s, "the origin is not public, so its copy must not be either"), true
	}
	if p.Direction == forge.Push && !f.MirrorsRead {
		return look(NeedPushMirrors), true
	}
	if m, ok := ourMirror(p, f); ok && p.Direction == forge.Push {
		return detach(f, m, "the origin is not public and its copy can't be made private"), true
	}
	return hold("copy-public", "The origin is not public but its copy is, and making it private was refused: "+f.PrivacyRefused+". Nothing is pushed until the copy is private."), true
}

// carryAttributes brings the copy's description, homepage, topics and Actions in line with the origin.
func carryAttributes(p Pair, f Facts) (Decision, bool) {
	if f.Copy.Repo.Archived {
		return hold("copy-archived", "The copy is archived on GitHub, which refuses every push until it is unarchived."), true
	}
	s := Step{On: forge.GitHub, Target: f.Copy.Repo.Name, RepoID: f.Copy.Repo.ID}
	if p.CopyMade && p.ActionsOn {
		s.Do = DisableActions
		return do(s, "a copy must not run the workflows of its origin"), true
	}
	if !p.CopyMade {
		return Decision{}, false
	}
	want := wantedDetails(f.Origin.Repo)
	if have := f.Copy.Repo; have.Description != want.Description || have.Homepage != want.Homepage {
		s.Do, s.Description, s.Homepage = SetDetails, want.Description, want.Homepage
		return do(s, "description or homepage differ from the origin"), true
	}
	if !sameTopics(want.Topics, f.Copy.Repo.Topics) {
		s.Do, s.Topics = SetTopics, want.Topics
		return do(s, "topics differ from the origin"), true
	}
	return Decision{}, false
}

// attach makes sure that the origin has exactly the push mirror that we know of.
func attach(p Pair, pol Policy, f Facts) (Decision, bool) {
	if p.Remote != "" && f.SyncDone {
		return Decision{}, false // it has just run without an error, so it is there
	}
	if !f.MirrorsRead && !p.Young {
		return look(NeedPushMirrors), true
	}
	if m, ok := ourMirror(p, f); ok {
		if emptyOntoFull(f) {
			return detach(f, m, wouldWipe), true
		}
		if m.RemoteName != p.Remote {
			return do(Step{Do: AdoptPushMirror, On: forge.Forgejo, Target: f.Origin.Repo.Name, RepoID: f.Origin.Repo.ID, Remote: m.RemoteName, Address: m.RemoteAddress},
				"the origin already has a push mirror to this copy"), true
		}
		return Decision{}, false
	}
	if f.Origin.Repo.Archived {
		return hold("origin-archived", "The origin is archived; Forgejo refuses new push mirrors until it is unarchived."), true
	}
	if d, ok := mayOverwrite(f); !ok {
		return d, true
	}
	return do(Step{Do: CreatePushMirror, On: forge.Forgejo, Target: f.Origin.Repo.Name, RepoID: f.Origin.Repo.ID,
		Address: f.Copy.Repo.CloneURL, Interval: pol.Interval}, "the origin has no push mirror to its copy"), true
}

// ourMirror finds the push mirror that leads to the copy: the one we know by
// its handle, else any with the copy's address.
func ourMirror(p Pair, f Facts) (forge.PushMirror, bool) {
	var found forge.PushMirror
	for _, m := range f.PushMirrors {
		if !SameAddress(m.RemoteAddress, f.Copy.Repo.CloneURL) {
			continue
		}
		if m.RemoteName == p.Remote {
			return m, true
		}
		if found.RemoteName == "" {
			found = m
		}
	}
	return found, found.RemoteName != ""
}

// emptyOntoFull reports whether the next push would wipe the copy.
func emptyOntoFull(f Facts) bool {
	return f.OriginRefs != nil && f.CopyRefs != nil && f.OriginRefs.Len() == 0 && f.CopyRefs.Len() > 0
}

func detach(f Facts, m forge.PushMirror, why string) Decision {
	return do(Step{Do: DeletePushMirror, On: forge.Forgejo, Target: f.Origin.Repo.Name, RepoID: f.Origin.Repo.ID, Remote: m.RemoteName, Address: m.RemoteAddress},
		why)
}

const wouldWipe = "the origin has lost all its refs; a push would delete everything on the copy"

// provePush compares the refs of both sides and asks for a push where they differ.
func provePush(p Pair, f Facts) Decision {
	if f.SyncRunning {
		return wait(lookAgainMax, "a push is running")
	}
	run := Step{Do: RunPushMirror, On: forge.Forgejo, Target: f.Origin.Repo.Name, RepoID: f.Origin.Repo.ID}
	if f.CopyMadeNow && !f.Origin.Repo.Empty && !f.SyncDone {
		return do(run, "creating a push mirror pushes nothing by itself")
	}
	if f.OriginRefs == nil || f.CopyRefs == nil {
		return look(NeedRefs)
	}
	m, known := ourMirror(p, f)
	if emptyOntoFull(f) {
		if !f.MirrorsRead {
			return look(NeedPushMirrors)
		}
		return detach(f, m, wouldWipe)
	}
	diff := forge.CompareRefs(*f.OriginRefs, *f.CopyRefs)
	refused := known && m.LastError != "" && !f.SyncDone
	rested := f.SyncAsked.Before(f.Now.Add(-pause(p.Attempts)))
	switch {
	case p.WantSync && !f.SyncDone && f.OriginRefs.Len() > 0:
		return do(run, "an event tells of a change that Forgejo does not push by itself")
	case diff.None() && !refused:
		return proveHead(p, f)
	case rested && (refused || mustPush(p, f, diff)):
		return do(run, pushReason(diff))
	case refused || p.Attempts >= patience:
		return failing(pause(p.Attempts), failure(m, diff))
	}
	return wait(pause(p.Attempts), describe(diff))
}

// mustPush tells whether to ask for a push instead of waiting for sync_on_commit,
// which carries commits and tags within seconds but no deleted branches.
func mustPush(p Pair, f Facts, diff forge.RefsDiff) bool {
	if f.SyncDone {
		return false // it has just run: what differs now was pushed meanwhile and is on its way
	}
	return !p.Verified || len(diff.OnlyCopy) > 0 || p.Attempts >= commitLooks
}

func pushReason(d forge.RefsDiff) string {
	if d.None() {
		return "the last push reported a failure although all refs are equal"
	}
	return describe(d)
}

// proveHead is the last check: a clone of the copy must start on the same branch.
func proveHead(p Pair, f Facts) Decision {
	want := f.Origin.Repo.DefaultBranch
	_, there := f.CopyRefs.ByName["refs/heads/"+want]
	if p.CopyMade && there && f.CopyRefs.Head != "" && f.CopyRefs.Head != "refs/heads/"+want {
		return do(Step{Do: SetDefaultBranch, On: p.Direction.Copy(), Target: f.Copy.Repo.Name, RepoID: f.Copy.Repo.ID, Branch: want},
			"the default branch differs from the origin")
	}
	return Decision{Kind: Rest, Why: fmt.Sprintf("%d of %d refs equal", f.OriginRefs.Len(), f.OriginRefs.Len())}
}
