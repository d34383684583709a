package state

import (
	"bytes"
	"fmt"
)

// Setting reads a setting into a value of the type it was stored from, or returns ErrNotFound.
func (t *Tx) Setting(name string, into any) error {
	if err := t.getRecord(preSetting+name, into); err != nil {
		return fmt.Errorf("setting %q: %w", name, err)
	}
	return nil
}

// PutSetting stores a setting as JSON; nil removes it.
func (t *Tx) PutSetting(name string, v any) error {
	if name == "" {
		return fmt.Errorf("%w: a setting needs a name", ErrInvalid)
	}
	if v == nil {
		return t.remove(preSetting + name)
	}
	b, err := encode(v)
	if err != nil {
		return fmt.Errorf("setting %q: %w", name, err)
	}
	if old, err := t.get(preSetting + name); err == nil && bytes.Equal(old, b) {
		return nil
	}
	return t.set(preSetting+name, b)
}
