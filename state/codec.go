package state

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/klauspost/compress/s2"
)

// Every stored record begins with a version byte. A later version of a record
// gets the next number and keeps the reader of this one; testdata holds bytes of
// every version that was ever released.
const recordV1 = 1

// schema is the layout of keys. It rises when an older Flipmirror would
// misread the folder; such a folder is refused by Open, not half understood.
const schema = 1

var errCut = errors.New("the record is cut short")

func encode(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return append([]byte{recordV1}, b...), nil
}

func decode(b []byte, into any) error {
	rest, err := checkVersion(b)
	if err != nil {
		return err
	}
	return json.Unmarshal(rest, into)
}

// checkVersion returns what follows the version byte.
func checkVersion(b []byte) ([]byte, error) {
	switch {
	case len(b) == 0:
		return nil, errCut
	case b[0] > recordV1:
		return nil, fmt.Errorf("record version %d: %w", b[0], ErrNewer)
	}
	return b[1:], nil
}

// encodeDelivery writes a delivery as version, header length, header, body. The
// header is JSON without the body; the body is compressed with S2, which makes a
// webhook's JSON about four times smaller at a tenth of the cost of its HTTP
// request, and with it the log, the tables and all their rewriting.
func encodeDelivery(d Delivery) ([]byte, error) {
	body := d.Body[:min(len(d.Body), MaxKeptBody)]
	d.Body = nil
	header, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, 1+binary.MaxVarintLen32+len(header)+s2.MaxEncodedLen(len(body)))
	b = append(b, recordV1)
	b = binary.AppendUvarint(b, uint64(len(header)))
	b = append(b, header...)
	if len(body) > 0 {
		packed := s2.Encode(b[len(b):cap(b)], body)
		b = b[:len(b)+len(packed)]
	}
	return b, nil
}

// decodeDelivery reads what encodeDelivery wrote; the body only when asked for.
func decodeDelivery(b []byte, withBody bool) (d Delivery, err error) {
	rest, err := checkVersion(b)
	if err != nil {
		return Delivery{}, err
	}
	n, width := binary.Uvarint(rest)
	if width <= 0 || n > uint64(len(rest)-width) {
		return Delivery{}, errCut
	}
	rest = rest[width:]
	if err := json.Unmarshal(rest[:n], &d); err != nil {
		return Delivery{}, err
	}
	if packed := rest[n:]; withBody && len(packed) > 0 {
		size, err := s2.DecodedLen(packed)
		if err != nil || size > MaxKeptBody {
			return Delivery{}, errCut
		}
		d.Body, err = s2.Decode(nil, packed)
		if err != nil {
			return Delivery{}, err
		}
	}
	return d, nil
}

// checkSchema refuses a folder that a newer version has written, and one whose
// secrets are under another key.
func (s *Store) checkSchema() error {
	return s.View(func(t *Tx) error {
		b, err := t.get(keySchema)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(string(b))
		if err != nil {
			return fmt.Errorf("%s is not a state folder of Flipmirror: %w", s.dir, err)
		}
		if n > schema {
			return fmt.Errorf("%s was %w (layout %d, this one knows %d): update Flipmirror, or restore a backup made before the update", s.dir, ErrNewer, n, schema)
		}
		return t.checkKey()
	})
}

// stampSchema marks the folder as ours. It rewrites the mark at every start, as
// the first write that must succeed.
func (s *Store) stampSchema(t *Tx) error {
	t.ends = true // a nearly full disk must not keep the service from starting
	if err := t.set(keySchema, []byte(strconv.Itoa(schema))); err != nil {
		return err
	}
	if err := s.noteLoss(t); err != nil {
		return err
	}
	return t.stampKey()
}
