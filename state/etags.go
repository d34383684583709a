package state

import (
	"container/list"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/klauspost/compress/s2"
)

const (
	etagFile     = "etags.json"
	maxETagBytes = 4 << 20   // all answers together, compressed; lists of repos compress eight times
	maxETagBody  = 512 << 10 // one answer, compressed
	etagOverhead = 200       // what an entry costs beside its strings
)

// ETags remembers answers of the forges with their ETags, so that an unchanged
// one costs no rate limit. It is a cache: bounded, least recently used first out,
// and written to disk only by Close. It is safe for concurrent use.
type ETags struct {
	mu    sync.Mutex
	order *list.List // of *etag, most recently used first
	byKey map[string]*list.Element
	bytes int
}

type etag struct {
	Key    string `json:"key"`
	ETag   string `json:"etag"`
	Packed []byte `json:"packed"` // S2
}

func (e *etag) size() int { return len(e.Key) + len(e.ETag) + len(e.Packed) + etagOverhead }

func newETags() *ETags {
	return &ETags{order: list.New(), byKey: make(map[string]*list.Element)}
}

// Get returns the answer that was stored under key.
func (c *ETags) Get(key string) (tag string, body []byte, ok bool) {
	c.mu.Lock()
	el, ok := c.byKey[key]
	if !ok {
		c.mu.Unlock()
		return "", nil, false
	}
	c.order.MoveToFront(el)
	e := el.Value.(*etag)
	c.mu.Unlock()
	body, err := s2.Decode(nil, e.Packed)
	return e.ETag, body, err == nil
}

// Put stores an answer, unless it is too large to be worth it.
func (c *ETags) Put(key, tag string, body []byte) {
	c.put(&etag{Key: key, ETag: tag, Packed: s2.Encode(nil, body)})
}

func (c *ETags) put(e *etag) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(c.byKey[e.Key])
	if len(e.Packed) > maxETagBody {
		return
	}
	c.byKey[e.Key] = c.order.PushFront(e)
	c.bytes += e.size()
	for c.bytes > maxETagBytes {
		c.remove(c.order.Back())
	}
}

func (c *ETags) remove(el *list.Element) {
	if el == nil {
		return
	}
	e := c.order.Remove(el).(*etag)
	delete(c.byKey, e.Key)
	c.bytes -= e.size()
}

// loadETags reads what the last Close wrote; a file that cannot be read is an empty cache.
func loadETags(dir string, log *slog.Logger) *ETags {
	c := newETags()
	b, err := os.ReadFile(filepath.Join(dir, etagFile))
	if errors.Is(err, fs.ErrNotExist) {
		return c
	}
	var es []*etag
	if err == nil {
		err = json.Unmarshal(b, &es)
	}
	if err != nil {
		log.Debug("etag cache not read", "error", err)
		return c
	}
	for i := len(es) - 1; i >= 0; i-- {
		c.put(es[i])
	}
	return c
}

func (c *ETags) save(dir string, log *slog.Logger) {
	c.mu.Lock()
	defer c.mu.Unlock()
	es := make([]*etag, 0, c.order.Len())
	for el := c.order.Front(); el != nil; el = el.Next() {
		es = append(es, el.Value.(*etag))
	}
	b, err := json.Marshal(es)
	tmp := filepath.Join(dir, etagFile+".tmp")
	if err == nil {
		err = os.WriteFile(tmp, b, 0o600)
	}
	if err == nil {
		err = os.Rename(tmp, filepath.Join(dir, etagFile))
	}
	if err != nil {
		log.Debug("etag cache not written", "error", err)
	}
}
