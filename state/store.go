// Package state keeps everything that must survive a restart: the inbox of
// deliveries, the pairs, the due queue, the journal, settings and secrets.
//
// It is one Badger database in one folder. All writes go through one batch at a
// time (commit.go): closures that arrive while the disk is busy share the next
// transaction and the next fsync, so that many concurrent callers cost one wait.
// A write that returned nil has reached the disk. Reads never wait for writes.
//
// The due queue also lives in memory (queue.go), rebuilt from its marks at Open
// and changed only after the marks themselves are on disk.
package state

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
)

// The ways in which the store refuses. They are compared with errors.Is.
var (
	ErrNotFound = errors.New("not found")
	ErrTaken    = errors.New("already taken by another pair")
	ErrDiskFull = errors.New("the disk is almost full")
	ErrClosed   = errors.New("the state is closed")
	ErrLocked   = errors.New("the state folder is in use")
	ErrWrongKey = errors.New("wrong encryption key")
	ErrNewer    = errors.New("written by a newer Flipmirror")
	ErrTooBig   = errors.New("too much for one update")
	ErrReadOnly = errors.New("a view cannot write")
	ErrInvalid  = errors.New("invalid record")
)

// Options say where and how to open the state. Dir and Key are required.
type Options struct {
	Dir      string       // the folder; made with mode 0700 if it is missing
	Key      []byte       // 32 bytes; secrets are encrypted under a key derived from it
	Log      *slog.Logger // nil = discard
	Now      func() time.Time
	FreeDisk func(dir string) (free, total uint64, err error) // nil = ask the file system
}

// Store is the open state. It is safe for concurrent use.
type Store struct {
	db    *badger.DB
	dir   string
	log   *slog.Logger
	now   func() time.Time
	disk  *diskGuard
	seal  *sealer
	queue *queue
	etags *ETags
	mark  *watermark
	logs  *logFiles
	lost  *Loss        // found by this Open
	fsync func() error // db.Sync, replaced by tests that need it to fail

	mu     sync.Mutex // guards the fields below; held while a closure runs
	open   *batch     // the batch that closures join, nil when there is none
	seq    uint64     // the last number given out; every batch stores it
	closed bool
	broken error // set for good by a failed commit or fsync

	views gate

	work chan struct{} // tells the committer that open has members
	stop context.CancelFunc
	loop sync.WaitGroup
}

// Badger's sizes. They bound memory: at worst three memtables are alive (one
// written, one queued, one on its way to a table), each about 1.3 times
// memtableSize of heap. Badger derives the largest transaction from it, too
// (15 %). valueLogSize is the smallest that Badger takes: no value of ours reaches
// the 1 MB from which on values go there, but its (sparse) file is always present.
const (
	memtableSize = 8 << 20
	valueLogSize = 1 << 20
	blockCache   = 1 << 20
)

// Open opens or creates the state in o.Dir. It fails with ErrLocked while another
// process has it open, with ErrWrongKey if it holds secrets under another key
// and with ErrNewer if a newer version has written to it.
func Open(ctx context.Context, o Options) (*Store, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the state folder: %w", err)
	}
	guard := newDiskGuard(o.Dir, o.FreeDisk, o.Now)
	if err := guard.check(guard.reserve); err != nil {
		return nil, err
	}
	db, err := badger.Open(badgerOptions(o))
	if err != nil {
		return nil, openError(o.Dir, err)
	}
	s := &Store{
		db: db, dir: o.Dir, log: o.Log, now: o.Now, disk: guard, fsync: db.Sync,
		queue: newQueue(o.Now), work: make(chan struct{}, 1),
	}
	if err := s.start(ctx, o.Key); err != nil {
		s.mark.close()
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// complete fills in what may be left out and refuses what may not.
func (o *Options) complete() error {
	if o.Dir == "" {
		return errors.New("the state needs a folder")
	}
	if len(o.Key) != keySize {
		return fmt.Errorf("ENCRYPTION_KEY: want %d bytes, got %d", keySize, len(o.Key))
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return nil
}

// badgerOptions opens Badger small; its defaults cost 85 MB of heap and 2 GB of
// sparse files.
func badgerOptions(o Options) badger.Options {
	b := badger.DefaultOptions(o.Dir).
		WithMemTableSize(memtableSize).
		WithNumMemtables(1).
		WithValueLogFileSize(valueLogSize).
		WithBlockCacheSize(blockCache).              // compression without a cache panics
		WithCompression(options.Snappy).
		WithNumCompactors(2). // Badger's minimum
		WithMetricsEnabled(false).
		WithLogger(badgerLog{o.Log})
	b.DetectConflicts = false // there is one writer
	b.SyncWrites = false      // the committer calls Sync itself, once per batch, and sees its error
	return b
}

// openError says what to do about the failures that people meet.
func openError(dir string, err error) error {
	if strings.Contains(err.Error(), "Cannot acquire directory lock") {
		return fmt.Errorf("%w: another Flipmirror is running on %s; stop it first, or talk to it through its API", ErrLocked, dir)
	}
	return fmt.Errorf("open the state in %s: %w", dir, err)
}

// start reads what must be known before the first caller and starts the loops.
// Its first write also proves that the folder can be written to.
func (s *Store) start(ctx context.Context, key []byte) (err error) {
	if s.seal, err = newSealer(key); err != nil {
		return err
	}
	if s.logs, err = findLogFiles(s.dir); err != nil {
		return err
	}
	if err := s.checkSchema(); err != nil {
		return err
	}
	if err := s.checkWatermark(); err != nil {
		return err
	}
	if err := s.loadQueue(); err != nil {
		return err
	}
	s.etags = loadETags(s.dir, s.log)
	loops, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.loop.Go(func() { s.commitLoop(loops) })
	s.loop.Go(func() { s.retentionLoop(loops) })
	if err := s.Update(ctx, s.stampSchema); err != nil {
		stop()
		s.loop.Wait()
		return fmt.Errorf("write to the state: %w", err)
	}
	return nil
}

// Close waits for the writes under way, wakes everybody who waits in Claim with
// ErrClosed and closes the files. A second Close does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	s.queue.close()
	s.stop()
	s.loop.Wait()
	s.etags.save(s.dir, s.log)
	s.mark.close()
	s.views.close()
	return s.db.Close()
}

// View runs fn over a consistent snapshot. It may see writes whose fsync is
// still under way; nobody has been told yet that those are durable.
func (s *Store) View(fn func(*Tx) error) error {
	if !s.views.enter() {
		return ErrClosed
	}
	defer s.views.leave()
	txn := s.db.NewTransaction(false)
	defer txn.Discard()
	return fn(&Tx{s: s, txn: txn})
}

// gate lets readers in until it is closed and tells when the last one has left.
// It is not a RWMutex because a View inside a View would deadlock with Close.
type gate struct {
	mu     sync.Mutex
	closed bool
	inside sync.WaitGroup
}

func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.inside.Add(1)
	}
	return !g.closed
}

func (g *gate) leave() { g.inside.Done() }

func (g *gate) close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.inside.Wait()
}

// Disk returns how many bytes are free and below how many the store refuses to write.
func (s *Store) Disk() (free, min uint64, err error) { return s.disk.disk() }

// ETags returns the cache of conditional answers.
func (s *Store) ETags() *ETags { return s.etags }
