package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sort"
	"strings"

	"github.com/BurntSushi/toml"
)

// readFile reads the TOML file into text by key. Every key must be known: a
// misspelt one would silently leave a setting at its preset.
func (l *loader) readFile() {
	if l.in.File == "" {
		return
	}
	data, err := os.ReadFile(l.in.File)
	if err != nil {
		l.problems = append(l.problems, fmt.Sprintf("The configuration file %s can't be read: %v.", l.in.File, rootCause(err)))
		return
	}
	var tree map[string]any
	if _, err := toml.Decode(string(data), &tree); err != nil {
		l.problems = append(l.problems, fmt.Sprintf("The configuration file %s is not valid TOML%s; a text must stand in double quotes.", l.in.File, where(err)))
		return
	}
	l.file = map[string]string{}
	known := keys()
	names := sortedKeys(tree)
	for _, name := range names {
		l.readKey(name, tree[name], known)
	}
	l.warnReadable(names)
}

// where says in which line TOML stopped making sense, without quoting the
// line: it may hold a secret.
func where(err error) string {
	var p toml.ParseError
	if errors.As(err, &p) {
		return fmt.Sprintf(" at line %d", p.Position.Line)
	}
	return ""
}

func rootCause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func (l *loader) readKey(name string, v any, known []string) {
	if !slices.Contains(known, name) {
		l.problems = append(l.problems, fmt.Sprintf("The configuration file %s has the unknown key %q; did you mean %q?", l.in.File, name, nearest(name, known)))
		return
	}
	text, ok := asText(v)
	if !ok {
		variable := strings.ToUpper(name)
		l.blame(variable, "%s (%s) is a table or a mixed list, but must be a text, a number, true, false or a list of texts.", variable, FromFile)
		return
	}
	l.file[name] = text
}

// asText writes a TOML value the way the environment would hold it; lists get commas.
func asText(v any) (string, bool) {
	switch t := v.(type) {
	case string:
		return t, true
	case int64, bool, float64:
		return fmt.Sprint(t), true
	case []any:
		var parts []string
		for _, e := range t {
			s, ok := e.(string)
			if !ok {
				return "", false
			}
			parts = append(parts, s)
		}
		return strings.Join(parts, ","), true
	}
	return "", false
}

// warnReadable tells when everybody on the machine can read secrets in the file.
func (l *loader) warnReadable(names []string) {
	info, err := os.Stat(l.in.File)
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return
	}
	for _, f := range fields() {
		if f.Secret && slices.Contains(names, f.key()) {
			l.warn("The configuration file %s holds secrets and other users can read it (mode %04o); chmod 600 keeps it private.", l.in.File, info.Mode().Perm())
			return
		}
	}
}

// keys lists every key that the file may have.
func keys() []string {
	var out []string
	for _, f := range fields() {
		out = append(out, f.key())
		if f.Secret {
			out = append(out, f.key()+"_file")
		}
	}
	return out
}

func sortedKeys(m map[string]any) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// nearest returns the candidate with the fewest letters to change.
func nearest(word string, candidates []string) string {
	best, least := "", int(^uint(0)>>1)
	for _, c := range candidates {
		if d := distance(strings.ToLower(word), c); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance counts the letters to insert, remove or replace to get from a to b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
