package handlers

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"
)

// Access says who may use a route.
type Access int

// The kinds of access. The zero value is none of them, so that a route that
// forgets to say is refused when the router is built.
const (
	Open  Access = iota + 1 // anybody: the handler has its own proof (webhooks) or tells nothing private (health)
	Token                   // programs with the API token as bearer
	Page                    // people: Basic auth, or nothing at all with Options.OpenPages
)

// Route is one method on one path. The path is a gorilla/mux template and is
// also the route's metric label.
type Route struct {
	Method  string
	Path    string
	Access  Access
	Handler http.Handler
}

// Options is everything the frame needs.
type Options struct {
	Routes    []Route
	Auth      *Auth                 // needed as soon as a route asks for Token, or for Page without OpenPages
	OpenPages bool                  // pages without a password; only for a loopback listener with a made-up token (demo)
	Log       *slog.Logger          // nil = slog.Default()
	Metrics   prometheus.Registerer // nil = not exported
}

// New builds the one handler of the service. It refuses routes that are
// incomplete, double or would be unguarded.
func New(o Options) (http.Handler, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	m, err := newHTTPMetrics(o.Metrics)
	if err != nil {
		return nil, fmt.Errorf("router: %w", err)
	}
	// No cleaning and no slash redirects: a redirected POST comes back as a GET.
	router := mux.NewRouter().StrictSlash(false).SkipClean(true)
	router.NotFoundHandler = Func(func(http.ResponseWriter, *http.Request) error {
		return Refuse(http.StatusNotFound, "not-found", "There is nothing at this path.")
	})
	paths, err := group(o)
	if err != nil {
		return nil, fmt.Errorf("router: %w", err)
	}
	for _, p := range paths {
		router.Handle(p.path, p)
	}
	return observe(o.Log, m, recoverPanics(o.Log, secure(sameOrigin(router)))), nil
}

// path is all that one path template answers.
type path struct {
	path    string
	methods map[string]http.Handler
	allow   string
}

// group collects the routes by path, in the order given: gorilla/mux asks them
// one after the other.
func group(o Options) ([]*path, error) {
	var paths []*path
	for _, r := range o.Routes {
		h, err := guard(o, r)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(paths, func(p *path) bool { return p.path == r.Path })
		if i < 0 {
			i = len(paths)
			paths = append(paths, &path{path: r.Path, methods: map[string]http.Handler{}})
		}
		p := paths[i]
		if p.methods[r.Method] != nil {
			return nil, fmt.Errorf("%s %s: given twice", r.Method, r.Path)
		}
		p.methods[r.Method] = h
		if r.Method == http.MethodGet {
			p.methods[http.MethodHead] = h // net/http drops the body
		}
	}
	for _, p := range paths {
		var names []string
		for m := range p.methods {
			names = append(names, m)
		}
		slices.Sort(names)
		p.allow = strings.Join(names, ", ")
	}
	return paths, nil
}

// guard puts the route's access check before its handler.
func guard(o Options, r Route) (http.Handler, error) {
	if r.Method == "" || !strings.HasPrefix(r.Path, "/") || r.Handler == nil {
		return nil, fmt.Errorf("route %q %q: incomplete", r.Method, r.Path)
	}
	switch {
	case r.Access == Open, r.Access == Page && o.OpenPages:
		return r.Handler, nil
	case r.Access != Token && r.Access != Page:
		return nil, fmt.Errorf("%s %s: says nothing about access", r.Method, r.Path)
	case o.Auth == nil:
		return nil, fmt.Errorf("%s %s: needs an API token, none is set", r.Method, r.Path)
	case r.Access == Page:
		return o.Auth.page(r.Handler), nil
	}
	return o.Auth.bearer(r.Handler), nil
}

// ServeHTTP picks the method and refuses the others with 405 and Allow.
func (p *path) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if x := exchangeOf(r.Context()); x != nil {
		x.route = p.path
	}
	h, ok := p.methods[r.Method]
	if !ok {
		e := Refuse(http.StatusMethodNotAllowed, "method", "This path does not answer to "+clip(r.Method, 20)+".")
		e.Allow = p.allow
		Fail(w, r, e)
		return
	}
	h.ServeHTTP(w, r)
}
