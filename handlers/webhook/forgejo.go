package webhook

import "flipmirror/forge"

// forgejoSource is the way in for Forgejo and Gitea. X-Forgejo-* wins over its
// twin X-Gitea-*: Forgejo sends both with equal values, Gitea only the latter.
var forgejoSource = source{
	forge:   forge.Forgejo,
	limit:   MaxForgejoBody,
	library: giteaLibrary,
	id:      []string{"X-Forgejo-Delivery", "X-Gitea-Delivery"},
	event:   []string{"X-Forgejo-Event", "X-Gitea-Event"},
	sign:    []string{"X-Forgejo-Signature", "X-Gitea-Signature"},
	judge:   judgeForgejo,
}

// judgeForgejo says what a Forgejo event means.
//
// A fork's "repository" is the new fork and "forkee" its parent (the opposite of
// GitHub's words); a fork into a user account sends no other event. Deleting
// branches and editing the wiki are not pushed by sync_on_commit, so the mirror
// has to be asked; branches that a pull mirror loses are announced as tags, so
// both kinds of deletion count.
func judgeForgejo(event string, _ payload) verdict {
	switch event {
	case "repository", "fork", "push", "create", "release":
		return verdict{look: true}
	case "delete", "wiki":
		return verdict{look: true, sync: true}
	}
	return verdict{ignored: notUsed}
}

// notUsed is why most events are ignored.
const notUsed = "this event changes nothing that is mirrored"
