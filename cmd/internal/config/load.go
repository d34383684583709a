package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// Problems are full sentences, each about one thing that must be mended.
type Problems []string

// Error joins the sentences, one on a line.
func (p Problems) Error() string { return strings.Join(p, "\n") }

// Input is where settings come from.
type Input struct {
	Flags   map[string]string           // by the flag's name, only those that were given
	Env     func(string) (string, bool) // nil means os.LookupEnv; an empty variable counts as not given
	File    string                      // path of the TOML file; empty means none
	Preset  map[string]string           // by variable: replaces a preset, for commands with other needs
	Partial bool                        // nothing has to be given, as in a demo that makes up what is missing
}

// Load gathers, parses and checks every setting. An error is of type [Problems]
// and holds everything that is wrong; the [Config] beside it is then only good
// for being shown.
func Load(in Input) (Config, error) {
	l := newLoader(in)
	l.readFile()
	var c Config
	target := reflect.ValueOf(&c).Elem()
	for _, f := range fields() {
		v := l.find(f)
		l.parse(f, v, target.Field(f.index).Addr().Interface())
		c.values = append(c.values, v)
	}
	l.derive(&c)
	l.check(&c)
	c.describe()
	c.warnings = l.warnings
	if len(l.problems) > 0 {
		return c, l.problems
	}
	return c, nil
}

// loader carries what one call of [Load] collects.
type loader struct {
	in       Input
	file     map[string]string // by key, as text
	bad      map[string]bool   // variables that already have a problem
	problems Problems
	warnings []string
}

func newLoader(in Input) *loader {
	if in.Env == nil {
		in.Env = os.LookupEnv
	}
	return &loader{in: in, bad: map[string]bool{}}
}

// blame adds a sentence about one variable and remembers that it has one.
func (l *loader) blame(variable, format string, args ...any) {
	l.bad[variable] = true
	l.problems = append(l.problems, fmt.Sprintf(format, args...))
}

func (l *loader) warn(format string, args ...any) {
	l.warnings = append(l.warnings, fmt.Sprintf(format, args...))
}

// find picks the strongest source of one setting.
func (l *loader) find(f field) Value {
	v := Value{Variable: f.Variable, Source: Unset}
	if f.Secret {
		return l.findSecret(f, v)
	}
	if raw, src, ok := l.given(f.Flag, f.Variable); ok {
		v.raw, v.Source = raw, src
	} else if preset := l.preset(f); preset != "" {
		v.raw, v.Source = preset, FromDefault
	}
	return v
}

func (l *loader) preset(f field) string {
	if p, ok := l.in.Preset[f.Variable]; ok {
		return p
	}
	if f.Variable == "STATE_DIR" {
		return defaultStateDir(l.in.Env)
	}
	return f.Preset
}

// given looks for one name in flags, environment and file, in this order.
func (l *loader) given(flag, variable string) (string, Source, bool) {
	if raw := l.in.Flags[flag]; raw != "" {
		return raw, FromFlag, true
	}
	if raw, _ := l.in.Env(variable); raw != "" {
		return raw, FromEnv, true
	}
	if raw := l.file[strings.ToLower(variable)]; raw != "" {
		return raw, FromFile, true
	}
	return "", Unset, false
}

// findSecret looks for a secret and for its _FILE twin. Having both is refused:
// nobody could tell which of them is in use.
func (l *loader) findSecret(f field, v Value) Value {
	raw, src, direct := l.given("", f.Variable)
	path, twinSrc, twin := l.given(f.Flag, f.Variable+"_FILE")
	switch {
	case direct && twin:
		l.blame(f.Variable, "%s (%s) and %s_FILE (%s) are both given, but only one of them may be.", f.Variable, src, f.Variable, twinSrc)
		v.Source = src
	case direct:
		v.raw, v.Source = strings.TrimRight(raw, "\r\n"), src
	case twin:
		text, err := ReadSecretFile(path)
		if err != nil {
			l.blame(f.Variable, "%s_FILE (%s) is %q, but must name a readable file that holds the secret (%v).", f.Variable, twinSrc, path, err)
		}
		v.raw, v.Source = text, twinSrc
	}
	return v
}

// defaultStateDir follows the XDG base directories; a service without a home uses /var/lib.
func defaultStateDir(env func(string) (string, bool)) string {
	if dir, _ := env("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "flipmirror")
	}
	if home, _ := env("HOME"); filepath.IsAbs(home) && home != "/" {
		return filepath.Join(home, ".local", "state", "flipmirror")
	}
	return "/var/lib/flipmirror"
}
