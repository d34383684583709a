package config

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
)

// maxSecretFile bounds a secret's file: no token or key comes near it, and
// naming a device or a log by mistake must not fill the memory.
const maxSecretFile = 64 << 10

// Secret is a text that never shows itself: not with any fmt verb, not in logs,
// not in JSON. [Secret.Reveal] is the one way to it.
type Secret string

// Reveal returns the text itself.
func (s Secret) Reveal() string { return string(s) }

// String describes the secret without telling anything of it but its length.
func (s Secret) String() string {
	if s == "" {
		return "not set"
	}
	return fmt.Sprintf("set, %d characters", len(s))
}

// Format makes every verb print the description.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue makes slog print the description.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText makes encoders write the description.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Secrets are secrets that are valid side by side, the newest first.
type Secrets []Secret

// Reveal returns the texts themselves, the newest first.
func (s Secrets) Reveal() []string {
	var out []string
	for _, one := range s {
		out = append(out, one.Reveal())
	}
	return out
}

// String describes the secrets by their lengths.
func (s Secrets) String() string {
	switch len(s) {
	case 0:
		return "not set"
	case 1:
		return s[0].String()
	}
	var lengths []string
	for _, one := range s {
		lengths = append(lengths, fmt.Sprint(len(one)))
	}
	return fmt.Sprintf("%d set, %s characters", len(s), strings.Join(lengths, " and "))
}

// Key is the key that secrets on disk are encrypted with. It hides like [Secret].
type Key []byte

// String describes the key by its length.
func (k Key) String() string {
	if len(k) == 0 {
		return "not set"
	}
	return fmt.Sprintf("set, %d bytes", len(k))
}

// Format makes every verb print the description.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// LogValue makes slog print the description.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText makes encoders write the description.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// ReadSecretFile returns what a secret's file holds, without the newline that
// editors put at its end. The error is a clause about the file that never
// shows what is in it.
func ReadSecretFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("it can't be read: %w", rootCause(err))
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err != nil {
		return "", fmt.Errorf("it can't be read: %w", rootCause(err))
	}
	if len(b) > maxSecretFile {
		return "", fmt.Errorf("it is larger than %d bytes", maxSecretFile)
	}
	text := strings.TrimRight(string(b), "\r\n")
	if strings.TrimSpace(text) == "" {
		return "", errors.New("it is empty")
	}
	return text, nil
}

// FindSecret looks a secret up outside of a full configuration, as the commands
// do that only talk to a running service: in the file named by a flag, in the
// variable, or in the file that VARIABLE_FILE names. None of them is no error.
func FindSecret(variable, fileFlag string, env func(string) (string, bool)) (Secret, error) {
	f := field{Variable: variable, Flag: strings.ToLower(strings.ReplaceAll(variable, "_", "-")) + "-file", Secret: true}
	l := newLoader(Input{Env: env, Flags: map[string]string{f.Flag: fileFlag}})
	v := l.find(f)
	if len(l.problems) > 0 {
		return "", l.problems
	}
	return Secret(v.raw), nil
}
