// Package config turns flags, environment variables and an optional TOML file
// into one checked value.
//
// The struct [Config] is the only list of settings. Its tags give the flag, the
// variable, the key in the file, the help text and what a valid value looks
// like; the README's table is tested against it. A flag wins over a variable, a
// variable over the file, the file over the preset.
//
// Secrets have no flag of their own, because every user of a machine can read
// the process list. They have a twin instead (VARIABLE_FILE, --name-file) that
// names a file to read them from.
package config

import (
	"log/slog"
	"time"

	"flipmirror/forge"
)

// Config is every setting of the service. It is a plain value: [Load] makes it,
// nobody changes it afterwards.
//
// Tags: name is the flag and, in capitals with underscores, the variable and,
// in small letters with underscores, the key in the file (a secret's flag names
// a file, so "-file" is dropped for the other two); preset is the value when
// nobody gives one; want completes the sentence "… must be …"; must marks what
// the service can't run without; kind narrows what a text may be.
type Config struct {
	ForgejoURL           string        `name:"forgejo-url" group:"forgejo" must:"yes" kind:"url" want:"the address of your Forgejo, such as https://git.example.org" help:"Address of your Forgejo."`
	ForgejoToken         Secret        `name:"forgejo-token-file" group:"forgejo" must:"yes" want:"an access token of a Forgejo user who may administer the mirrored repositories" help:"File with the access token for Forgejo's API."`
	ForgejoWebhookSecret Secrets       `name:"forgejo-webhook-secret-file" group:"forgejo" must:"yes" want:"the secret of Forgejo's webhook; while you change it, the new and the old one with a comma between" help:"File with the secret of Forgejo's webhook. During a change: new,old."`
	ForgejoMinInterval   time.Duration `name:"forgejo-min-interval" group:"forgejo" preset:"10m" want:"the MIN_INTERVAL from the [mirror] section of your Forgejo's app.ini, such as 10m" help:"MIN_INTERVAL of the [mirror] section in Forgejo's app.ini."`

	GitHubURL           string        `name:"github-url" group:"github" preset:"https://github.com" kind:"url" want:"the address of GitHub or of your GitHub Enterprise Server, such as https://github.com" help:"Address of GitHub."`
	GitHubAPIURL        string        `name:"github-api-url" group:"github" kind:"url" want:"the address of GitHub's API, such as https://api.github.com" help:"Address of GitHub's API. When not given it follows from GITHUB_URL."`
	GitHubToken         Secret        `name:"github-token-file" group:"github" must:"yes" want:"a GitHub token that may create repositories and write to them" help:"File with the token for GitHub's API. Forgejo pushes and fetches with it too."`
	GitHubWebhookSecret Secrets       `name:"github-webhook-secret-file" group:"github" want:"the secret of GitHub's webhook; while you change it, the new and the old one with a comma between" help:"File with the secret of GitHub's webhook. Without one, /hooks/github takes nothing. During a change: new,old."`
	GitHubWriteInterval time.Duration `name:"github-write-interval" group:"github" preset:"1s" want:"a length of time from 0s to 1m" help:"Least time between two writes to GitHub's API, which asks for one second."`

	MirrorDirection forge.Direction `name:"mirror-direction" group:"mirror" preset:"push" want:"push (Forgejo to GitHub) or pull (GitHub to Forgejo)" help:"Direction of links that name none: push (Forgejo to GitHub) or pull (GitHub to Forgejo)."`
	MirrorLinks     forge.Links     `name:"mirror-links" group:"mirror" must:"yes" want:"a list like acme=acme-mirror,tools=tools:pull, with the Forgejo owner first and the GitHub owner second" help:"Which Forgejo owner belongs to which GitHub owner: forgejo-owner=github-owner[:push|pull], separated by commas."`
	MirrorInterval  time.Duration   `name:"mirror-interval" group:"mirror" preset:"8h" want:"a length of time such as 8h, 90m or 1d, or 0s for no timer" help:"How often Forgejo runs each mirror by itself, beside every event. 0s: never."`
	AutoImport      bool            `name:"auto-import" group:"mirror" preset:"false" want:"true or false" help:"Also mirror repositories that were there before Flipmirror."`

	SweepInterval  time.Duration `name:"sweep-interval" group:"service" preset:"6h" want:"a length of time of at least 1m, such as 6h" help:"How often both forges are listed to find what no event told."`
	VerifyInterval time.Duration `name:"verify-interval" group:"service" preset:"24h" want:"a length of time of at least 1m, such as 24h" help:"Each pair's branches and tags are compared at least this often."`
	StateDir       string        `name:"state-dir" group:"service" kind:"dir" want:"the absolute path of a folder that Flipmirror may write to" help:"Folder for everything that Flipmirror remembers. Default: $XDG_STATE_HOME/flipmirror, else ~/.local/state/flipmirror, else /var/lib/flipmirror."`
	EncryptionKey  Key           `name:"encryption-key-file" group:"service" want:"32 random bytes, written as 64 hexadecimal digits or as base64" help:"File with the key for secrets on disk. When not given, one is made and kept in STATE_DIR/encryption.key."`
	ListenAddr     string        `name:"listen-addr" group:"service" preset:"127.0.0.1:8080" kind:"listen" want:"an address and a port such as 127.0.0.1:8080, or 0.0.0.0:8080 for every network" help:"Where the service listens. The container image sets 0.0.0.0:8080."`
	PublicURL      string        `name:"public-url" group:"service" kind:"url" want:"the address under which both forges and people reach Flipmirror, such as https://mirror.example.org" help:"Address under which forges and people reach the service."`
	APIToken       Secret        `name:"api-token-file" group:"service" want:"a long random text, for example from: openssl rand -hex 32" help:"File with the token that programs and the other commands show to the API."`
	Workers        int           `name:"workers" group:"service" preset:"4" want:"a whole number from 1 to 64" help:"How many pairs are worked on at the same time."`
	LogLevel       slog.Level    `name:"log-level" group:"service" preset:"info" want:"debug, info, warn or error" help:"Least weight of a message that is logged: debug, info, warn or error."`
	LogFormat      string        `name:"log-format" group:"service" preset:"text" kind:"text|json" want:"text or json" help:"Form of log lines: text or json."`

	values   []Value
	warnings []string
}

// Value is one setting as it came to be.
type Value struct {
	Variable string // as in the environment: MIRROR_INTERVAL
	Text     string // for people; a secret is only described
	Source   Source
	raw      string
}

// Source says where a value came from.
type Source string

// The sources, the strongest first.
const (
	FromFlag    Source = "flag"
	FromEnv     Source = "env"
	FromFile    Source = "file"
	FromDefault Source = "default"
	Unset       Source = "not set"
)

// Values lists every setting with its source, in the order of [Config]. Secrets are described, never shown.
func (c Config) Values() []Value { return c.values }

// Warnings are full sentences about what works but shouldn't stay so.
func (c Config) Warnings() []string { return c.warnings }

// Given reports whether somebody set the variable, by whatever way.
func (c Config) Given(variable string) bool {
	for _, v := range c.values {
		if v.Variable == variable {
			return v.Source != FromDefault && v.Source != Unset
		}
	}
	return false
}
