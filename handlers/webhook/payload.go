package webhook

import (
	"errors"
	"strconv"
	"strings"

	"flipmirror/forge"
)

// The bounds of what is kept from a delivery beside its body.
const (
	maxID     = 64  // both forges send UUIDs, 36 characters
	maxEvent  = 64  // the longest known: secret_scanning_alert_location, 30
	maxAction = 64  // the longest known: auto_merge_disabled and its like, below 30
	maxName   = 255 // owner, slash and name; Forgejo allows 40 + 100, GitHub 39 + 100
)

// payload is all that is read from a body. It says where to look, not what is there.
type payload struct {
	action string
	repo   int64 // 0 when the body names no repository
	name   forge.Name
	alien  bool // it has a member that no repository event has
}

var (
	errTwice   = errors.New("a key that matters is given twice")
	errRepo    = errors.New("its repository is not an object")
	errRepoID  = errors.New("its repository id is not a positive whole number")
	errNoValue = errors.New("a value that matters has the wrong type")
)

// readPayload walks over the whole body and picks the few values needed.
func readPayload(b []byte) (payload, error) {
	var p payload
	s := scanner{b: b}
	var seenAction, seenRepo bool
	err := s.document(func(key []byte) error {
		switch string(key) {
		case "action":
			if seenAction {
				return errTwice
			}
			seenAction = true
			return p.readAction(&s)
		case "repository":
			if seenRepo {
				return errTwice
			}
			seenRepo = true
			return p.readRepo(&s)
		case "sender", "organization", "enterprise", "installation", "changes":
			// What GitHub's and Forgejo's repository events have beside them.
		default:
			p.alien = true
		}
		return s.value(1)
	})
	return p, err
}

// readAction reads the action. GitHub lets people choose the action of
// repository_dispatch freely, so an odd one is dropped, not refused.
func (p *payload) readAction(s *scanner) error {
	v, ok, err := s.optionalText()
	if ok && isToken(string(v), maxAction) {
		p.action = string(v)
	}
	return err
}

// readRepo reads id and name of the repository, which may be null.
func (p *payload) readRepo(s *scanner) error {
	switch s.space() {
	case 'n':
		return s.word("null")
	case '{':
	default:
		return errRepo
	}
	var seenID, seenName bool
	return s.object(1, func(key []byte) error {
		switch string(key) {
		case "id":
			if seenID {
				return errTwice
			}
			seenID = true
			return p.readID(s)
		case "full_name":
			if seenName {
				return errTwice
			}
			seenName = true
			v, ok, err := s.optionalText()
			if ok {
				p.name = repoName(v)
			}
			return err
		}
		return s.value(2)
	})
}

// readID reads a positive whole number that fits 63 bits; 1.0 and 1e3 are none.
func (p *payload) readID(s *scanner) error {
	s.space()
	raw, err := s.number()
	if err != nil {
		return errRepoID
	}
	id, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || id <= 0 {
		return errRepoID
	}
	p.repo = id
	return nil
}

// optionalText reads a string; ok is false for null.
func (s *scanner) optionalText() (v []byte, ok bool, err error) {
	switch s.space() {
	case 'n':
		return nil, false, s.word("null")
	case '"':
		raw, plain, err := s.text()
		return unescape(raw, plain), err == nil, err
	}
	return nil, false, errNoValue
}

// repoName reads "owner/name" for people to read. A name that no forge would
// give out is dropped: the id is what counts.
func repoName(v []byte) forge.Name {
	if len(v) > maxName {
		return forge.Name{}
	}
	owner, repo, ok := strings.Cut(string(v), "/")
	if !ok || !isToken(owner, maxName) || !isToken(repo, maxName) {
		return forge.Name{}
	}
	return forge.Name{Owner: owner, Repo: repo}
}

// isToken reports whether v consists of 1 to limit letters, digits, dots,
// dashes and underscores: safe in keys, logs and pages.
func isToken(v string, limit int) bool {
	if v == "" || len(v) > limit {
		return false
	}
	for i := range len(v) {
		c := v[i]
		ok := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.'
		if !ok {
			return false
		}
	}
	return true
}
