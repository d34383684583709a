package webhook

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"mime"
	"net/http"
	"time"

	"flipmirror/forge"
	"flipmirror/handlers"
	"flipmirror/state"
)

// door answers the deliveries of one forge.
type door struct {
	source
	verify *verifier
	bodies *budget // shared with the other door
	inbox  Inbox
	now    func() time.Time
	count  *counter
}

// Answer is what a delivery that was let in is told.
type Answer struct {
	Status   string `json:"status"` // accepted, duplicate, ignored or pong
	Delivery string `json:"delivery"`
	Event    string `json:"event"`
	Repo     string `json:"repo,omitempty"`   // "forgejo:12": what will be looked at
	Reason   string `json:"reason,omitempty"` // why it is ignored
}

// ServeHTTP answers one delivery and counts how it ended.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, status, err := d.receive(r)
	if err != nil {
		d.count.refused(d.forge, err)
		handlers.Fail(w, r, err)
		return
	}
	d.count.answered(d.forge, a.Status)
	handlers.Annotate(r.Context(), slog.String("delivery", a.Delivery), slog.String("event", a.Event),
		slog.String("repo", a.Repo), slog.String("outcome", a.Status))
	if err := handlers.WriteJSON(w, status, a); err != nil {
		handlers.Fail(w, r, err)
	}
}

// receive takes a delivery in. Until the signature has been verified nothing
// of the request is believed, and until the inbox has accepted it nothing has changed.
func (d *door) receive(r *http.Request) (Answer, int, error) {
	if err := d.admit(r); err != nil {
		return Answer{}, 0, err
	}
	body, err := d.bodies.read(r.Body, d.limit)
	if err != nil {
		return Answer{}, 0, err
	}
	defer body.release()
	secret, ok := d.verify.check(body.b, first(r.Header, d.sign))
	if !ok {
		return Answer{}, 0, handlers.Refuse(http.StatusUnauthorized, "signature",
			"This request is not signed with the secret of "+d.forge.Title()+"'s webhook.")
	}
	if secret > 0 {
		handlers.Annotate(r.Context(), slog.Int("old_secret", secret)) // rotation is over when this stops
	}
	del, v, err := d.understand(r.Header, body.b)
	if err != nil {
		return Answer{}, 0, err
	}
	return d.keep(r.Context(), del, v)
}

// admit refuses what can be refused without reading the body.
func (d *door) admit(r *http.Request) error {
	if !isJSON(r.Header.Get("Content-Type")) {
		return handlers.Refuse(http.StatusUnsupportedMediaType, "content-type",
			"Set the webhook's content type to application/json.")
	}
	if enc := r.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		// The signature is over the bytes as sent; neither forge compresses them.
		return handlers.Refuse(http.StatusUnsupportedMediaType, "content-encoding", "Send the body uncompressed.")
	}
	if r.ContentLength > d.limit {
		return tooLarge(d.limit)
	}
	return nil
}

// isJSON reports whether the media type is application/json, with whatever parameters.
func isJSON(contentType string) bool {
	if contentType == "application/json" {
		return true
	}
	mt, _, err := mime.ParseMediaType(contentType)
	return err == nil && mt == "application/json"
}

// understand reads from a verified delivery which repo it is about. What can't
// be understood is refused with 400: the forge shows the answer in its own list
// of deliveries, where people look first.
func (d *door) understand(h http.Header, body []byte) (state.Delivery, verdict, error) {
	id, event := first(h, d.id), first(h, d.event)
	if !isToken(id, maxID) {
		return state.Delivery{}, verdict{}, malformed("The delivery id in " + d.id[0] + " is missing, too long or has odd characters.")
	}
	if !isToken(event, maxEvent) {
		return state.Delivery{}, verdict{}, malformed("The event name in " + d.event[0] + " is missing, too long or has odd characters.")
	}
	p, err := readPayload(body)
	if err != nil {
		return state.Delivery{}, verdict{}, malformed("The body can't be used: " + err.Error() + ".")
	}
	v := d.judge(event, p)
	if v.look && p.repo == 0 {
		return state.Delivery{}, verdict{}, malformed("A " + event + " event must name its repository by id.")
	}
	if event == "repository" && p.alien {
		// The body of another event under this event's name. It still is a reason
		// to look, but its action ("deleted" of a release) must not count as
		// proof for the repository (law L4).
		p.action = ""
	}
	sum := sha256.Sum256(body)
	del := state.Delivery{Source: d.forge, ID: id, Event: event, Action: p.action, RepoName: p.name,
		ReceivedAt: d.now().UTC(), Size: len(body), SHA256: hex.EncodeToString(sum[:]),
		Body: bytes.Clone(body[:min(len(body), keptBody)]), Ignored: v.ignored}
	if p.repo != 0 {
		del.Repo = forge.RepoID{Forge: d.forge, ID: p.repo}
	}
	return del, v, nil
}

// keep makes delivery and mark durable and only then says so. The wait outlives
// the request: a forge that hung up meanwhile will not send this event again.
func (d *door) keep(ctx context.Context, del state.Delivery, v verdict) (Answer, int, error) {
	var mark *state.Due
	if v.look {
		mark = &state.Due{Key: state.RepoKey(del.Repo), At: del.ReceivedAt, Priority: state.Prompt,
			Reason: reason(del), Sync: v.sync, Deliveries: []string{del.Key()}}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), acceptTimeout)
	defer cancel()
	duplicate, err := d.inbox.Accept(ctx, del, mark)
	if err != nil {
		return Answer{}, 0, handlers.Refuse(http.StatusServiceUnavailable, "not-durable",
			"The delivery could not be stored safely, so it was not taken.").Because(err).After(retryAfter)
	}
	a := Answer{Status: "accepted", Delivery: del.ID, Event: del.Event, Reason: v.ignored}
	if v.look {
		a.Repo = del.Repo.String()
	}
	switch {
	case duplicate:
		a.Status = "duplicate"
		return a, http.StatusOK, nil
	case v.ping:
		a.Status, a.Reason = "pong", ""
		return a, http.StatusOK, nil
	case v.ignored != "":
		a.Status = "ignored"
	}
	return a, http.StatusAccepted, nil
}

// reason says in words why the repo is due: "GitHub repository renamed".
func reason(del state.Delivery) string {
	s := del.Source.Title() + " " + del.Event
	if del.Action != "" {
		s += " " + del.Action
	}
	return s
}

// first returns the first of the named headers that is there.
func first(h http.Header, names []string) string {
	for _, n := range names {
		if v := h.Get(n); v != "" {
			return v
		}
	}
	return ""
}

func malformed(detail string) *handlers.Problem {
	return handlers.Refuse(http.StatusBadRequest, "malformed", detail)
}
