package plan

import (
	"fmt"
	"time"

	"flipmirror/forge"
)

// stubPatience is how often to look whether a clone without an answer has ended.
const stubPatience = 30 * time.Second

// CloneLimit is how long a clone that we asked for may run before a stub that
// is still empty counts as left behind. Forgejo's own [git.timeout] MIGRATE is 10 min by default;
// people raise it for large repos.
const CloneLimit = 3 * time.Hour

// nextPull decides for a pair whose origin is on GitHub.
func nextPull(p Pair, pol Policy, f Facts) Decision {
	if d, ok := settlePullMirror(p, pol, f); ok {
		return d
	}
	if f.Copy.Repo.Pull == nil {
		return hold("copy-not-mirror", "The Forgejo repo is no longer a pull mirror, so it does not follow GitHub any more.")
	}
	if d, ok := guardPrivacy(p, f); ok {
		return d
	}
	return provePull(p, f)
}

// settlePullMirror makes sure that there is a pull mirror that is ours.
func settlePullMirror(p Pair, pol Policy, f Facts) (Decision, bool) {
	switch {
	case f.Copy.Presence == Missing && p.CopyID != 0:
		return hold("copy-missing", "Forgejo no longer shows the copy: it was deleted there, or the token may not see it any more."), true
	case f.Copy.Presence == Missing:
		return do(migrateStep(p, pol, f), "there is no pull mirror on Forgejo yet"), true
	case f.Copy.Repo.IsStub():
		return mendStub(p, f), true
	case p.CopyOurs:
		return Decision{}, false
	case p.Taken != "":
		return hold("copy-taken", "The repo of that name on Forgejo already belongs to another pair: "+p.Taken+".", p.Taken), true
	case exposes(f):
		return hold("copy-public", "A public repo of the same name exists on Forgejo, and the origin is not public. It is left untouched; make it private to let it be adopted."), true
	case f.Copy.Repo.Pull == nil || !SameAddress(f.Copy.Repo.Pull.OriginalURL, f.Origin.Repo.CloneURL):
		return hold("name-taken", "Forgejo has a repo of this name that is not a pull mirror of the origin. It is left untouched; rename it, or the origin, to let a mirror be made.", f.Copy.Repo.Name.String()), true
	case !f.MirrorsRead:
		return look(NeedPushMirrors), true
	}
	for _, m := range f.PushMirrors {
		if SameAddress(m.RemoteAddress, f.Origin.Repo.CloneURL) {
			return hold("both-mirrors", "The Forgejo repo pulls from GitHub and also has a push mirror back to it. Delete that push mirror to let it be adopted.", m.RemoteName), true
		}
	}
	return do(adoptStep(f), "Forgejo already has a pull mirror of the origin"), true
}

// mendStub decides about an empty repo that a clone left or is still filling.
// Only our own recorded intent makes it ours to delete (law L5).
func mendStub(p Pair, f Facts) Decision {
	del := Step{Do: DeleteStub, On: forge.Forgejo, Target: f.Copy.Repo.Name, RepoID: f.Copy.Repo.ID}
	switch p.Stub {
	case StubFailed:
		return do(del, "our clone failed and left an empty repo that only deletion mends")
	case StubGivenUp:
		return do(del, fmt.Sprintf("our clone gave no answer for %s and the repo is still empty", CloneLimit))
	case StubUnclear:
		return wait(stubPatience, "Forgejo is still cloning")
	}
	return hold("name-taken", "Forgejo has an empty repo of this name that somebody else's migration made or is making. It is left untouched.", f.Copy.Repo.Name.String())
}

// provePull compares the refs of both sides and asks Forgejo to fetch where they differ.
func provePull(p Pair, f Facts) Decision {
	if f.OriginRefs == nil || f.CopyRefs == nil {
		return look(NeedRefs)
	}
	diff := forge.CompareRefs(*f.OriginRefs, *f.CopyRefs)
	run := Step{Do: RunPullMirror, On: forge.Forgejo, Target: f.Copy.Repo.Name, RepoID: f.Copy.Repo.ID}
	switch {
	case emptyOntoFull(f):
		return hold("origin-empty", fmt.Sprintf("The origin is empty and the copy has %d refs: no sync is asked for, because it would delete them all.", f.CopyRefs.Len()), sample(diff.OnlyCopy)...)
	case diff.None():
		return Decision{Kind: Rest, Why: fmt.Sprintf("%d of %d refs equal", diff.Equal, diff.Equal)}
	case f.SyncAsked.Before(f.Now.Add(-pause(p.Attempts))):
		return do(run, describe(diff))
	case p.Attempts >= patience:
		return failing(pause(p.Attempts), "Forgejo was asked to fetch, but "+describe(diff)+". Look at the repo's mirror settings on Forgejo: its credentials may have expired.")
	}
	return wait(pause(p.Attempts), describe(diff))
}
