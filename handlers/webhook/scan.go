package webhook

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
)

// maxDepth is how deep a body may nest. Both forges stay below 10; the bound
// keeps the recursion, and with it the stack, small.
const maxDepth = 64

// scanner walks over JSON (RFC 8259) once, checking everything and building
// nothing. encoding/json would read every body twice (validate, then decode),
// match keys without regard to case and let the last of two equal keys win,
// so that a field beside the signed meaning could shadow it. Here keys match exactly.
type scanner struct {
	b []byte
	i int
}

var errDepth = errors.New("it nests too deeply")

// broken says where the body stops being JSON, without repeating any of it.
func (s *scanner) broken() error { return fmt.Errorf("it is not JSON at byte %d", s.i) }

// space skips white space and returns the byte that follows, 0 at the end.
func (s *scanner) space() byte {
	for s.i < len(s.b) {
		switch c := s.b[s.i]; c {
		case ' ', '\n', '\t', '\r':
			s.i++
		default:
			return c
		}
	}
	return 0
}

// document walks over an object that is all there is, apart from white space.
func (s *scanner) document(visit func(key []byte) error) error {
	if s.space() != '{' {
		return errors.New("it is not a JSON object")
	}
	if err := s.object(0, visit); err != nil {
		return err
	}
	if s.space(); s.i < len(s.b) {
		return s.broken()
	}
	return nil
}

// value skips one value of any kind.
func (s *scanner) value(depth int) error {
	switch c := s.space(); {
	case c == '"':
		_, _, err := s.text()
		return err
	case c == '{':
		return s.object(depth, nil)
	case c == '[':
		return s.array(depth)
	case c == '-' || '0' <= c && c <= '9':
		_, err := s.number()
		return err
	case c == 't':
		return s.word("true")
	case c == 'f':
		return s.word("false")
	case c == 'n':
		return s.word("null")
	}
	return s.broken()
}

// object calls visit for every key, unescaped, with the scanner before the value; visit
// must walk over it. The key is only valid during the call. Without visit all is skipped.
func (s *scanner) object(depth int, visit func(key []byte) error) error {
	if depth >= maxDepth {
		return errDepth
	}
	s.i++ // {
	for more := s.space() != '}'; more; {
		if s.space() != '"' {
			return s.broken()
		}
		key, plain, err := s.text()
		if err != nil {
			return err
		}
		if s.space() != ':' {
			return s.broken()
		}
		s.i++
		if visit == nil {
			err = s.value(depth + 1)
		} else {
			err = visit(unescape(key, plain))
		}
		if err != nil {
			return err
		}
		if more, err = s.comma('}'); err != nil {
			return err
		}
	}
	s.i++ // }
	return nil
}

// array skips an array.
func (s *scanner) array(depth int) error {
	if depth >= maxDepth {
		return errDepth
	}
	s.i++ // [
	for more := s.space() != ']'; more; {
		if err := s.value(depth + 1); err != nil {
			return err
		}
		var err error
		if more, err = s.comma(']'); err != nil {
			return err
		}
	}
	s.i++ // ]
	return nil
}

// comma steps over a comma, or stops before the closing byte.
func (s *scanner) comma(closing byte) (more bool, err error) {
	switch s.space() {
	case ',':
		s.i++
		return true, nil
	case closing:
		return false, nil
	}
	return false, s.broken()
}

// word skips a literal.
func (s *scanner) word(w string) error {
	if len(s.b)-s.i < len(w) || string(s.b[s.i:s.i+len(w)]) != w {
		return s.broken()
	}
	s.i += len(w)
	return nil
}

// number skips a number and returns its text.
func (s *scanner) number() ([]byte, error) {
	start := s.i
	s.accept('-', '-')
	if !s.accept('0', '0') && !s.digits() {
		return nil, s.broken()
	}
	if s.accept('.', '.') && !s.digits() {
		return nil, s.broken()
	}
	if s.accept('e', 'e') || s.accept('E', 'E') {
		_ = s.accept('+', '+') || s.accept('-', '-')
		if !s.digits() {
			return nil, s.broken()
		}
	}
	return s.b[start:s.i], nil
}

// digits skips one or more digits.
func (s *scanner) digits() bool {
	start := s.i
	for s.accept('0', '9') {
	}
	return s.i > start
}

// accept steps over the next byte if it lies between lo and hi.
func (s *scanner) accept(lo, hi byte) bool {
	if s.i < len(s.b) && lo <= s.b[s.i] && s.b[s.i] <= hi {
		s.i++
		return true
	}
	return false
}

// text skips a string and returns what stands between its quotes; plain says
// that this is its value already. Most of a body is strings, so they are walked
// over eight bytes at a time.
func (s *scanner) text() (raw []byte, plain bool, err error) {
	s.i++ // "
	start := s.i
	plain = true
	for {
		for s.i+8 <= len(s.b) {
			hit := special(binary.LittleEndian.Uint64(s.b[s.i:]))
			s.i += bits.TrailingZeros64(hit) / 8 // 8 when there is none
			if hit != 0 {
				break
			}
		}
		if s.i >= len(s.b) {
			return nil, false, s.broken()
		}
		switch c := s.b[s.i]; {
		case c == '"':
			s.i++
			return s.b[start : s.i-1], plain, nil
		case c < ' ':
			return nil, false, s.broken()
		case c == '\\':
			plain = false
			if err := s.escape(); err != nil {
				return nil, false, err
			}
		default:
			s.i++ // within the last eight bytes of the body
		}
	}
}

// special marks the bytes of w that end a run of plain text: quote, backslash,
// control characters. The lowest mark is exact; marks above it may be false.
func special(w uint64) uint64 {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	quote, slash := w^(ones*'"'), w^(ones*'\\')
	return ((quote-ones)&^quote | (slash-ones)&^slash | (w-ones*' ')&^w) & high
}

// escape skips a backslash and what it escapes.
func (s *scanner) escape() error {
	s.i++
	if s.i >= len(s.b) {
		return s.broken()
	}
	c := s.b[s.i]
	s.i++
	switch c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
		for range 4 {
			if !s.accept('0', '9') && !s.accept('a', 'f') && !s.accept('A', 'F') {
				return s.broken()
			}
		}
		return nil
	}
	return s.broken()
}

// unescape returns the value of a string that text has walked over.
func unescape(raw []byte, plain bool) []byte {
	if plain {
		return raw
	}
	quoted := append(append([]byte{'"'}, raw...), '"')
	var v string
	if json.Unmarshal(quoted, &v) != nil {
		return nil
	}
	return []byte(v)
}
