package state

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// lowTurn is after how many Prompt claims in a row a waiting Low mark gets its
// turn: sweeps keep an eighth of the work even under a constant stream of events.
const lowTurn = 7

// maxNap bounds how long a claimer sleeps without looking at the clock: timers
// stand still while a machine sleeps and do not follow a clock that is set.
const maxNap = time.Minute

// change is what the queue must learn once it is on disk: the new mark of a key
// (nil: it has none any more), or, with heldBy, that the key counts as running
// as long as heldBy does.
type change struct {
	key    string
	due    *Due
	heldBy string
}

// queue is the due queue in memory. Marks that are running or parked are in
// marks but in no heap.
type queue struct {
	now func() time.Time

	mu      sync.Mutex
	marks   map[string]*mark
	waiting [2]markHeap       // by priority
	running map[string]string // key → the claimed key that holds it, mostly itself
	prompts int               // Prompt claims in a row while a Low mark was due
	moved   time.Time
	closed  bool
	changed chan struct{} // closed and replaced to wake all claimers; nil when none waits
}

// mark is one due mark and its place in the heap, -1 when it is in none.
type mark struct {
	due   Due
	place int
}

func newQueue(now func() time.Time) *queue {
	return &queue{now: now, marks: make(map[string]*mark), running: make(map[string]string)}
}

// apply takes in changes, all at once.
func (q *queue) apply(changes []change) {
	if len(changes) == 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, c := range changes {
		if c.heldBy != "" {
			q.hold(c.key, c.heldBy)
			continue
		}
		q.drop(c.key)
		if c.due != nil {
			q.marks[c.key] = &mark{due: *c.due, place: -1}
			q.line(c.key)
		}
	}
	q.wakeLocked()
}

// hold makes key run as long as by does, if by runs and key does not.
func (q *queue) hold(key, by string) {
	owner, busy := q.running[by]
	if _, taken := q.running[key]; !busy || taken {
		return
	}
	q.running[key] = owner
	q.unline(q.marks[key])
}

// line puts the mark of key in its heap unless it is running or parked.
func (q *queue) line(key string) {
	m := q.marks[key]
	if _, busy := q.running[key]; m == nil || busy || m.due.Parked || m.place >= 0 {
		return
	}
	heap.Push(&q.waiting[heapOf(m.due.Priority)], m)
}

func (q *queue) unline(m *mark) {
	if m != nil && m.place >= 0 {
		heap.Remove(&q.waiting[heapOf(m.due.Priority)], m.place)
	}
}

func (q *queue) drop(key string) {
	q.unline(q.marks[key])
	delete(q.marks, key)
}

// claim waits for the next mark.
func (q *queue) claim(ctx context.Context) (Due, error) {
	for {
		if err := ctx.Err(); err != nil {
			return Due{}, err
		}
		d, ok, changed, nap, err := q.try()
		if ok || err != nil {
			return d, err
		}
		timer := time.NewTimer(nap)
		select {
		case <-changed:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// try takes a due mark, or says what to wait for: a change, or the end of nap.
func (q *queue) try() (d Due, ok bool, changed <-chan struct{}, nap time.Duration, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return Due{}, false, nil, 0, ErrClosed
	}
	now := q.now()
	if m := q.pick(now); m != nil {
		heap.Remove(&q.waiting[heapOf(m.due.Priority)], m.place)
		q.running[m.due.Key] = m.due.Key
		q.moved = now
		return m.due, true, nil, 0, nil
	}
	if q.changed == nil {
		q.changed = make(chan struct{})
	}
	nap = maxNap
	for _, h := range q.waiting {
		if len(h) > 0 {
			nap = min(nap, h[0].due.At.Sub(now))
		}
	}
	return Due{}, false, q.changed, nap, nil
}

// pick chooses among the marks that are due and keeps the count of turns.
func (q *queue) pick(now time.Time) *mark {
	prompt, low := q.waiting[Prompt].due(now), q.waiting[Low].due(now)
	switch {
	case low == nil:
		q.prompts = 0
		return prompt
	case prompt == nil || q.prompts >= lowTurn:
		q.prompts = 0
		return low
	default:
		q.prompts++
		return prompt
	}
}

// release ends a claim and everything that it held.
func (q *queue) release(key string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for k, owner := range q.running {
		if owner == key {
			delete(q.running, k)
			q.line(k)
		}
	}
	q.wakeLocked()
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.wakeLocked()
}

func (q *queue) wake() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.wakeLocked()
}

func (q *queue) wakeLocked() {
	if q.changed != nil {
		close(q.changed)
		q.changed = nil
	}
}

func (q *queue) stats() QueueStats {
	q.mu.Lock()
	defer q.mu.Unlock()
	st := QueueStats{Running: len(q.running), Moved: q.moved}
	now := q.now()
	for key, m := range q.marks {
		_, busy := q.running[key]
		switch {
		case busy:
		case m.due.Parked:
			st.Parked++
		case m.due.At.After(now):
			st.Later++
		default:
			st.Ready++
			if st.Oldest.IsZero() || m.due.At.Before(st.Oldest) {
				st.Oldest = m.due.At
			}
		}
	}
	return st
}

// heapOf maps priorities to heaps; everything that is not Prompt is Low.
func heapOf(p Priority) Priority {
	if p == Prompt {
		return Prompt
	}
	return Low
}

// markHeap is ordered by At, oldest first; marks of the same time by generation.
type markHeap []*mark

// due returns the first mark if its time has come.
func (h markHeap) due(now time.Time) *mark {
	if len(h) == 0 || h[0].due.At.After(now) {
		return nil
	}
	return h[0]
}

func (h markHeap) Len() int { return len(h) }

func (h markHeap) Less(i, j int) bool {
	a, b := h[i].due, h[j].due
	if !a.At.Equal(b.At) {
		return a.At.Before(b.At)
	}
	return a.Generation < b.Generation
}

func (h markHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

// Push and Pop are for container/heap.
func (h *markHeap) Push(x any) {
	m := x.(*mark)
	m.place = len(*h)
	*h = append(*h, m)
}

// Pop removes the last mark.
func (h *markHeap) Pop() any {
	old := *h
	m := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	m.place = -1
	return m
}
