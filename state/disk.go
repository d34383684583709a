package state

import (
	"fmt"
	"sync"
	"time"
)

// Badger writes through memory maps: on a full disk the process dies by SIGBUS
// in the middle of whatever it was doing. So the store stops writing while there
// is still room: for Badger's own merging, which needs space before it frees any,
// and for what else shares the disk.
const (
	minFreeBytes  = 512 << 20
	minFreeShare  = 20 // 1/20 = 5 %
	freeDiskCache = time.Second
)

// diskGuard knows how much room is left, at most freeDiskCache ago.
type diskGuard struct {
	dir string
	ask func(dir string) (free, total uint64, err error)
	now func() time.Time

	mu          sync.Mutex
	asked       time.Time
	free, total uint64
	err         error
}

func newDiskGuard(dir string, ask func(string) (uint64, uint64, error), now func() time.Time) *diskGuard {
	if ask == nil {
		ask = freeDisk
	}
	return &diskGuard{dir: dir, ask: ask, now: now}
}

func (g *diskGuard) disk() (free, least uint64, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now := g.now(); g.asked.IsZero() || now.Sub(g.asked).Abs() >= freeDiskCache {
		g.free, g.total, g.err = g.ask(g.dir)
		g.asked = now
	}
	return g.free, max(minFreeBytes, g.total/minFreeShare), g.err
}

// min is the bound for everything new.
func (g *diskGuard) min(least uint64) uint64 { return least }

// reserve is the lower bound for bringing to an end what has begun.
func (g *diskGuard) reserve(least uint64) uint64 { return least / 2 }

// check returns ErrDiskFull below the bound. When the file system does not tell
// how full it is, nothing is refused: Store.Disk reports the reason.
func (g *diskGuard) check(bound func(least uint64) uint64) error {
	free, least, err := g.disk()
	if err != nil || free >= bound(least) {
		return nil
	}
	return fmt.Errorf("%w: %d MB free in %s, %d MB are kept free", ErrDiskFull, free>>20, g.dir, least>>20)
}
