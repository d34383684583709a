package config

import (
	"reflect"
	"strings"
)

// field is one setting, as the tags of [Config] describe it.
type field struct {
	Flag     string // without dashes; for a secret it names a file
	Variable string
	Preset   string
	Want     string
	Kind     string
	Must     bool
	Secret   bool
	index    int
}

// key is the setting's name in the TOML file.
func (f field) key() string { return strings.ToLower(f.Variable) }

// fields lists all settings in the order of [Config].
func fields() []field {
	var out []field
	t := reflect.TypeFor[Config]()
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		name, ok := tag.Lookup("name")
		if !ok {
			continue
		}
		out = append(out, field{
			Flag:     name,
			Variable: variableOf(name, isSecret(t.Field(i).Type)),
			Preset:   tag.Get("preset"),
			Want:     tag.Get("want"),
			Kind:     tag.Get("kind"),
			Must:     tag.Get("must") == "yes",
			Secret:   isSecret(t.Field(i).Type),
			index:    i,
		})
	}
	return out
}

func isSecret(t reflect.Type) bool {
	return t == reflect.TypeFor[Secret]() || t == reflect.TypeFor[Secrets]() || t == reflect.TypeFor[Key]()
}

// variableOf returns the environment variable of a flag: MIRROR_INTERVAL for mirror-interval, GITHUB_TOKEN for github-token-file.
func variableOf(flag string, secret bool) string {
	if secret {
		flag = strings.TrimSuffix(flag, "-file")
	}
	return strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// Flag is what a command line needs to know of one setting.
type Flag struct {
	Name     string // without dashes; for a secret it names a file
	Variable string // the setting's own variable, without _FILE
	Preset   string
	Secret   bool
	Bool     bool
	Target   any // pointer to the field in the struct given to [Flags]
}

// Flags lists the flags of all settings, each with the pointer to its field in c.
func Flags(c *Config) []Flag {
	v := reflect.ValueOf(c).Elem()
	var out []Flag
	for _, f := range fields() {
		target := v.Field(f.index)
		out = append(out, Flag{
			Name:     f.Flag,
			Variable: f.Variable,
			Preset:   f.Preset,
			Secret:   f.Secret,
			Bool:     target.Kind() == reflect.Bool,
			Target:   target.Addr().Interface(),
		})
	}
	return out
}
