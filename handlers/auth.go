package handlers

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// MinToken is the shortest API token that is taken, in bytes. Wrong attempts
// are counted and logged but not slowed down: a made-up token of this length
// can't be guessed over a network, and a limit on failures would only be a
// switch with which strangers turn the API off. A shorter one could be guessed,
// so it is refused at start instead.
const MinToken = 16

// Auth knows the tokens that open the API and the pages. It keeps only hashes:
// comparing equal-length hashes takes the same time whatever was sent, and
// neither length nor prefix of a token shows. Safe for concurrent use.
type Auth struct{ sums [][sha256.Size]byte }

// NewAuth takes the tokens that are valid at the same time, more than one while
// a token is being replaced.
func NewAuth(tokens ...string) (*Auth, error) {
	if len(tokens) == 0 {
		return nil, errors.New("auth: no API token given")
	}
	a := &Auth{}
	for _, t := range tokens {
		if len(t) < MinToken {
			return nil, fmt.Errorf("auth: an API token has %d characters; want at least %d", len(t), MinToken)
		}
		a.sums = append(a.sums, sha256.Sum256([]byte(t)))
	}
	return a, nil
}

// valid reports whether token is one of the tokens. Every hash is looked at, always.
func (a *Auth) valid(token string) bool {
	sum := sha256.Sum256([]byte(token))
	ok := 0
	for i := range a.sums {
		ok |= subtle.ConstantTimeCompare(sum[:], a.sums[i][:])
	}
	return ok == 1
}

// bearer lets requests with a valid Authorization: Bearer header through.
// Basic is not taken here: browsers resend it by themselves, which would open
// the API to cross-site requests.
func (a *Auth) bearer(next http.Handler) http.Handler {
	return Func(func(w http.ResponseWriter, r *http.Request) error {
		token, sent := bearerToken(r)
		if sent && a.valid(token) {
			next.ServeHTTP(w, r)
			return nil
		}
		p := Refuse(http.StatusUnauthorized, "unauthorized", "Send the API token as \"Authorization: Bearer TOKEN\".")
		p.Challenge = `Bearer realm="flipmirror"`
		if sent {
			p.Detail = "This API token is not valid."
			p.Challenge += `, error="invalid_token"`
		}
		return p
	})
}

// page lets people through who send a valid token as the password of HTTP
// Basic auth, under any user name; a bearer token does as well.
func (a *Auth) page(next http.Handler) http.Handler {
	return Func(func(w http.ResponseWriter, r *http.Request) error {
		token, sent := bearerToken(r)
		if !sent {
			_, token, sent = r.BasicAuth()
		}
		if sent && a.valid(token) {
			next.ServeHTTP(w, r)
			return nil
		}
		p := Refuse(http.StatusUnauthorized, "unauthorized", "Sign in with the API token as the password; the user name does not matter.")
		p.Challenge = `Basic realm="flipmirror", charset="UTF-8"`
		return p
	})
}

// bearerToken reads the Authorization header. The scheme is case-insensitive (RFC 9110, 11.1).
func bearerToken(r *http.Request) (token string, sent bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(token), ok && strings.EqualFold(scheme, "Bearer")
}
