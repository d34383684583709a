package forge

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sort"
	"time"
)

// Repo is one repository on one forge, as that forge described it at one moment.
type Repo struct {
	Forge         Kind       `json:"forge"`
	ID            int64      `json:"id"`
	Name          Name       `json:"name"`
	Visibility    Visibility `json:"visibility"`
	Archived      bool       `json:"archived,omitempty"`
	Empty         bool       `json:"empty,omitempty"` // Forgejo says so; GitHub has no such field and always answers false
	Fork          bool       `json:"fork,omitempty"`
	Template      bool       `json:"template,omitempty"`
	Description   string     `json:"description,omitempty"`
	Homepage      string     `json:"homepage,omitempty"`
	DefaultBranch string     `json:"default_branch,omitempty"`
	Topics        []string   `json:"topics,omitempty"`
	CloneURL      string     `json:"clone_url"` // https, without credentials
	HTMLURL       string     `json:"html_url"`
	Admin         bool       `json:"admin,omitempty"` // the token may administer it
	CreatedAt     time.Time  `json:"created_at"`
	UpdatedAt     time.Time  `json:"updated_at"` // Forgejo: any change; GitHub: attributes
	PushedAt      time.Time  `json:"pushed_at"`  // GitHub only; zero on Forgejo

	// Pull is set when the repo is a pull mirror (Forgejo only).
	Pull *PullMirror `json:"pull,omitempty"`
}

// RepoID returns the stable identity of r.
func (r Repo) RepoID() RepoID { return RepoID{r.Forge, r.ID} }

// IsMirror reports whether r is written by its own forge from elsewhere.
func (r Repo) IsMirror() bool { return r.Pull != nil }

// IsStub reports whether r looks like a clone that is still running or has
// failed: a pull mirror without content and without an interval. Both look the
// same from outside (recorded: GET while migrating, GET after a failed migrate).
func (r Repo) IsStub() bool { return r.Pull != nil && r.Empty && r.Pull.Interval == "" }

// PullMirror is what Forgejo tells about a repo that it fetches from elsewhere.
type PullMirror struct {
	OriginalURL string    `json:"original_url"` // where it was cloned from, without credentials
	Interval    string    `json:"interval"`     // a Go duration as Forgejo spells it ("8h0m0s"); empty while the first clone runs or after it failed
	UpdatedAt   time.Time `json:"updated_at"`   // the last attempt, successful or not
}

// PushMirror is one push mirror of a Forgejo repo.
type PushMirror struct {
	RemoteName    string    `json:"remote_name"`    // Forgejo's handle for it, used to delete it
	RemoteAddress string    `json:"remote_address"` // without credentials
	Interval      string    `json:"interval"`       // a Go duration as Forgejo spells it
	SyncOnCommit  bool      `json:"sync_on_commit"`
	CreatedAt     time.Time `json:"created_at"`
	LastUpdate    time.Time `json:"last_update"` // the last attempt; zero when it never tried
	LastError     string    `json:"last_error"`  // git's words of the last attempt, empty after success
	BranchFilter  string    `json:"branch_filter,omitempty"`
}

// Refs are the branches and tags of a repo at one moment: full ref name
// ("refs/heads/main") to object id. Other namespaces (refs/pull, refs/notes)
// are not mirrored by push mirrors and are left out.
type Refs struct {
	ByName map[string]string
	Head   string // the branch that HEAD points to, as a full ref name; empty when unknown
}

// Len returns how many refs there are.
func (r Refs) Len() int { return len(r.ByName) }

// Digest returns a short fingerprint of all names and ids; equal refs have equal digests.
func (r Refs) Digest() string {
	names := make([]string, 0, len(r.ByName))
	for n := range r.ByName {
		names = append(names, n)
	}
	sort.Strings(names)
	h := sha256.New()
	for _, n := range names {
		h.Write([]byte(n + " " + r.ByName[n] + "\n"))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// RefsDiff says how the refs of a copy differ from those of its origin. Names are sorted.
type RefsDiff struct {
	OnlyOrigin []string `json:"only_origin,omitempty"`
	OnlyCopy   []string `json:"only_copy,omitempty"`
	Different  []string `json:"different,omitempty"`
	Equal      int      `json:"equal"`
}

// None reports whether origin and copy are equal.
func (d RefsDiff) None() bool {
	return len(d.OnlyOrigin) == 0 && len(d.OnlyCopy) == 0 && len(d.Different) == 0
}

// CompareRefs compares the refs of an origin with those of its copy.
func CompareRefs(origin, cp Refs) RefsDiff {
	var d RefsDiff
	for n, id := range origin.ByName {
		switch other, ok := cp.ByName[n]; {
		case !ok:
			d.OnlyOrigin = append(d.OnlyOrigin, n)
		case other != id:
			d.Different = append(d.Different, n)
		default:
			d.Equal++
		}
	}
	for n := range cp.ByName {
		if _, ok := origin.ByName[n]; !ok {
			d.OnlyCopy = append(d.OnlyCopy, n)
		}
	}
	slices.Sort(d.OnlyOrigin)
	slices.Sort(d.OnlyCopy)
	slices.Sort(d.Different)
	return d
}
