package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// A closure runs in its caller's goroutine, under Store.mu, on top of the open
// batch: a panic in it unwinds in the caller and nowhere else. Its writes are
// held back in the Tx and join the batch only when it returned nil. Meanwhile
// the committer may be waiting for the disk on behalf of the batch before.
//
// Badger's Sync reaches only the newest of its log files. That is enough only
// because nothing else writes between a Commit and its Sync: the committer is
// the one goroutine that does either.

// Bounds of a batch and of one closure. Badger refuses a transaction above 15 %
// of its memtable; a batch takes closures until it is half full, and no closure
// may be larger than the other half, so that one that has run always fits.
const (
	maxBatchBytes   = memtableSize * 15 / 100
	maxUpdateBytes  = maxBatchBytes/2 - 4096 // what the batch itself adds fits in the difference
	maxUpdateWrites = maxBatchBytes / 96 / 2 // Badger counts one write as at least a skip list node
	writeOverhead   = 64                     // upper bound of what Badger adds to the size of one write
	gcEvery         = 10 * time.Minute       // how often the value log is offered for collection
)

// batch is one transaction that several closures share.
type batch struct {
	txn     *badger.Txn
	members int
	bytes   int
	writes  int
	seq     uint64        // the last number given out when it was committed
	changes []change      // what the queue must be told after the fsync
	taken   chan struct{} // closed when no closure can join any more
	done    chan struct{} // closed when err is final
	err     error
}

func (b *batch) full() bool {
	return b.bytes > maxUpdateBytes || b.writes > maxUpdateWrites
}

// Update runs fn and returns nil when everything it wrote is on disk. If fn
// returns an error, or panics, nothing of it stays. fn sees the writes of the
// closures before it. It must be quick, must not keep the Tx and must not call
// Update or Accept. Once fn has run, the end of ctx no longer cuts the wait
// short: the answer is always the true one.
func (s *Store) Update(ctx context.Context, fn func(*Tx) error) error {
	b, err := s.join(ctx)
	if err != nil {
		return err
	}
	if err := s.run(b, fn); err != nil {
		return err
	}
	<-b.done
	return b.err
}

// join returns the open batch with s.mu held, or an error without it.
func (s *Store) join(ctx context.Context) (*batch, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s.mu.Lock()
		switch {
		case s.closed:
			s.mu.Unlock()
			return nil, ErrClosed
		case s.broken != nil:
			s.mu.Unlock()
			return nil, s.broken
		case s.open == nil:
			s.open = &batch{txn: s.db.NewTransaction(true), taken: make(chan struct{}), done: make(chan struct{})}
			return s.open, nil
		case !s.open.full():
			return s.open, nil
		}
		taken := s.open.taken
		s.mu.Unlock()
		select {
		case <-taken:
		case <-ctx.Done():
		}
	}
}

// run executes fn as a member of b and releases s.mu, even if fn panics.
func (s *Store) run(b *batch, fn func(*Tx) error) (err error) {
	joined := false
	defer func() {
		if !joined && b.members == 0 { // an idle transaction would hold back Badger's clean-up
			b.txn.Discard()
			s.open = nil
		}
		s.mu.Unlock()
	}()
	t := &Tx{s: s, txn: b.txn, own: make(map[string][]byte)}
	if err := fn(t); err != nil {
		return err
	}
	if err := s.admit(t); err != nil {
		return err
	}
	if err := b.add(t); err != nil {
		return err
	}
	joined = true
	b.members++
	select {
	case s.work <- struct{}{}:
	default:
	}
	return nil
}

// admit refuses a closure that is too large for one transaction or for the disk.
// On a nearly full disk, what has begun may still be brought to its end: the
// reserve is kept for closures that end a step or finish a look and begin nothing.
func (s *Store) admit(t *Tx) error {
	if t.size > maxUpdateBytes || len(t.own) > maxUpdateWrites {
		return fmt.Errorf("%w: %d bytes in %d writes", ErrTooBig, t.size, len(t.own))
	}
	if len(t.own) == 0 {
		return nil
	}
	if t.ends && !t.begins {
		return s.disk.check(s.disk.reserve)
	}
	return s.disk.check(s.disk.min)
}

// add moves the writes of t into the batch. Only a bug can make it fail, and
// then part of t may be in there: the whole batch is given up.
func (b *batch) add(t *Tx) error {
	for k, v := range t.own {
		var err error
		if v == nil {
			err = b.txn.Delete([]byte(k))
		} else {
			err = b.txn.Set([]byte(k), v)
		}
		if err != nil {
			b.err = fmt.Errorf("add to the batch: %w", err)
			return b.err
		}
	}
	b.bytes += t.size
	b.writes += len(t.own)
	b.changes = append(b.changes, t.changes...)
	return nil
}

// commitLoop commits one batch after the other until ctx ends, and then the last one.
func (s *Store) commitLoop(ctx context.Context) {
	gc := time.NewTicker(gcEvery)
	defer gc.Stop()
	for {
		select {
		case <-s.work:
			s.commit()
		case <-gc.C:
			s.collect()
		case <-ctx.Done():
			s.commit()
			return
		}
	}
}

// commit takes the open batch, makes it durable, tells the queue and then all members.
func (s *Store) commit() {
	b := s.take()
	if b == nil {
		return
	}
	if b.err == nil && b.writes > 0 {
		b.err = s.sync(b.seq)
		if b.err != nil {
			s.fail(b.err)
		}
	}
	if b.err == nil {
		s.queue.apply(b.changes)
	}
	close(b.done)
}

// take closes the open batch for newcomers and commits its transaction, so that
// the next batch sees it. s.mu is held until then.
func (s *Store) take() *batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.open
	if b == nil {
		return nil
	}
	s.open = nil
	close(b.taken)
	defer b.txn.Discard()
	if b.err == nil {
		b.err = s.broken
	}
	if b.err != nil || b.writes == 0 {
		return b
	}
	b.seq = s.seq
	b.err = b.txn.Set([]byte(keySeq), []byte(number(b.seq)))
	if b.err == nil {
		b.err = b.txn.Commit()
	}
	if b.err != nil {
		b.err = fmt.Errorf("commit: %w", b.err)
		s.broken = b.err
	}
	return b
}

// sync makes the committed batch durable and moves the watermark to seq.
func (s *Store) sync(seq uint64) error {
	if err := s.logs.sync(); err != nil {
		return fmt.Errorf("sync the state folder: %w", err)
	}
	if err := s.fsync(); err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	s.mark.write(seq)
	return nil
}

// fail refuses all writes from now on. After a failed fsync the kernel may count
// the lost pages as clean, so trying again would succeed and prove nothing; only
// a restart reads what is really there.
func (s *Store) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = fmt.Errorf("writing has failed before, restart to recover: %w", err)
	s.log.Error("state can no longer be written", "error", err)
}

// collect offers the value log for collection. Nothing of ours is stored there;
// should that change, the committer is the goroutine that may rewrite it.
func (s *Store) collect() {
	for {
		err := s.db.RunValueLogGC(0.5)
		if err == nil {
			continue
		}
		if !errors.Is(err, badger.ErrNoRewrite) {
			s.log.Warn("value log collection failed", "error", err)
		}
		return
	}
}

// logFiles notices when Badger has begun a new write-ahead log. Badger syncs the
// folder behind our back and ignores the result; a log whose name is lost in a
// power cut is as good as not written.
type logFiles struct {
	dir  string
	next int // the number of the log that does not exist yet
}

func findLogFiles(dir string) (*logFiles, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	l := &logFiles{dir: dir}
	for _, e := range entries {
		if num, ok := strings.CutSuffix(e.Name(), ".mem"); ok {
			n, _ := strconv.Atoi(num)
			l.next = max(l.next, n+1)
		}
	}
	return l, syncFolder(dir)
}

func (l *logFiles) sync() error {
	_, err := os.Lstat(filepath.Join(l.dir, fmt.Sprintf("%05d.mem", l.next)))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	l.next++
	return errors.Join(err, syncFolder(l.dir))
}
