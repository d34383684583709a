package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
)

// KeepJournal is how long ended steps stay in the journal. Open ones, and those
// with a before-image, which may be needed to undo them, stay for good.
const KeepJournal = 365 * 24 * time.Hour

func ofPair(prefix, pair string, n string) string { return prefix + pair + "\x00" + n }

// Begin writes a step down before it runs and gives it its Seq, Start and Outcome.
func (t *Tx) Begin(e *Entry) error {
	if strings.Contains(e.Pair, "\x00") {
		return fmt.Errorf("%w: pair id %q", ErrInvalid, e.Pair)
	}
	t.begins = true
	e.Seq, e.Start, e.Outcome = t.next(), t.s.now(), StillOpen
	n := number(e.Seq)
	return errors.Join(
		t.set(ofPair(preOfPair, e.Pair, n), nil),
		t.set(ofPair(preOpen, e.Pair, n), nil),
		t.setRecord(preJournal+n, e),
	)
}

// End writes down how a step ended. An entry that Begin did not write is ErrNotFound;
// End may be called again, for example when a later look resolves an ambiguous
// outcome. A zero End means now.
func (t *Tx) End(e Entry) error {
	t.ends = true
	n := number(e.Seq)
	var old Entry
	if err := t.getRecord(preJournal+n, &old); err != nil {
		return fmt.Errorf("journal entry %d: %w", e.Seq, err)
	}
	if e.Pair != old.Pair {
		return fmt.Errorf("%w: journal entry %d is of pair %q, not %q", ErrInvalid, e.Seq, old.Pair, e.Pair)
	}
	if e.End.IsZero() {
		e.End = t.s.now()
	}
	open := ofPair(preOpen, e.Pair, n)
	if e.Outcome == StillOpen {
		return errors.Join(t.set(open, nil), t.setRecord(preJournal+n, e))
	}
	return errors.Join(t.remove(open), t.setRecord(preJournal+n, e))
}

// OpenEntries returns the steps of a pair whose end was never written, oldest first.
func (t *Tx) OpenEntries(pairID string) ([]Entry, error) {
	return t.entries(span{prefix: ofPair(preOpen, pairID, ""), keysOnly: true})
}

// Journal returns the newest steps of a pair, or of all pairs when pairID is
// empty, newest first; at most 500.
func (t *Tx) Journal(pairID string, limit int) ([]Entry, error) {
	sp := span{prefix: preJournal, reverse: true, limit: pageSize(limit), keysOnly: true}
	if pairID != "" {
		sp.prefix = ofPair(preOfPair, pairID, "")
	}
	return t.entries(sp)
}

// entries reads the journal along a span of keys that end in entry numbers.
func (t *Tx) entries(sp span) ([]Entry, error) {
	rows, err := t.scan(sp)
	if err != nil {
		return nil, err
	}
	es := make([]Entry, len(rows))
	for i, row := range rows {
		if err := t.getRecord(preJournal+row.key, &es[i]); err != nil {
			return nil, fmt.Errorf("journal entry %d: %w", binary.BigEndian.Uint64([]byte(row.key)), err)
		}
	}
	return es, nil
}
