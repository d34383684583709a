package plan

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"flipmirror/forge"
)

// ClockSkew is how far a forge's clock may be behind ours before a repo that was
// created after the first start looks as if it had been there before.
const ClockSkew = 5 * time.Minute

// Admission says whether a repo that is in no pair should get one, and which.
type Admission struct {
	Link      forge.Link
	Direction forge.Direction
	CopyName  forge.Name
	Refused   string // why not, in words; empty when it is admitted
}

// Admit decides about a repo that is in no pair yet (laws L10, L11, L13).
// Since is when the service first started: what was there before is only
// touched by an import. importing is true for an import and for AUTO_IMPORT.
func Admit(r forge.Repo, links forge.Links, since time.Time, importing bool) Admission {
	l, ok := links.ByOwner(r.Forge, r.Name.Owner)
	if !ok {
		return refuse("the %s owner %s is in no link", r.Forge.Title(), r.Name.Owner)
	}
	a := Admission{Link: l, Direction: l.Direction, CopyName: forge.Name{Owner: l.Owner(r.Forge.Other()), Repo: r.Name.Repo}}
	switch {
	case l.Direction.Origin() != r.Forge:
		return refuse("the link %s goes the other way: new repos on %s are not mirrored", l, r.Forge.Title())
	case r.IsMirror():
		return refuse("it is a pull mirror itself")
	case !importing && r.CreatedAt.Before(since.Add(-ClockSkew)):
		return refuse("it was there before Flipmirror first started: import it to have it mirrored")
	}
	if why := badName(a.CopyName.Repo, r.Forge.Other()); why != "" {
		return refuse("%s can't hold a repo named %q: %s", r.Forge.Other().Title(), a.CopyName.Repo, why)
	}
	return a
}

func refuse(format string, args ...any) Admission {
	return Admission{Refused: fmt.Sprintf(format, args...)}
}

// Both forges allow these characters and at most 100 of them.
var repoName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)

// badName tells why a forge would refuse name, or "".
func badName(name string, on forge.Kind) string {
	lower := strings.ToLower(name)
	switch {
	case !repoName.MatchString(name):
		return "only letters, digits, '.', '_' and '-' are allowed, at most 100"
	case lower == "." || lower == "..":
		return "the name is reserved"
	case strings.HasSuffix(lower, ".git"), strings.HasSuffix(lower, ".wiki"):
		return "the ending is reserved"
	case on == forge.Forgejo && (lower == "-" || strings.HasSuffix(lower, ".rss") || strings.HasSuffix(lower, ".atom")):
		return "the name is reserved"
	}
	return ""
}

// SettleTime is how long to wait after an event before looking at a tracked
// pair, because the change that it tells of is still on its way to the other
// side. onCopy says that the event is about the copy, hence most likely the echo
// of our own sync.
func SettleTime(d forge.Direction, event string, onCopy bool) time.Duration {
	switch {
	case onCopy:
		return echoSettle
	case d == forge.Push && (event == "push" || event == "create"):
		return commitSettle
	}
	return 0
}

const (
	// commitSettle gives sync_on_commit the time it usually takes.
	commitSettle = 1500 * time.Millisecond
	// echoSettle lets the look that follows our own sync prove the pair first,
	// which makes the look that its echo asks for needless.
	echoSettle = 5 * time.Second
)
