package state

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"

	"github.com/dgraph-io/badger/v4"
)

// Key prefixes. Numbers in keys are 8 bytes, big endian, so that key order is
// number order. The large records (deliveries) are keyed by arrival: Badger then
// merges them without rewriting old ones.
const (
	preDelivery = "d/" // number → delivery
	preByID     = "i/" // source/id → number
	preOutcome  = "o/" // number → what became of the delivery
	preDue      = "q/" // due key → mark
	prePair     = "p/" // pair number → pair
	preRepo     = "r/" // repo id → pair number
	preName     = "n/" // forge/folded name, 0, pair number → nameEntry
	preJournal  = "j/" // number → entry
	preOfPair   = "k/" // pair id, 0, number → nothing
	preOpen     = "u/" // pair id, 0, number → nothing: entries that are still open
	preSetting  = "s/"
	preSecret   = "x/"
	preMeta     = "m/"

	keySeq    = preMeta + "seq"
	keySchema = preMeta + "schema"
	keyCheck  = preMeta + "key-check"
	keyPairs  = preMeta + "pairs" // the last pair number given
	keyLost   = preMeta + "lost"
)

// Tx is the state as one closure sees it: a snapshot plus its own writes. It
// must not be used after the closure has returned, nor by two goroutines.
type Tx struct {
	s       *Store
	txn     *badger.Txn
	own     map[string][]byte // writes held back until the closure succeeds; nil = deleted. A nil map: read only
	size    int               // what own will cost in the batch
	changes []change
	begins  bool // it begins a step
	ends    bool // it ends a step or finishes a look
}

func number(n uint64) string { return string(binary.BigEndian.AppendUint64(nil, n)) }

// next gives out a number that is larger than all before, also across restarts.
// Numbers given to a closure that fails are not used again.
func (t *Tx) next() uint64 {
	t.s.seq++
	return t.s.seq
}

// get returns a copy of the value, or ErrNotFound.
func (t *Tx) get(key string) ([]byte, error) {
	if v, mine := t.own[key]; mine {
		if v == nil {
			return nil, ErrNotFound
		}
		return v, nil
	}
	item, err := t.txn.Get([]byte(key))
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return item.ValueCopy(nil)
}

func (t *Tx) has(key string) (bool, error) {
	if v, mine := t.own[key]; mine {
		return v != nil, nil
	}
	_, err := t.txn.Get([]byte(key))
	if errors.Is(err, badger.ErrKeyNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (t *Tx) set(key string, value []byte) error {
	if t.own == nil {
		return ErrReadOnly
	}
	if value == nil {
		value = []byte{}
	}
	t.own[key] = value
	t.size += len(key) + len(value) + writeOverhead
	return nil
}

func (t *Tx) remove(key string) error {
	if t.own == nil {
		return ErrReadOnly
	}
	t.own[key] = nil
	t.size += len(key) + writeOverhead
	return nil
}

// getRecord and setRecord read and write JSON records with their version byte.
func (t *Tx) getRecord(key string, into any) error {
	b, err := t.get(key)
	if err != nil {
		return err
	}
	return decode(b, into)
}

func (t *Tx) setRecord(key string, v any) error {
	b, err := encode(v)
	if err != nil {
		return err
	}
	return t.set(key, b)
}

// span is a range of keys: those that begin with prefix, from the one after
// (before, when reverse) the key prefix+after on; all of them when after is empty.
type span struct {
	prefix, after string
	reverse       bool
	limit         int // 0 = all
	keysOnly      bool
}

type keyValue struct {
	key   string // without the prefix
	value []byte
}

// covers reports whether key lies in the span.
func (sp span) covers(key string) bool {
	if !strings.HasPrefix(key, sp.prefix) {
		return false
	}
	if sp.after == "" {
		return true
	}
	c := strings.Compare(key[len(sp.prefix):], sp.after)
	return c > 0 && !sp.reverse || c < 0 && sp.reverse
}

// compare orders keys in the direction of the span.
func (sp span) compare(a, b string) int {
	if sp.reverse {
		return strings.Compare(b, a)
	}
	return strings.Compare(a, b)
}

// seek returns the key at which a Badger iterator begins.
func (sp span) seek() []byte {
	if sp.after == "" && sp.reverse {
		return append([]byte(sp.prefix), bytes.Repeat([]byte{0xff}, 16)...)
	}
	return []byte(sp.prefix + sp.after)
}

// scan returns the records of a span in its order, own writes included. It
// returns a slice rather than calling back because Badger allows only one
// iterator at a time in a transaction that writes.
func (t *Tx) scan(sp span) ([]keyValue, error) {
	o := badger.DefaultIteratorOptions
	o.Prefix, o.Reverse, o.PrefetchValues = []byte(sp.prefix), sp.reverse, false
	it := t.txn.NewIterator(o)
	defer it.Close()
	m := merger{sp: sp, own: t.own, mine: t.ownKeys(sp)}
	for it.Seek(sp.seek()); it.Valid() && !m.enough(); it.Next() {
		key := string(it.Item().Key())
		if !sp.covers(key) {
			continue
		}
		m.ownUpTo(key)
		if _, mine := t.own[key]; mine || m.enough() {
			continue
		}
		var value []byte
		if !sp.keysOnly {
			var err error
			if value, err = it.Item().ValueCopy(nil); err != nil {
				return nil, err
			}
		}
		m.emit(key, value)
	}
	m.ownUpTo("")
	return m.out, nil
}

// ownKeys returns the keys of held-back writes that lie in the span, in its order.
func (t *Tx) ownKeys(sp span) []string {
	var keys []string
	for k := range t.own {
		if sp.covers(k) {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, sp.compare)
	return keys
}

// merger joins a scan of the database with the held-back writes.
type merger struct {
	sp   span
	own  map[string][]byte
	mine []string
	out  []keyValue
}

func (m *merger) enough() bool { return m.sp.limit > 0 && len(m.out) >= m.sp.limit }

func (m *merger) emit(key string, value []byte) {
	m.out = append(m.out, keyValue{key[len(m.sp.prefix):], value})
}

// ownUpTo emits the held-back writes that come up to key; all that are left when key is empty.
func (m *merger) ownUpTo(key string) {
	for len(m.mine) > 0 && !m.enough() && (key == "" || m.sp.compare(m.mine[0], key) <= 0) {
		if v := m.own[m.mine[0]]; v != nil {
			m.emit(m.mine[0], v)
		}
		m.mine = m.mine[1:]
	}
}
