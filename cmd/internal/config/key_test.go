package config

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func logger() (*slog.Logger, *bytes.Buffer) {
	var b bytes.Buffer
	return slog.New(slog.NewTextHandler(&b, nil)), &b
}

func TestKeyIsMadeOnceAndKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	log, out := logger()
	first, err := LoadOrCreateKey(dir, log)
	if err != nil || len(first) != keyBytes || !strings.Contains(out.String(), "new encryption key") {
		t.Fatalf("got %v, %v, %s", first, err, out)
	}
	out.Reset()
	again, err := LoadOrCreateKey(dir, log)
	if err != nil || !bytes.Equal(first, again) || out.Len() > 0 {
		t.Errorf("the key changed or something was said: %v %s", err, out)
	}
	info, err := os.Stat(filepath.Join(dir, KeyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
}

func TestKeyOfTwoStartsAtOnce(t *testing.T) {
	dir := t.TempDir()
	keys := make([]Key, 8)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() { keys[i], _ = LoadOrCreateKey(dir, slog.New(slog.DiscardHandler)) })
	}
	wg.Wait()
	for _, k := range keys {
		if len(k) != keyBytes || !bytes.Equal(k, keys[0]) {
			t.Fatal("two starts have two keys")
		}
	}
}

func TestKeyProblems(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, KeyFile)
	log, out := logger()
	if err := os.WriteFile(path, []byte("not a key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreateKey(dir, log); err == nil || strings.Contains(err.Error(), "not a key") {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("ab", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreateKey(dir, log); err != nil || !strings.Contains(out.String(), "0644") {
		t.Errorf("got %v, %s", err, out)
	}
}

func TestLostKeyIsNotReplaced(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "db"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "db", "MANIFEST"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreateKey(dir, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "is missing although") {
		t.Errorf("got %v", err)
	}
}

func TestGivenKeyWins(t *testing.T) {
	c := Config{EncryptionKey: bytes.Repeat([]byte{1}, keyBytes), StateDir: "/nonexistent"}
	if k, err := c.MasterKey(slog.New(slog.DiscardHandler)); err != nil || !bytes.Equal(k, c.EncryptionKey) {
		t.Errorf("got %v, %v", k, err)
	}
}
