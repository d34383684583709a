package webhook

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"flipmirror/forge"
	"flipmirror/handlers"
	"flipmirror/state"
)

// The bounds of the door.
const (
	// MaxGitHubBody is the largest payload GitHub sends; larger events are dropped by GitHub itself.
	MaxGitHubBody = 25 << 20
	// MaxForgejoBody is far above what Forgejo sends (a push lists 30 commits at most by default), below what hurts.
	MaxForgejoBody = 5 << 20
	// MaxBodies is how many bytes of bodies may be in flight over all requests together.
	// Verifying copies a body once more, so the memory behind it is about three times that.
	MaxBodies = 64 << 20
	// MaxSecrets bounds how much hashing one unsigned request can cause. Two are
	// needed while a secret is being replaced.
	MaxSecrets = 4
	// acceptTimeout bounds the wait for the disk. GitHub hangs up after 10 s and
	// Forgejo after 5; as Forgejo never sends again, a delivery is still worth
	// keeping when nobody listens for the answer any more.
	acceptTimeout = 10 * time.Second
	// retryAfter is advice for people and proxies: neither forge heeds it.
	retryAfter = 10 * time.Second
)

// Inbox keeps deliveries. When Accept returns nil, delivery and mark survive a
// power cut. A delivery that is known already changes nothing and is reported
// as a duplicate. With a nil mark only the delivery is recorded.
type Inbox interface {
	Accept(ctx context.Context, d state.Delivery, mark *state.Due) (duplicate bool, err error)
}

// Options is what the doors need. A forge without secrets has no door: its path
// is not routed.
type Options struct {
	Inbox          Inbox
	ForgejoSecrets []string              // newest first; all are valid, for as long as they are listed
	GitHubSecrets  []string              // the same
	Metrics        prometheus.Registerer // nil = not exported
	Now            func() time.Time      // nil = time.Now
}

// Doors are the webhook handlers of both forges. Safe for concurrent use.
type Doors struct{ routes []handlers.Route }

// New builds the doors. An empty secret is an error: go-playground/webhooks
// would take it as "do not verify".
func New(o Options) (*Doors, error) {
	if o.Inbox == nil {
		return nil, fmt.Errorf("webhook: no inbox given")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	count, err := newCounter(o.Metrics)
	if err != nil {
		return nil, fmt.Errorf("webhook: %w", err)
	}
	bodies := newBudget(MaxBodies)
	doors := &Doors{}
	for _, k := range []struct {
		source  source
		secrets []string
	}{{forgejoSource, o.ForgejoSecrets}, {githubSource, o.GitHubSecrets}} {
		if len(k.secrets) == 0 {
			continue
		}
		v, err := newVerifier(k.source.library, k.secrets)
		if err != nil {
			return nil, fmt.Errorf("webhook: %s: %w", k.source.forge.Title(), err)
		}
		d := &door{source: k.source, verify: v, bodies: bodies, inbox: o.Inbox, now: o.Now, count: count}
		doors.routes = append(doors.routes, handlers.Route{
			Method: http.MethodPost, Path: "/hooks/" + string(k.source.forge), Access: handlers.Open, Handler: d})
	}
	return doors, nil
}

// Routes returns one route per forge that has secrets.
func (d *Doors) Routes() []handlers.Route { return d.routes }

// source is what differs between the forges.
type source struct {
	forge   forge.Kind
	limit   int64    // of one body
	library library  // which of the library's packages verifies
	id      []string // headers with the delivery id, in order of preference
	event   []string // headers with the event name
	sign    []string // headers with the signature
	judge   func(event string, p payload) verdict
}

// verdict is what an event means to us.
type verdict struct {
	look    bool   // mark the repo as due
	sync    bool   // … and let the mirror run even if the refs look equal
	ping    bool   // the forge only tries the door
	ignored string // why there is nothing to look at, in words
}
