package webhook

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"

	"flipmirror/handlers"
)

const (
	// firstBuffer holds nearly every delivery (recorded: 3.5–13 KB) without growing.
	firstBuffer = 16 << 10
	// maxPooled keeps the rare large body from staying in the pool for good.
	maxPooled = 256 << 10
)

// budget bounds the bytes of all bodies that are being read or worked on. It is
// charged as bytes arrive, not as they are announced: who announces 25 MiB and
// sends nothing takes nothing away from others.
type budget struct {
	left atomic.Int64
	pool sync.Pool
}

func newBudget(n int64) *budget {
	b := &budget{pool: sync.Pool{New: func() any { return &body{b: make([]byte, 0, firstBuffer)} }}}
	b.left.Store(n)
	return b
}

// body is one read body. Its bytes belong to the pool again after release.
type body struct {
	b      []byte
	budget *budget
	charge int64
}

// take charges n bytes, or nothing when they are not left.
func (b *body) take(n int64) bool {
	if b.budget.left.Add(-n) < 0 {
		b.budget.left.Add(n)
		return false
	}
	b.charge += n
	return true
}

// release gives bytes and buffer back.
func (b *body) release() {
	g := b.budget
	g.left.Add(b.charge)
	b.charge, b.b = 0, b.b[:0]
	if cap(b.b) <= maxPooled {
		g.pool.Put(b)
	}
}

// read reads at most limit bytes. On an error nothing is held any more.
func (g *budget) read(r io.Reader, limit int64) (*body, error) {
	b := g.pool.Get().(*body)
	b.budget = g
	if err := b.fill(r, limit); err != nil {
		b.release()
		return nil, err
	}
	return b, nil
}

// fill reads until the end of r, whether its length was announced or not.
func (b *body) fill(r io.Reader, limit int64) error {
	for {
		if len(b.b) == cap(b.b) {
			b.grow(limit)
		}
		n, err := r.Read(b.b[len(b.b):cap(b.b)])
		if int64(len(b.b)+n) > limit {
			return tooLarge(limit)
		}
		if !b.take(int64(n)) {
			return handlers.Refuse(http.StatusServiceUnavailable, "busy",
				"Too many deliveries are being read at this moment.").After(retryAfter)
		}
		b.b = b.b[:len(b.b)+n]
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return readFailed(err)
		}
	}
}

// grow doubles the buffer, up to one byte over limit: that byte tells "full" from "too large".
func (b *body) grow(limit int64) {
	bigger := make([]byte, len(b.b), min(2*cap(b.b), int(limit)+1))
	copy(bigger, b.b)
	b.b = bigger
}

// readFailed sorts why a body did not arrive whole.
func readFailed(err error) error {
	var large *http.MaxBytesError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return handlers.Refuse(http.StatusRequestTimeout, "slow-body", "The body did not arrive in time.").Because(err)
	case errors.As(err, &large):
		return tooLarge(large.Limit)
	}
	return handlers.Refuse(http.StatusBadRequest, "cut-body", "The body did not arrive whole.").Because(err)
}

func tooLarge(limit int64) error {
	return handlers.Refuse(http.StatusRequestEntityTooLarge, "too-large",
		fmt.Sprintf("A delivery may have %d MiB at most.", limit>>20))
}
