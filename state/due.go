package state

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"flipmirror/forge"
)

// MaxCauses bounds how many deliveries a mark remembers. A burst on one repo
// leads to one look; the newest causes are enough to tell why.
const MaxCauses = 32

// resultMerged is the outcome of a delivery that fell out of a mark's causes.
const resultMerged = "joined a later delivery of the same repo"

// Mark notes that a subject wants to be looked at. If there is a mark already,
// both become one: the earlier At and the smaller Priority win, Sync stays when
// either has it, Deliveries are joined, the newest Reason stays. A Prompt mark
// also forgets failed attempts and unparks. The key of a repo that is in a pair
// becomes the key of that pair. A zero At means now.
func (t *Tx) Mark(d Due) error {
	if d.At.IsZero() {
		d.At = t.s.now()
	}
	var err error
	if d.Key, err = t.resolve(d.Key); err != nil {
		return err
	}
	old, err := t.DueOf(d.Key)
	switch {
	case errors.Is(err, ErrNotFound):
	case err != nil:
		return err
	default:
		d = merge(old, d)
	}
	d.Generation = t.next()
	return t.putDue(d)
}

// merge joins a later mark into an older one of the same key.
func merge(old, d Due) Due {
	m := old
	if d.At.Before(m.At) {
		m.At = d.At
	}
	m.Priority = min(m.Priority, d.Priority)
	m.Sync = m.Sync || d.Sync
	m.Reason = d.Reason
	if d.Priority == Prompt {
		m.Attempts, m.Parked = 0, false
	}
	m.Deliveries = slices.Clone(old.Deliveries)
	for _, key := range d.Deliveries {
		if !slices.Contains(m.Deliveries, key) {
			m.Deliveries = append(m.Deliveries, key)
		}
	}
	return m
}

// resolve turns the key of a repo that is in a pair into the key of the pair.
func (t *Tx) resolve(key string) (string, error) {
	repo, isRepo := strings.CutPrefix(key, "repo:")
	if !isRepo {
		if pair, ok := strings.CutPrefix(key, "pair:"); !ok || pair == "" {
			return "", fmt.Errorf("%w: due key %q", ErrInvalid, key)
		}
		return key, nil
	}
	id, err := forge.ParseRepoID(repo)
	if err != nil {
		return "", fmt.Errorf("%w: due key: %w", ErrInvalid, err)
	}
	pair, err := t.pairIDByRepo(id)
	if errors.Is(err, ErrNotFound) {
		return key, nil
	}
	return PairKey(pair), err
}

// DueOf returns the mark of a key, or ErrNotFound.
func (t *Tx) DueOf(key string) (Due, error) {
	var d Due
	if err := t.getRecord(preDue+key, &d); err != nil {
		return Due{}, fmt.Errorf("due mark of %s: %w", key, err)
	}
	return d, nil
}

// putDue writes a mark as it is, except for the causes that are too many.
func (t *Tx) putDue(d Due) error {
	if extra := len(d.Deliveries) - MaxCauses; extra > 0 {
		if err := t.complete(d.Deliveries[:extra], "", resultMerged); err != nil {
			return err
		}
		d.Deliveries = slices.Clone(d.Deliveries[extra:])
	}
	d.At = d.At.UTC().Round(0)
	if err := t.setRecord(preDue+d.Key, d); err != nil {
		return err
	}
	t.changes = append(t.changes, change{key: d.Key, due: &d})
	return nil
}

func (t *Tx) removeDue(key string) error {
	t.changes = append(t.changes, change{key: key})
	return t.remove(preDue + key)
}

// Finish ends the look that Claim began: the deliveries behind it get their
// outcome and the mark is removed, or replaced by next exactly as given. If
// somebody has marked the subject since the claim, that newer mark stays, joined
// with next. The caller still has to Release the key.
func (t *Tx) Finish(claimed Due, next *Due, result string, pairID string) error {
	t.ends = true
	if err := t.complete(claimed.Deliveries, pairID, result); err != nil {
		return err
	}
	key, err := t.resolve(claimed.Key) // the look may have made a pair of the repo
	if err != nil {
		return err
	}
	if err := t.settle(key, claimed); err != nil || next == nil {
		return err
	}
	n := *next
	if n.At.IsZero() {
		n.At = t.s.now()
	}
	if n.Key, err = t.resolve(n.Key); err != nil {
		return err
	}
	newer, err := t.DueOf(n.Key)
	switch {
	case errors.Is(err, ErrNotFound):
	case err != nil:
		return err
	default:
		n = merge(n, newer)
	}
	n.Generation = t.next()
	return t.putDue(n)
}

// settle removes the claimed mark. A newer one stays, without the deliveries
// that the finished look has dealt with.
func (t *Tx) settle(key string, claimed Due) error {
	cur, err := t.DueOf(key)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if cur.Generation == claimed.Generation {
		return t.removeDue(key)
	}
	cur.Deliveries = slices.DeleteFunc(slices.Clone(cur.Deliveries), func(k string) bool {
		return slices.Contains(claimed.Deliveries, k)
	})
	return t.putDue(cur)
}

// adoptMark moves the mark of a repo that has just joined a pair to the pair's
// key. If a worker is on the repo, the pair counts as running, too, until that
// worker releases the repo: never two workers on one pair.
func (t *Tx) adoptMark(repo forge.RepoID, pairID string) error {
	from, to := RepoKey(repo), PairKey(pairID)
	t.changes = append(t.changes, change{key: to, heldBy: from})
	d, err := t.DueOf(from)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := t.removeDue(from); err != nil {
		return err
	}
	d.Key = to
	switch old, err := t.DueOf(to); {
	case errors.Is(err, ErrNotFound):
		return t.putDue(d) // same generation: the worker's Finish recognises it
	case err != nil:
		return err
	default:
		d = merge(old, d)
		d.Generation = t.next()
		return t.putDue(d)
	}
}

// Claim waits until a mark is due and hands it out; its key is then running and
// goes to nobody else until Release. Prompt marks go first, then the oldest; a
// Low mark that has waited for lowTurn prompt ones goes before the next. The mark
// stays on disk until Finish: a crash, or a Release without Finish, brings it back.
func (s *Store) Claim(ctx context.Context) (Due, error) { return s.queue.claim(ctx) }

// Release ends the claim of a key. What was marked meanwhile becomes claimable.
func (s *Store) Release(key string) { s.queue.release(key) }

// Queue says how the queue stands.
func (s *Store) Queue() QueueStats { return s.queue.stats() }

// Wake makes everybody who waits in Claim look at the clock again. Only needed
// when Options.Now does not run with real time.
func (s *Store) Wake() { s.queue.wake() }

// QueueStats says how the queue stands at one moment.
type QueueStats struct {
	Ready   int       // due now
	Later   int       // due later
	Running int       // claimed
	Parked  int       // given up until something new happens
	Oldest  time.Time // At of the oldest ready mark; zero when none is ready
	Moved   time.Time // the last claim; zero when there was none since the start
}

// loadQueue reads all marks into memory.
func (s *Store) loadQueue() error {
	return s.View(func(t *Tx) error {
		rows, err := t.scan(span{prefix: preDue})
		if err != nil {
			return err
		}
		changes := make([]change, len(rows))
		for i, row := range rows {
			var d Due
			if err := decode(row.value, &d); err != nil {
				return fmt.Errorf("due mark of %s: %w", row.key, err)
			}
			changes[i] = change{key: d.Key, due: &d}
		}
		s.queue.apply(changes)
		return nil
	})
}
