package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Badger cuts a damaged write-ahead log at the first bad record and says
// nothing. So every batch stores the number it has reached, and after its fsync
// the same number goes into a small file beside. A database that is behind that
// file at Open has lost what was acknowledged.
//
// The file is not synced: one fsync per batch is what the store is fast by. After
// a power cut the file may be behind, and a loss that hides in the difference is
// missed; it is never ahead, so a loss that is reported is real.

const watermarkFile = "watermark"

// watermark is the open file: the number, 8 bytes, and their CRC-32, 4 bytes.
type watermark struct{ f *os.File }

// openWatermark returns the number in the file, 0 when it is missing or unreadable.
func openWatermark(dir string) (*watermark, uint64, error) {
	f, err := os.OpenFile(filepath.Join(dir, watermarkFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, 0, err
	}
	var b [12]byte
	_, err = f.ReadAt(b[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		f.Close()
		return nil, 0, err
	}
	if err != nil || crc32.ChecksumIEEE(b[:8]) != binary.BigEndian.Uint32(b[8:]) {
		return &watermark{f: f}, 0, nil
	}
	return &watermark{f: f}, binary.BigEndian.Uint64(b[:8]), nil
}

// write notes that everything up to n is on disk. An error only weakens the
// watermark; the disk guard and the fsync speak up about the disk itself.
func (w *watermark) write(n uint64) {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 12), n)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	_, _ = w.f.WriteAt(b, 0)
}

func (w *watermark) close() {
	if w != nil {
		_ = w.f.Close()
	}
}

// Loss says that acknowledged writes were missing when the state was opened.
type Loss struct {
	Found time.Time `json:"found"` // when Open noticed
	From  uint64    `json:"from"`  // the number that the database had reached
	To    uint64    `json:"to"`    // the number that had been acknowledged
}

// checkWatermark compares the database with the watermark and continues above both.
func (s *Store) checkWatermark() error {
	mark, acked, err := openWatermark(s.dir)
	if err != nil {
		return fmt.Errorf("open the watermark: %w", err)
	}
	s.mark = mark
	err = s.View(func(t *Tx) error {
		b, err := t.get(keySeq)
		if err == nil {
			s.seq = binary.BigEndian.Uint64(b)
		}
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	if s.seq < acked {
		s.log.Warn("acknowledged writes are missing", "have", s.seq, "acknowledged", acked)
		s.lost = &Loss{Found: s.now(), From: s.seq, To: acked}
		s.seq = acked
	}
	return nil
}

// noteLoss stores a loss with the first write after Open, so that it outlives a
// crash before somebody has dealt with it.
func (s *Store) noteLoss(t *Tx) error {
	if s.lost != nil {
		return t.setRecord(keyLost, s.lost)
	}
	return nil
}

// Loss reports whether acknowledged writes were found missing, at this Open or
// before, and ForgetLoss has not been called since. Events may be among them:
// sweep, then forget. ErrNotFound means that nothing is known to be missing.
func (t *Tx) Loss() (Loss, error) {
	var l Loss
	err := t.getRecord(keyLost, &l)
	return l, err
}

// ForgetLoss ends the report of a loss.
func (t *Tx) ForgetLoss() error { return t.remove(keyLost) }
