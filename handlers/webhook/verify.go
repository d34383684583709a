package webhook

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/go-playground/webhooks/v6/gitea"
	"github.com/go-playground/webhooks/v6/github"
)

// marker is the event name under which the library is asked. Its Parse does, in
// this order: refuse events that are not listed, read the whole body, check the
// signature, unmarshal into the event's struct. A listed event that has no
// struct therefore ends right after the signature was found good, with the error
// "unknown event". That is the only outcome that we take for a yes. It spares
// decoding every body into a large struct that nobody reads and whose gaps turn
// good deliveries into errors (GitHub's repository.transferred, for one).
const marker = "flipmirror-signature-only"

// errVerified is what the library's last words are when the signature is good.
const errVerified = "unknown event " + marker

// library is one of the library's packages: how to make a parser, and where it looks.
type library struct {
	event, sign string // header names, canonical
	new         func(secret string) (func(*http.Request) error, error)
}

var giteaLibrary = library{
	event: "X-Gitea-Event", sign: "X-Gitea-Signature",
	new: func(secret string) (func(*http.Request) error, error) {
		hook, err := gitea.New(gitea.Options.Secret(secret))
		return func(r *http.Request) error { _, err := hook.Parse(r, marker); return err }, err
	},
}

var githubLibrary = library{
	event: "X-Github-Event", sign: "X-Hub-Signature-256",
	new: func(secret string) (func(*http.Request) error, error) {
		hook, err := github.New(github.Options.Secret(secret))
		return func(r *http.Request) error { _, err := hook.Parse(r, marker); return err }, err
	},
}

// verifier checks signatures against all secrets that are valid now. Safe for concurrent use.
type verifier struct {
	parse []func(*http.Request) error // one per secret, newest first
	pool  sync.Pool                   // of *question
}

// newVerifier refuses to be made without a real secret, and when the library
// does not say yes and no as it did when this was written: a change of its
// behaviour shows at start, not as a door that is open or stuck.
func newVerifier(lib library, secrets []string) (*verifier, error) {
	if len(secrets) == 0 || len(secrets) > MaxSecrets {
		return nil, fmt.Errorf("%d webhook secrets given; want 1 to %d", len(secrets), MaxSecrets)
	}
	v := &verifier{}
	v.pool.New = func() any { return newQuestion(lib) }
	for _, s := range secrets {
		if strings.TrimSpace(s) == "" {
			return nil, errors.New("a webhook secret is empty; everybody could send deliveries")
		}
		p, err := lib.new(s)
		if err != nil {
			return nil, err
		}
		v.parse = append(v.parse, p)
	}
	return v, v.selfTest(secrets)
}

// selfTest asks one question with a known answer per secret, and three with none.
func (v *verifier) selfTest(secrets []string) error {
	text := []byte(`{}`)
	for _, s := range secrets {
		mac := hmac.New(sha256.New, []byte(s))
		mac.Write(text)
		good := hex.EncodeToString(mac.Sum(nil))
		if _, ok := v.check(text, good); !ok {
			return errors.New("the webhook library refuses a good signature; this version can't be used")
		}
		if _, ok := v.check([]byte(`{ }`), good); ok {
			return errors.New("the webhook library accepts a wrong signature; this version can't be used")
		}
	}
	for _, bad := range []string{"", strings.Repeat("0", 64)} {
		if _, ok := v.check(text, bad); ok {
			return errors.New("the webhook library accepts a missing signature; this version can't be used")
		}
	}
	return nil
}

// check reports whether body is signed, and with which secret (0 = the newest).
func (v *verifier) check(body []byte, signature string) (secret int, ok bool) {
	if signature == "" {
		return 0, false
	}
	q := v.pool.Get().(*question)
	defer v.pool.Put(q)
	for i, parse := range v.parse {
		if err := parse(q.ask(body, signature)); err != nil && err.Error() == errVerified {
			return i, true
		}
	}
	return 0, false
}

// question is the request that the library gets to see: the bytes that were
// read, their signature, the marker, and nothing of the real request.
type question struct {
	bytes.Reader
	req  http.Request
	sign []string
}

func newQuestion(lib library) *question {
	q := &question{sign: make([]string, 1)}
	q.req = http.Request{Method: http.MethodPost, Body: q, Header: http.Header{lib.event: {marker}, lib.sign: q.sign}}
	return q
}

// ask points the request at body and signature.
func (q *question) ask(body []byte, signature string) *http.Request {
	q.Reset(body)
	q.sign[0] = signature
	return &q.req
}

// Close makes a question a request body.
func (q *question) Close() error { return nil }
