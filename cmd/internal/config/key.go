package config

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// KeyFile is the name of the file in STATE_DIR that keeps the key when ENCRYPTION_KEY doesn't give one.
const KeyFile = "encryption.key"

// MasterKey returns the key that was given, or the one kept in STATE_DIR.
func (c Config) MasterKey(log *slog.Logger) (Key, error) {
	if len(c.EncryptionKey) > 0 {
		return c.EncryptionKey, nil
	}
	return LoadOrCreateKey(c.StateDir, log)
}

// LoadOrCreateKey reads the key that dir keeps, or makes one on the first start.
//
// A made key is on disk, flushed, before it is returned, so nothing is ever
// encrypted with a key that a power cut could take away. When dir holds a
// database but no key, making one would hide that the real one was lost: that
// is an error. Safe against a second process that starts at the same moment.
func LoadOrCreateKey(dir string, log *slog.Logger) (Key, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("STATE_DIR %s can't be made: %w", dir, err)
	}
	path := filepath.Join(dir, KeyFile)
	key, err := readKeyFile(path, log)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if hasDatabase(dir) {
		return nil, fmt.Errorf("%s is missing although %s holds data encrypted with it; put it back from the backup, or give it as ENCRYPTION_KEY", path, dir)
	}
	switch err := createKeyFile(path); {
	case err == nil:
		log.Warn("a new encryption key was made; keep a copy, without it the stored secrets are lost", "file", path)
	case !errors.Is(err, fs.ErrExist):
		return nil, fmt.Errorf("%s can't be written: %w", path, err)
	}
	return readKeyFile(path, log)
}

func readKeyFile(path string, log *slog.Logger) (Key, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	text, err := ReadSecretFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s is no key: %w", path, err)
	}
	key, err := parseKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s does not hold 32 bytes as 64 hexadecimal digits or base64", path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		log.Warn("other users can read the encryption key; chmod 600 keeps it private", "file", path, "mode", fmt.Sprintf("%04o", mode))
	}
	return key, nil
}

// hasDatabase reports whether dir or a folder in it looks like a Badger database.
func hasDatabase(dir string) bool {
	folders := []string{dir}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		folders = append(folders, filepath.Join(dir, e.Name()))
	}
	for _, f := range folders {
		if _, err := os.Stat(filepath.Join(f, "MANIFEST")); err == nil {
			return true
		}
	}
	return false
}

// createKeyFile writes a new key beside path and links it into place: path is
// never half written, and an existing file is never replaced (fs.ErrExist).
func createKeyFile(path string) error {
	raw := make([]byte, keyBytes)
	_, _ = rand.Read(raw)                                           // never fails
	tmp, err := os.CreateTemp(filepath.Dir(path), KeyFile+".new-*") // O_EXCL, mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = tmp.WriteString(hex.EncodeToString(raw) + "\n")
	if err == nil {
		err = tmp.Sync()
	}
	if err := errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a new name in dir survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
