package state

import (
	"encoding/json"
	"time"

	"flipmirror/forge"
)

// Delivery is one verified webhook request, as received, in the durable inbox.
// Source and ID together name it; a second one with the same name is a duplicate.
type Delivery struct {
	Source     forge.Kind   `json:"source"`
	ID         string       `json:"id"`
	Event      string       `json:"event"`
	Action     string       `json:"action,omitempty"`
	Repo       forge.RepoID `json:"repo,omitzero"`      // which repo the body names; a hint, never state
	RepoName   forge.Name   `json:"repo_name,omitzero"` // the same, for people
	ReceivedAt time.Time    `json:"received_at"`
	Size       int          `json:"size"`           // bytes of the whole body
	SHA256     string       `json:"sha256"`         // of the whole body, hex
	Body       []byte       `json:"body,omitempty"` // the kept part of the body, at most MaxKeptBody bytes
	Ignored    string       `json:"ignored,omitempty"`

	// What became of it, written when the look that it caused has ended.
	DoneAt time.Time `json:"done_at,omitzero"`
	Pair   string    `json:"pair,omitempty"`
	Result string    `json:"result,omitempty"`
}

// Key names the delivery within the inbox.
func (d Delivery) Key() string { return string(d.Source) + "/" + d.ID }

// Priority orders due marks: webhook and human work runs before sweep work.
type Priority int

// The two priorities; the smaller runs first.
const (
	Prompt Priority = 0 // events, people, follow-ups of a step
	Low    Priority = 1 // sweep, routine verification
)

// Due says that a subject wants to be looked at, and when. There is at most one
// mark per subject; a second one merges into the first (see [Tx.Mark]).
type Due struct {
	Key        string    `json:"key"` // what to look at: PairKey or RepoKey
	At         time.Time `json:"at"`
	Priority   Priority  `json:"priority"`
	Reason     string    `json:"reason"`               // in words: "Forgejo push", "sweep: renamed", "verify"
	Sync       bool      `json:"sync,omitempty"`       // ask the mirror to run even if refs look equal (wiki edits, deletions)
	Attempts   int       `json:"attempts,omitempty"`   // failed looks in a row; survives restarts
	Parked     bool      `json:"parked,omitempty"`     // given up after too many attempts, until something new happens
	Deliveries []string  `json:"deliveries,omitempty"` // Delivery.Key of what caused it, newest last, at most MaxCauses
	Generation uint64    `json:"generation"`           // rises with every merge: tells Finish that somebody marked again meanwhile
}

// PairKey is the due key of a tracked pair.
func PairKey(id string) string { return "pair:" + id }

// RepoKey is the due key of a repo that is in no pair yet.
func RepoKey(r forge.RepoID) string { return "repo:" + r.String() }

// Phase says where a pair stands, in the words of the pages.
type Phase string

// The phases. InSync is only ever written after the refs of both sides were read and found equal.
const (
	Working Phase = "working" // being set up, or a change is on its way
	InSync  Phase = "in sync"
	Failing Phase = "failing" // tried, refused; tried again later
	Waiting Phase = "waiting" // a hold: a person must answer
	Paused  Phase = "paused"
)

// Hold says why a pair waits for a person and what they can answer.
type Hold struct {
	Code    string    `json:"code"`   // stable, for programs: "unrelated-copy", "name-taken", …
	Reason  string    `json:"reason"` // one or two sentences for people
	Details []string  `json:"details,omitempty"`
	Answers []string  `json:"answers,omitempty"` // what a person can say: "look again", "accept the loss", …
	Since   time.Time `json:"since"`
}

// Verified is the proof behind "in sync": when the refs of both sides were read and how they looked.
type Verified struct {
	At     time.Time `json:"at"`
	Refs   int       `json:"refs"`
	Digest string    `json:"digest"`
}

// Side is what a pair knows of one of its two repos. Repo.ID is 0 until the
// repo is known to exist; Repo.Name is then the name that is reserved for it.
type Side struct {
	Repo   forge.Repo `json:"repo"`
	SeenAt time.Time  `json:"seen_at,omitzero"` // when Repo was last read from the forge
	Ours   string     `json:"ours,omitempty"`   // "made" or "adopted"; empty for an origin and for what we must not change (law L11)
}

// Pair is one Forgejo repo and its GitHub counterpart, tracked once, with exactly one direction.
type Pair struct {
	ID         string          `json:"id"` // given by the store, never reused
	Link       string          `json:"link"`
	Direction  forge.Direction `json:"direction"`
	Forgejo    Side            `json:"forgejo"`
	GitHub     Side            `json:"github"`
	Phase      Phase           `json:"phase"`
	Hold       *Hold           `json:"hold,omitempty"`
	Remote     string          `json:"remote,omitempty"` // Forgejo's handle of our push mirror
	Verified   *Verified       `json:"verified,omitempty"`
	RefsEqual  int             `json:"refs_equal"` // at the last comparison
	RefsTotal  int             `json:"refs_total"`
	Problem    string          `json:"problem,omitempty"`     // the last failure in words, empty when all is well
	Since      time.Time       `json:"since"`                 // when Phase last changed
	SyncedAt   time.Time       `json:"synced_at,omitzero"`    // when a sync was last asked for
	Tries      int             `json:"tries,omitempty"`       // looks in a row that did not end in sync; survives restarts
	ActionsOff bool            `json:"actions_off,omitempty"` // Actions were switched off on a copy that we made
	Cause      string          `json:"cause,omitempty"`       // what made us track it
	CreatedAt  time.Time       `json:"created_at"`
	UpdatedAt  time.Time       `json:"updated_at"`
}

// Side returns the pair's record of the repo on forge k.
func (p *Pair) Side(k forge.Kind) *Side {
	if k == forge.GitHub {
		return &p.GitHub
	}
	return &p.Forgejo
}

// Origin returns the side that people write to.
func (p *Pair) Origin() *Side { return p.Side(p.Direction.Origin()) }

// Copy returns the side that is written by mirroring.
func (p *Pair) Copy() *Side { return p.Side(p.Direction.Copy()) }

// Outcome says how a journaled step ended.
type Outcome string

// The outcomes. StillOpen is what a crash leaves behind: the step may or may not have happened.
const (
	StillOpen Outcome = "open"
	Done      Outcome = "done"
	Failed    Outcome = "failed"    // the forge refused; nothing changed
	Ambiguous Outcome = "ambiguous" // no clear answer; the next look finds out
)

// Entry is one line of the journal: one step that changes a forge, written
// before it runs and completed after.
type Entry struct {
	Pair    string          `json:"pair"`
	Seq     uint64          `json:"seq"` // given by the store, rising over all pairs
	Step    string          `json:"step"`
	Detail  json.RawMessage `json:"detail,omitempty"` // the step's parameters, without secrets
	Before  json.RawMessage `json:"before,omitempty"` // what it replaces, to undo it
	Reason  string          `json:"reason"`
	Cause   string          `json:"cause"` // delivery key, "sweep", or who asked
	Start   time.Time       `json:"start"`
	End     time.Time       `json:"end,omitzero"`
	Outcome Outcome         `json:"outcome"`
	Error   string          `json:"error,omitempty"`
	Result  string          `json:"result,omitempty"` // what the forge answered, in words: new id, remote name
}
