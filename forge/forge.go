// Package forge holds the words that every other package shares: what a forge
// is, how a repo on it is known, and how an answer from it can fail.
//
// It is made of plain values and imports only the standard library, so that
// decisions over these values stay pure and testable without any I/O.
package forge

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind says which of the two forges a value belongs to.
type Kind string

// The two forges that Flipmirror stands between. Gitea counts as Forgejo.
const (
	Forgejo Kind = "forgejo"
	GitHub  Kind = "github"
)

// Valid reports whether k is one of the known forges.
func (k Kind) Valid() bool { return k == Forgejo || k == GitHub }

// Other returns the forge on the far side of k.
func (k Kind) Other() Kind {
	if k == Forgejo {
		return GitHub
	}
	return Forgejo
}

// Title returns the forge's name as people write it.
func (k Kind) Title() string {
	if k == GitHub {
		return "GitHub"
	}
	return "Forgejo"
}

// RepoID is the stable identity of a repo: its forge and the numeric id that
// survives renames and transfers. Names are attributes; ids decide (law L2).
type RepoID struct {
	Forge Kind  `json:"forge"`
	ID    int64 `json:"id"`
}

// IsZero reports whether the id is not known yet.
func (r RepoID) IsZero() bool { return r.ID == 0 }

// String returns the id as "forgejo:12".
func (r RepoID) String() string { return string(r.Forge) + ":" + strconv.FormatInt(r.ID, 10) }

// ParseRepoID reads what [RepoID.String] wrote.
func ParseRepoID(s string) (RepoID, error) {
	kind, num, ok := strings.Cut(s, ":")
	id, err := strconv.ParseInt(num, 10, 64)
	if !ok || err != nil || id <= 0 || !Kind(kind).Valid() {
		return RepoID{}, fmt.Errorf("repo id %q: want forgejo:NUMBER or github:NUMBER", s)
	}
	return RepoID{Kind(kind), id}, nil
}

// Name is where a repo can be found at the moment: its owner and its own name.
// Both forges compare names case-insensitively; so must everybody who has two.
type Name struct {
	Owner string `json:"owner"`
	Repo  string `json:"repo"`
}

// IsZero reports whether no name is set.
func (n Name) IsZero() bool { return n == Name{} }

// String returns "owner/repo" in the spelling of the forge.
func (n Name) String() string { return n.Owner + "/" + n.Repo }

// Key returns the name folded for comparison and for use as an index.
func (n Name) Key() string { return strings.ToLower(n.Owner + "/" + n.Repo) }

// Same reports whether both names mean the same place on one forge.
func (n Name) Same(m Name) bool { return n.Key() == m.Key() }

// ParseName reads "owner/repo".
func ParseName(s string) (Name, error) {
	owner, repo, ok := strings.Cut(s, "/")
	if !ok || owner == "" || repo == "" || strings.Contains(repo, "/") {
		return Name{}, fmt.Errorf("repo name %q: want owner/name", s)
	}
	return Name{owner, repo}, nil
}

// Direction says which side of a pair people write to.
type Direction string

// The two directions. Push: Forgejo is the origin and pushes to GitHub.
// Pull: GitHub is the origin and Forgejo pulls from it.
const (
	Push Direction = "push"
	Pull Direction = "pull"
)

// ParseDirection reads "push" or "pull", in any case.
func ParseDirection(s string) (Direction, error) {
	switch d := Direction(strings.ToLower(strings.TrimSpace(s))); d {
	case Push, Pull:
		return d, nil
	}
	return "", fmt.Errorf("direction %q: want push (Forgejo to GitHub) or pull (GitHub to Forgejo)", s)
}

// Valid reports whether d is one of the two directions.
func (d Direction) Valid() bool { return d == Push || d == Pull }

// Origin returns the forge that people write to.
func (d Direction) Origin() Kind {
	if d == Pull {
		return GitHub
	}
	return Forgejo
}

// Copy returns the forge that is written by mirroring.
func (d Direction) Copy() Kind { return d.Origin().Other() }

// Arrow draws the direction between a Forgejo name on the left and a GitHub name on the right.
func (d Direction) Arrow() string {
	if d == Pull {
		return "←"
	}
	return "→"
}

// Visibility says who can read a repo.
type Visibility string

// Internal exists on both forges (a private Forgejo owner's "limited" repos, GHES) and is treated
// as private towards the outside: it never becomes public by mirroring (law L7).
const (
	Public   Visibility = "public"
	Internal Visibility = "internal"
	Private  Visibility = "private"
)

// IsPublic reports whether anyone may read. Unknown words are not public.
func (v Visibility) IsPublic() bool { return v == Public }
