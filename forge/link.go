package forge

import (
	"fmt"
	"strings"
)

// Link ties a Forgejo owner to a GitHub owner. Repos of these owners are
// paired by name, with Direction for pairs that are new.
type Link struct {
	Forgejo   string    `json:"forgejo"` // the Forgejo user or organisation
	GitHub    string    `json:"github"`  // the GitHub user or organisation
	Direction Direction `json:"direction"`
}

// ID returns the link's stable handle: both owners, folded.
func (l Link) ID() string { return strings.ToLower(l.Forgejo + "=" + l.GitHub) }

// String returns the link as it is written in MIRROR_LINKS.
func (l Link) String() string { return fmt.Sprintf("%s=%s:%s", l.Forgejo, l.GitHub, l.Direction) }

// Owner returns the owner that the link names on one forge.
func (l Link) Owner(k Kind) string {
	if k == GitHub {
		return l.GitHub
	}
	return l.Forgejo
}

// Links is the set of all links. No owner of a forge appears in two of them.
type Links []Link

// ByOwner returns the link that names owner on forge k.
func (ls Links) ByOwner(k Kind, owner string) (Link, bool) {
	for _, l := range ls {
		if strings.EqualFold(l.Owner(k), owner) {
			return l, true
		}
	}
	return Link{}, false
}

// ParseLinks reads a comma-separated list of forgejo-owner=github-owner[:push|pull].
// Links without a direction get fallback. Every problem is reported, not only the first.
func ParseLinks(s string, fallback Direction) (Links, []error) {
	var links Links
	var errs []error
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		l, err := parseLink(part, fallback)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, k := range []Kind{Forgejo, GitHub} {
			if other, dup := links.ByOwner(k, l.Owner(k)); dup {
				errs = append(errs, fmt.Errorf("link %q: the %s owner %q is already in link %q; an owner can be in one link only", part, k.Title(), l.Owner(k), other))
				err = errs[len(errs)-1]
			}
		}
		if err == nil {
			links = append(links, l)
		}
	}
	return links, errs
}

func parseLink(s string, fallback Direction) (Link, error) {
	owners, dir, hasDir := strings.Cut(s, ":")
	fj, gh, ok := strings.Cut(owners, "=")
	l := Link{Forgejo: strings.TrimSpace(fj), GitHub: strings.TrimSpace(gh), Direction: fallback}
	if !ok || !validOwner(l.Forgejo) || !validOwner(l.GitHub) {
		return Link{}, fmt.Errorf("link %q: want forgejo-owner=github-owner, optionally followed by :push or :pull", s)
	}
	if hasDir {
		d, err := ParseDirection(dir)
		if err != nil {
			return Link{}, fmt.Errorf("link %q: %w", s, err)
		}
		l.Direction = d
	}
	return l, nil
}

// validOwner accepts what both forges accept as a user or organisation name.
func validOwner(s string) bool {
	if s == "" || len(s) > 100 {
		return false
	}
	for _, r := range s {
		ok := r == '-' || r == '_' || r == '.' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !ok {
			return false
		}
	}
	return true
}
