package state

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
)

const (
	keySize   = 32
	keyIDSize = 8
)

// checkName is the name under which the key-check value is sealed. Secrets of
// callers cannot have it: their names are prefixed.
const (
	checkName  = "key-check"
	secretName = "secret/"
)

// sealer encrypts secrets with AES-256-GCM under a key derived from the master
// key, with a random nonce. The name of the secret and the id of the key are
// associated data: a value copied to another name does not open.
//
// GCM with random nonces is good for 2^32 messages under one key; secrets are
// written by people, a few a year.
type sealer struct {
	aead cipher.AEAD
	id   string
}

func newSealer(master []byte) (*sealer, error) {
	key, err := hkdf.Key(sha256.New, master, nil, "flipmirror state secrets v1", keySize)
	if err != nil {
		return nil, err
	}
	id, err := hkdf.Key(sha256.New, master, nil, "flipmirror state key id v1", keyIDSize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return &sealer{aead, string(id)}, err
}

// seal returns version, key id, nonce and ciphertext.
func (c *sealer) seal(name, value string) []byte {
	b := append([]byte{recordV1}, c.id...)
	return c.aead.Seal(b, nil, []byte(value), []byte(name+"\x00"+c.id))
}

// open returns ErrWrongKey for everything that this key did not seal under this name.
func (c *sealer) open(name string, b []byte) (string, error) {
	rest, err := checkVersion(b)
	if err != nil {
		return "", err
	}
	if len(rest) < keyIDSize || string(rest[:keyIDSize]) != c.id {
		return "", ErrWrongKey
	}
	plain, err := c.aead.Open(nil, nil, rest[keyIDSize:], []byte(name+"\x00"+c.id))
	if err != nil {
		return "", ErrWrongKey
	}
	return string(plain), nil
}

// Secret returns a stored secret, or ErrNotFound.
func (t *Tx) Secret(name string) (string, error) {
	b, err := t.get(preSecret + name)
	if err != nil {
		return "", fmt.Errorf("secret %q: %w", name, err)
	}
	value, err := t.s.seal.open(secretName+name, b)
	if err != nil {
		return "", fmt.Errorf("secret %q: %w", name, err)
	}
	return value, nil
}

// PutSecret stores a secret, encrypted; an empty value removes it.
func (t *Tx) PutSecret(name, value string) error {
	if name == "" {
		return fmt.Errorf("%w: a secret needs a name", ErrInvalid)
	}
	if value == "" {
		return t.remove(preSecret + name)
	}
	return t.set(preSecret+name, t.s.seal.seal(secretName+name, value))
}

// checkKey opens the value that the first start has sealed.
func (t *Tx) checkKey() error {
	b, err := t.get(keyCheck)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = t.s.seal.open(checkName, b)
	if errors.Is(err, ErrWrongKey) {
		return fmt.Errorf("%w: ENCRYPTION_KEY is not the key that the secrets in %s were stored with; start with that key, or with an empty folder", ErrWrongKey, t.s.dir)
	}
	return err
}

func (t *Tx) stampKey() error {
	if ok, err := t.has(keyCheck); ok || err != nil {
		return err
	}
	return t.set(keyCheck, t.s.seal.seal(checkName, "flipmirror"))
}
