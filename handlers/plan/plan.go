// Package plan decides what happens to a pair. It is pure: no I/O, no clock,
// no logging. The same facts always give the same decision, so a dry run, a
// test and the running service can't differ.
//
// [Next] looks at the facts known so far and says one thing: look at something
// more, do one step, wait, hold for a person, or rest because origin and copy
// are proven equal. Whoever calls it fetches or acts, adds what it learnt to
// the facts, and asks again. A crash between any two questions loses nothing:
// the next look starts from what the forges then say.
package plan

import (
	"time"

	"flipmirror/forge"
)

// Presence says whether a repo was found. A repo that could not be asked about
// has no Presence at all: the look ends with that error before a decision is
// made, so that unknown can never destroy anything (law L3).
type Presence int

// Unread means that nobody asked yet. Missing is what a 404 says: gone or
// hidden, never proof of absence (law L4).
const (
	Unread Presence = iota
	Present
	Missing
)

// Side is what one forge says about its repo of the pair.
type Side struct {
	Presence Presence
	Repo     forge.Repo
}

// Facts is an observation of a pair at one moment, as far as it has been read.
type Facts struct {
	Now time.Time // when the look started: the only clock a decision knows

	Origin, Copy         Side
	OriginRefs, CopyRefs *forge.Refs        // nil: not read
	PushMirrors          []forge.PushMirror // of the Forgejo repo
	MirrorsRead          bool

	// OnlyOnCopy names the refs of the copy that hold commits which no ref of
	// the origin has. Valid when AncestryRead is true.
	OnlyOnCopy   []string
	AncestryRead bool

	CopyMadeNow bool      // the copy was created empty during this look
	SyncAsked   time.Time // when a sync was last asked for, zero when never
	SyncRunning bool      // a push that we asked for has not ended yet
	SyncDone    bool      // the push that we asked for has just ended well

	PrivacyRefused string // why the forge refused to make the copy private; empty when it was not asked
}

// Pair is what the service knows and wants of a pair, beyond what the forges say.
type Pair struct {
	Direction forge.Direction
	OriginID  int64
	CopyID    int64      // 0 until the copy is known
	CopyName  forge.Name // where the copy is or shall be
	CopyOurs  bool       // we made or adopted the copy
	CopyMade  bool       // we made it
	Remote    string     // Forgejo's handle of our push mirror
	Verified  bool       // refs were equal at least once
	ActionsOn bool       // Actions are not known to be off on a copy that we made
	Young     bool       // the origin is so new, and untouched by us, that nobody has set up a push mirror yet
	WantSync  bool       // an event says that a sync is needed although refs may look equal
	Taken     string     // another pair that already holds the found copy, as "owner/name"
	Stub      Stub       // what the journal knows about a clone that we asked for
	Attempts  int        // looks in a row that ended in waiting for the same sync
}

// Stub says what the journal tells about our own migrate of this pair.
type Stub int

// A stub left by a migrate that was answered with a failure is ours to mend. One
// whose answer never came may still be cloning.
const (
	StubNone    Stub = iota // no record of ours: never touched
	StubFailed              // the migrate was answered with a failure
	StubUnclear             // no answer: the clone may still be running
	StubGivenUp             // no answer, and longer ago than a clone may take
)

// Policy is what the person who runs the service wants for all pairs.
type Policy struct {
	Interval time.Duration // how often mirrors run without an event
}

// Kind is the kind of a decision.
type Kind int

// The kinds of decisions.
const (
	Look Kind = iota + 1 // read Need, then ask again
	Do                   // run Step, then ask again
	Wait                 // nothing to do now: look again after For
	Hold                 // a person must decide
	Rest                 // origin and copy are equal
)

// Need names something that must be read before a decision can be made.
type Need string

// The needs, in the order in which they are usually asked for.
const (
	NeedOrigin      Need = "origin"
	NeedCopy        Need = "copy"
	NeedPushMirrors Need = "push mirrors"
	NeedRefs        Need = "refs"
	NeedAncestry    Need = "ancestry"
)

// Decision is the answer of [Next].
type Decision struct {
	Kind    Kind
	Need    Need          // with Look
	Step    Step          // with Do
	For     time.Duration // with Wait
	Code    string        // with Hold: stable, for programs
	Why     string        // in words, for people; always set except with Look
	Details []string      // with Hold: the names that it is about
	Failing bool          // with Wait: the forge reported a failure, Why says which
}

func look(n Need) Decision                      { return Decision{Kind: Look, Need: n} }
func do(s Step, why string) Decision            { return Decision{Kind: Do, Step: s, Why: why} }
func wait(d time.Duration, why string) Decision { return Decision{Kind: Wait, For: d, Why: why} }
func failing(d time.Duration, w string) Decision {
	return Decision{Kind: Wait, For: d, Why: w, Failing: true}
}
func hold(code, why string, det ...string) Decision {
	return Decision{Kind: Hold, Code: code, Why: why, Details: det}
}

// Next decides what comes next for p, given what is known in f.
func Next(p Pair, pol Policy, f Facts) Decision {
	switch {
	case f.Origin.Presence == Unread:
		return look(NeedOrigin)
	case f.Origin.Presence == Missing:
		return hold("origin-missing", p.Direction.Origin().Title()+" no longer shows the origin: it was deleted, or the token may not see it any more. The copy is left as it is.")
	case f.Copy.Presence == Unread:
		return look(NeedCopy)
	}
	if p.Direction == forge.Push {
		return nextPush(p, pol, f)
	}
	return nextPull(p, pol, f)
}
