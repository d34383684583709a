package state

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

const (
	// MaxKeptBody bounds what is kept of a body. Nothing is decided from it: it
	// is there for people who ask what a forge has sent, and 16 KiB show all of
	// a usual delivery and the beginning of a push with hundreds of commits.
	MaxKeptBody = 16 << 10

	// KeepDeliveries is how long deliveries stay, and with them the memory of
	// their ids: ten times the three days for which GitHub redelivers.
	KeepDeliveries = 30 * 24 * time.Hour

	// maxDeliveryID bounds the id, which comes from a header that is not signed.
	// Both forges send UUIDs (36 bytes).
	maxDeliveryID = 128

	// maxListed bounds a page of a listing.
	maxListed = 500
)

// outcome is what became of a delivery, apart from it so that the large record
// is written once.
type outcome struct {
	DoneAt time.Time `json:"done_at"`
	Pair   string    `json:"pair,omitempty"`
	Result string    `json:"result,omitempty"`
}

// Accept stores a delivery and its due mark, both or none, and returns nil when
// they are on disk. A delivery that is there already changes nothing: duplicate
// is true, and the first one is on disk when Accept returns. A nil mark stores
// the delivery only. Its key is added to the mark's Deliveries.
func (s *Store) Accept(ctx context.Context, d Delivery, mark *Due) (duplicate bool, err error) {
	if !d.Source.Valid() || d.ID == "" || len(d.ID) > maxDeliveryID {
		return false, fmt.Errorf("%w: delivery %q from %q", ErrInvalid, d.ID[:min(len(d.ID), maxDeliveryID)], d.Source)
	}
	if d.ReceivedAt.IsZero() {
		d.ReceivedAt = s.now()
	}
	record, err := encodeDelivery(d)
	if err != nil {
		return false, err
	}
	err = s.Update(ctx, func(t *Tx) error {
		duplicate, err = t.accept(d.Key(), record, mark)
		return err
	})
	return duplicate, err
}

func (t *Tx) accept(key string, record []byte, mark *Due) (duplicate bool, err error) {
	if duplicate, err = t.has(preByID + key); duplicate || err != nil {
		return duplicate, err
	}
	n := number(t.next())
	if err := t.set(preByID+key, []byte(n)); err != nil {
		return false, err
	}
	if err := t.set(preDelivery+n, record); err != nil {
		return false, err
	}
	if mark == nil {
		return false, nil
	}
	d := *mark
	if !slices.Contains(d.Deliveries, key) {
		d.Deliveries = append(slices.Clone(d.Deliveries), key)
	}
	return false, t.Mark(d)
}

// Delivery returns one delivery with the kept part of its body, or ErrNotFound.
func (t *Tx) Delivery(key string) (Delivery, error) {
	n, err := t.get(preByID + key)
	if err != nil {
		return Delivery{}, fmt.Errorf("delivery %q: %w", key, err)
	}
	b, err := t.get(preDelivery + string(n))
	if err != nil {
		return Delivery{}, fmt.Errorf("delivery %q: %w", key, err)
	}
	return t.readDelivery(string(n), b, true)
}

// Deliveries lists deliveries by arrival, newest first, without bodies. It
// begins after the cursor, or with the newest when that is empty; next is the
// cursor of the following page, empty at the end.
func (t *Tx) Deliveries(before string, limit int) (ds []Delivery, next string, err error) {
	sp := span{prefix: preDelivery, reverse: true, limit: pageSize(limit) + 1}
	if before != "" {
		n, err := strconv.ParseUint(before, 10, 64)
		if err != nil {
			return nil, "", fmt.Errorf("%w: cursor %q", ErrInvalid, before)
		}
		sp.after = number(n)
	}
	rows, err := t.scan(sp)
	if err != nil {
		return nil, "", err
	}
	if len(rows) == sp.limit {
		rows = rows[:sp.limit-1]
		next = strconv.FormatUint(binary.BigEndian.Uint64([]byte(rows[len(rows)-1].key)), 10)
	}
	for _, row := range rows {
		d, err := t.readDelivery(row.key, row.value, false)
		if err != nil {
			return nil, "", err
		}
		ds = append(ds, d)
	}
	return ds, next, nil
}

func pageSize(limit int) int {
	if limit <= 0 || limit > maxListed {
		return maxListed
	}
	return limit
}

// readDelivery joins a delivery with its outcome.
func (t *Tx) readDelivery(n string, record []byte, withBody bool) (Delivery, error) {
	d, err := decodeDelivery(record, withBody)
	if err != nil {
		return Delivery{}, fmt.Errorf("delivery: %w", err)
	}
	var o outcome
	err = t.getRecord(preOutcome+n, &o)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Delivery{}, fmt.Errorf("outcome of delivery %q: %w", d.Key(), err)
	}
	d.DoneAt, d.Pair, d.Result = o.DoneAt, o.Pair, o.Result
	return d, nil
}

// complete writes down what became of deliveries. Those that retention has
// removed meanwhile are left alone.
func (t *Tx) complete(keys []string, pair, result string) error {
	o := outcome{DoneAt: t.s.now(), Pair: pair, Result: result}
	for _, key := range keys {
		n, err := t.get(preByID + key)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if err := t.setRecord(preOutcome+string(n), o); err != nil {
			return err
		}
	}
	return nil
}
