package state

import (
	"context"
	"errors"
	"time"
)

const (
	retentionEvery = time.Hour
	retentionBatch = 200 // removals per update: small enough that deliveries hardly wait
)

// retentionLoop removes what is too old, at the start and then every hour. The
// store does it itself rather than by Badger's expiry, which has its own clock.
func (s *Store) retentionLoop(ctx context.Context) {
	tick := time.NewTicker(retentionEvery)
	defer tick.Stop()
	for {
		if err := s.expire(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, ErrClosed) {
			s.log.Warn("old records not removed", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// expire removes deliveries and journal entries that are too old.
func (s *Store) expire(ctx context.Context) error {
	for _, step := range []func(*Tx, string) (string, error){(*Tx).expireDeliveries, (*Tx).expireJournal} {
		for cursor, more := "", true; more; more = cursor != "" {
			var next string
			err := s.Update(ctx, func(t *Tx) (err error) {
				t.ends = true // removing is allowed on a nearly full disk
				next, err = step(t, cursor)
				return err
			})
			if err != nil {
				return err
			}
			cursor = next
		}
	}
	return nil
}

// expireDeliveries removes the oldest deliveries that are too old. It returns
// where to go on, or "" when it has met one that stays.
func (t *Tx) expireDeliveries(after string) (next string, err error) {
	rows, err := t.scan(span{prefix: preDelivery, after: after, limit: retentionBatch})
	if err != nil {
		return "", err
	}
	limit := t.s.now().Add(-KeepDeliveries)
	for _, row := range rows {
		d, err := decodeDelivery(row.value, false)
		if err != nil {
			return "", err
		}
		if d.ReceivedAt.After(limit) {
			return "", nil
		}
		err = errors.Join(t.remove(preDelivery+row.key), t.remove(preOutcome+row.key), t.remove(preByID+d.Key()))
		if err != nil {
			return "", err
		}
		next = row.key
	}
	return next, nil
}

// expireJournal removes ended steps that are too old, except those with a before-image.
func (t *Tx) expireJournal(after string) (next string, err error) {
	rows, err := t.scan(span{prefix: preJournal, after: after, limit: retentionBatch})
	if err != nil {
		return "", err
	}
	limit := t.s.now().Add(-KeepJournal)
	for _, row := range rows {
		var e Entry
		if err := decode(row.value, &e); err != nil {
			return "", err
		}
		if e.Start.After(limit) {
			return "", nil
		}
		next = row.key
		if e.Outcome == StillOpen || len(e.Before) > 0 {
			continue
		}
		if err := errors.Join(t.remove(preJournal+row.key), t.remove(ofPair(preOfPair, e.Pair, row.key))); err != nil {
			return "", err
		}
	}
	return next, nil
}
