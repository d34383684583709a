package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"flipmirror/forge"
)

// A pair's id is "p" and its number. Numbers rise and are never given twice.

func pairID(n uint64) string { return "p" + strconv.FormatUint(n, 10) }

// pairNumber returns the number of an id; ok is false for anything that the
// store would not have given.
func pairNumber(id string) (n uint64, ok bool) {
	digits, ok := strings.CutPrefix(id, "p")
	n, err := strconv.ParseUint(digits, 10, 64)
	return n, ok && err == nil && pairID(n) == id
}

// nameEntry is one pair's claim to a name: who wrote last owns the name.
// Reserved: the repo does not exist yet as far as we know, and nobody else may
// take its name.
type nameEntry struct {
	Stamp    uint64 `json:"stamp"`
	Reserved bool   `json:"reserved,omitempty"`
}

var kinds = [...]forge.Kind{forge.Forgejo, forge.GitHub}

// Pair returns a pair, or ErrNotFound.
func (t *Tx) Pair(id string) (Pair, error) {
	n, ok := pairNumber(id)
	if !ok {
		return Pair{}, fmt.Errorf("pair %q: %w", id, ErrNotFound)
	}
	var p Pair
	if err := t.getRecord(prePair+number(n), &p); err != nil {
		return Pair{}, fmt.Errorf("pair %q: %w", id, err)
	}
	return p, nil
}

// PairByRepo returns the pair that holds a repo, or ErrNotFound.
func (t *Tx) PairByRepo(id forge.RepoID) (Pair, error) {
	pair, err := t.pairIDByRepo(id)
	if err != nil {
		return Pair{}, err
	}
	return t.Pair(pair)
}

func (t *Tx) pairIDByRepo(id forge.RepoID) (string, error) {
	b, err := t.get(preRepo + id.String())
	if err != nil {
		return "", fmt.Errorf("pair with %s: %w", id, err)
	}
	return string(b), nil
}

// PairByName returns the pair whose repo on forge k was last known under this
// name, in any case, or ErrNotFound. A name is a hint: compare ids.
func (t *Tx) PairByName(k forge.Kind, n forge.Name) (Pair, error) {
	holders, err := t.holders(k, n)
	if err != nil {
		return Pair{}, err
	}
	var last holder
	for _, h := range holders {
		if h.Stamp >= last.Stamp {
			last = h
		}
	}
	if last.pair == "" {
		return Pair{}, fmt.Errorf("pair with %s %s: %w", k.Title(), n, ErrNotFound)
	}
	return t.Pair(last.pair)
}

// holder is a pair that claims a name.
type holder struct {
	pair string
	nameEntry
}

func (t *Tx) holders(k forge.Kind, n forge.Name) ([]holder, error) {
	rows, err := t.scan(span{prefix: nameKey(k, n, 0)[:len(nameKey(k, n, 0))-8]})
	if err != nil {
		return nil, err
	}
	hs := make([]holder, len(rows))
	for i, row := range rows {
		hs[i].pair = pairID(binary.BigEndian.Uint64([]byte(row.key)))
		if err := decode(row.value, &hs[i].nameEntry); err != nil {
			return nil, fmt.Errorf("name %s: %w", n, err)
		}
	}
	return hs, nil
}

func nameKey(k forge.Kind, n forge.Name, pair uint64) string {
	return preName + string(k) + "/" + n.Key() + "\x00" + number(pair)
}

// PutPair writes a pair; one without an ID is new and gets its ID. It fails with
// ErrTaken if another pair holds one of its repos (law L2), or if a name that it
// did not have before is reserved by another pair whose repo does not exist yet.
// Among existing repos a name is an attribute: the last writer owns it. A pair
// that was deleted meanwhile is not brought back: ErrNotFound.
func (t *Tx) PutPair(p *Pair) error {
	old, err := t.oldPair(p)
	if err != nil {
		return err
	}
	for _, k := range kinds {
		if err := t.checkSide(p.ID, k, old.Side(k), p.Side(k)); err != nil {
			return err
		}
	}
	id := p.ID
	if id == "" {
		if id, err = t.newPairID(); err != nil {
			return err
		}
	}
	for _, k := range kinds {
		if err := t.indexSide(id, k, old.Side(k), p.Side(k)); err != nil {
			return err
		}
	}
	p.ID = id
	p.UpdatedAt = t.s.now()
	if p.CreatedAt.IsZero() {
		p.CreatedAt = p.UpdatedAt
	}
	n, _ := pairNumber(id)
	return t.setRecord(prePair+number(n), p)
}

// oldPair returns the pair as it is stored, a zero one for a new pair.
func (t *Tx) oldPair(p *Pair) (Pair, error) {
	for _, k := range kinds {
		if f := p.Side(k).Repo.Forge; f != "" && f != k {
			return Pair{}, fmt.Errorf("%w: a %s repo on the %s side of a pair", ErrInvalid, f.Title(), k.Title())
		}
	}
	if p.ID == "" {
		return Pair{}, nil
	}
	return t.Pair(p.ID)
}

func (t *Tx) newPairID() (string, error) {
	var n uint64
	switch b, err := t.get(keyPairs); {
	case errors.Is(err, ErrNotFound):
	case err != nil:
		return "", err
	default:
		n = binary.BigEndian.Uint64(b)
	}
	return pairID(n + 1), t.set(keyPairs, []byte(number(n+1)))
}

// checkSide refuses a repo or a name that belongs to another pair. A side that
// did not change is not asked again: it may have been there first.
func (t *Tx) checkSide(pair string, k forge.Kind, old, side *Side) error {
	if id := side.Repo.ID; id != 0 {
		holder, err := t.pairIDByRepo(forge.RepoID{Forge: k, ID: id})
		if err == nil && holder != pair {
			return fmt.Errorf("%s repo %d is in pair %s: %w", k.Title(), id, holder, ErrTaken)
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	name := side.Repo.Name
	if name.IsZero() || name.Same(old.Repo.Name) && side.Repo.ID == old.Repo.ID {
		return nil
	}
	holders, err := t.holders(k, name)
	if err != nil {
		return err
	}
	for _, h := range holders {
		if h.Reserved && h.pair != pair {
			return fmt.Errorf("%s name %s is reserved by pair %s: %w", k.Title(), name, h.pair, ErrTaken)
		}
	}
	return nil
}

// indexSide keeps the indexes by id and by name, and moves the due mark of a
// repo that joins the pair.
func (t *Tx) indexSide(pair string, k forge.Kind, old, side *Side) error {
	n, _ := pairNumber(pair)
	if old.Repo.ID != 0 && old.Repo.ID != side.Repo.ID {
		if err := t.remove(preRepo + forge.RepoID{Forge: k, ID: old.Repo.ID}.String()); err != nil {
			return err
		}
	}
	if !old.Repo.Name.IsZero() && !old.Repo.Name.Same(side.Repo.Name) {
		if err := t.remove(nameKey(k, old.Repo.Name, n)); err != nil {
			return err
		}
	}
	if !side.Repo.Name.IsZero() && (!old.Repo.Name.Same(side.Repo.Name) || old.Repo.ID != side.Repo.ID) {
		e := nameEntry{Stamp: t.next(), Reserved: side.Repo.ID == 0}
		if err := t.setRecord(nameKey(k, side.Repo.Name, n), e); err != nil {
			return err
		}
	}
	if side.Repo.ID == 0 || side.Repo.ID == old.Repo.ID {
		return nil
	}
	id := forge.RepoID{Forge: k, ID: side.Repo.ID}
	if err := t.set(preRepo+id.String(), []byte(pair)); err != nil {
		return err
	}
	return t.adoptMark(id, pair)
}

// DeletePair forgets a pair; its journal stays. ErrNotFound if there is none.
func (t *Tx) DeletePair(id string) error {
	p, err := t.Pair(id)
	if err != nil {
		return err
	}
	for _, k := range kinds {
		if err := t.indexSide(id, k, p.Side(k), &Side{}); err != nil {
			return err
		}
	}
	n, _ := pairNumber(id)
	return t.remove(prePair + number(n))
}

// Pairs lists pairs in the order of their ids, beginning after the given one;
// all of them when limit is 0 or less.
func (t *Tx) Pairs(after string, limit int) ([]Pair, error) {
	sp := span{prefix: prePair, limit: max(limit, 0)}
	if after != "" {
		n, ok := pairNumber(after)
		if !ok {
			return nil, fmt.Errorf("%w: pair id %q", ErrInvalid, after)
		}
		sp.after = number(n)
	}
	rows, err := t.scan(sp)
	if err != nil {
		return nil, err
	}
	ps := make([]Pair, len(rows))
	for i, row := range rows {
		if err := decode(row.value, &ps[i]); err != nil {
			return nil, fmt.Errorf("pair: %w", err)
		}
	}
	return ps, nil
}
