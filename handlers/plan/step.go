package plan

import (
	"fmt"
	"time"

	"flipmirror/forge"
)

// Action names one kind of call that changes a forge.
type Action string

// The actions. Each is one API call and safe to repeat.
const (
	CreateCopy       Action = "create repository"
	DisableActions   Action = "disable Actions"
	SetTopics        Action = "set topics"
	SetDefaultBranch Action = "set default branch"
	SetDetails       Action = "set description and homepage"
	MakePrivate      Action = "make private"
	AdoptCopy        Action = "adopt repository" // changes our record only
	CreatePushMirror Action = "create push mirror"
	DeletePushMirror Action = "delete push mirror"
	AdoptPushMirror  Action = "adopt push mirror" // changes our record only
	RunPushMirror    Action = "run push mirror"
	Migrate          Action = "create pull mirror"
	DeleteStub       Action = "delete empty stub"
	RunPullMirror    Action = "run pull mirror"
)

// Step is one API call with what it needs to know. It is written to the journal as it is.
type Step struct {
	Do          Action        `json:"do"`
	On          forge.Kind    `json:"on"`
	Target      forge.Name    `json:"target"`
	RepoID      int64         `json:"repo_id,omitempty"` // the id that Target must carry
	Private     bool          `json:"private,omitempty"`
	Description string        `json:"description,omitempty"`
	Homepage    string        `json:"homepage,omitempty"`
	Topics      []string      `json:"topics,omitempty"`
	Branch      string        `json:"branch,omitempty"`
	Address     string        `json:"address,omitempty"` // of the other side, without credentials
	Interval    time.Duration `json:"interval,omitempty"`
	Remote      string        `json:"remote,omitempty"`
}

// String tells what the step does, for plans, logs and the journal.
func (s Step) String() string {
	base := fmt.Sprintf("%s %s on %s", s.Do, s.Target, s.On.Title())
	switch s.Do {
	case CreateCopy:
		if s.Private {
			return base + " (private)"
		}
	case CreatePushMirror:
		return fmt.Sprintf("%s to %s", base, s.Address)
	case Migrate:
		return fmt.Sprintf("%s from %s", base, s.Address)
	case SetDefaultBranch:
		return base + " to " + s.Branch
	}
	return base
}

// OnlyRecord reports whether the step changes nothing on a forge.
func (s Step) OnlyRecord() bool { return s.Do == AdoptCopy || s.Do == AdoptPushMirror }
