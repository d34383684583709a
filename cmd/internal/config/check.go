package config

import (
	"net"
	"net/url"
	"strings"
	"time"

	"flipmirror/forge"
)

const (
	// minRound is the shortest time between two sweeps or two verifications: each costs requests for every pair.
	minRound = time.Minute
	// maxWriteInterval keeps a slip of the pen from stalling every write for hours.
	maxWriteInterval = time.Minute
	// maxWorkers stays well below GitHub's 100 requests at once.
	maxWorkers = 64
	// shortSecret is the length below which guessing a signing secret becomes thinkable.
	shortSecret = 16
)

// derive fills in what follows from other settings.
func (l *loader) derive(c *Config) {
	for i := range c.values {
		v := &c.values[i]
		switch {
		case v.Variable == "GITHUB_API_URL" && v.Source == Unset && !l.bad["GITHUB_URL"]:
			c.GitHubAPIURL = apiURL(c.GitHubURL)
			v.Source = FromDefault
		case v.Variable == "MIRROR_LINKS" && v.raw != "":
			l.parseLinks(c, *v)
		}
	}
}

// apiURL knows where the API of each kind of GitHub lives.
func apiURL(web string) string {
	u, err := url.Parse(web)
	if err != nil {
		return web
	}
	host := strings.ToLower(u.Host)
	if host == "github.com" || strings.HasSuffix(host, ".ghe.com") {
		return "https://api." + host
	}
	return web + "/api/v3"
}

func (l *loader) parseLinks(c *Config, v Value) {
	fallback := c.MirrorDirection
	if fallback == "" {
		fallback = forge.Push // MIRROR_DIRECTION has its own sentence already
	}
	links, errs := forge.ParseLinks(v.raw, fallback)
	for _, err := range errs {
		l.blame(v.Variable, "%s (%s) has a faulty %s.", v.Variable, v.Source, err)
	}
	if len(links) == 0 && len(errs) == 0 {
		l.blame(v.Variable, "%s (%s) has no link in it, but must name at least one, such as acme=acme-mirror.", v.Variable, v.Source)
	}
	c.MirrorLinks = links
}

// check looks at settings that are well-formed but make no sense, alone or together.
func (l *loader) check(c *Config) {
	l.checkIntervals(c)
	if bad := c.Workers < 1 || c.Workers > maxWorkers; bad && !l.bad["WORKERS"] {
		l.blame("WORKERS", "WORKERS is %d, but must be a whole number from 1 to %d.", c.Workers, maxWorkers)
	}
	if c.ForgejoURL != "" && strings.EqualFold(c.ForgejoURL, c.GitHubURL) {
		l.blame("FORGEJO_URL", "FORGEJO_URL and GITHUB_URL are both %q, but must be the addresses of two different forges.", c.ForgejoURL)
	}
	l.checkSecrets(c)
	if strings.HasPrefix(c.GitHubURL, "http://") && !isLoopback(hostOf(c.GitHubURL)) {
		l.warn("GITHUB_URL is %q without TLS, so the token travels in clear.", c.GitHubURL)
	}
}

func (l *loader) checkIntervals(c *Config) {
	if m := c.MirrorInterval; m > 0 && m < c.ForgejoMinInterval && !l.bad["MIRROR_INTERVAL"] && !l.bad["FORGEJO_MIN_INTERVAL"] {
		l.blame("MIRROR_INTERVAL", "MIRROR_INTERVAL is %s, but must be at least %s, because Forgejo refuses what is below its MIN_INTERVAL (FORGEJO_MIN_INTERVAL tells it to Flipmirror).",
			FormatInterval(m), FormatInterval(c.ForgejoMinInterval))
	}
	for _, r := range []struct {
		variable string
		length   time.Duration
	}{{"SWEEP_INTERVAL", c.SweepInterval}, {"VERIFY_INTERVAL", c.VerifyInterval}} {
		if r.length < minRound && !l.bad[r.variable] {
			l.blame(r.variable, "%s is %s, but must be at least %s, because every round costs requests for every pair.", r.variable, FormatInterval(r.length), FormatInterval(minRound))
		}
	}
	if w := c.GitHubWriteInterval; w > maxWriteInterval && !l.bad["GITHUB_WRITE_INTERVAL"] {
		l.blame("GITHUB_WRITE_INTERVAL", "GITHUB_WRITE_INTERVAL is %s, but must be a length of time from 0s to %s.", FormatInterval(w), FormatInterval(maxWriteInterval))
	}
}

func (l *loader) checkSecrets(c *Config) {
	for _, s := range []struct {
		variable string
		secrets  Secrets
	}{
		{"FORGEJO_WEBHOOK_SECRET", c.ForgejoWebhookSecret},
		{"GITHUB_WEBHOOK_SECRET", c.GitHubWebhookSecret},
		{"API_TOKEN", Secrets{c.APIToken}},
	} {
		for _, one := range s.secrets {
			if one != "" && len(one) < shortSecret {
				l.warn("%s has only %d characters; %d or more, from openssl rand -hex 32, can't be guessed.", s.variable, len(one), shortSecret)
			}
		}
	}
	if len(c.GitHubWebhookSecret) == 0 && !l.in.Partial && pulls(c.MirrorLinks) {
		l.warn("GITHUB_WEBHOOK_SECRET is not set, so changes on GitHub are only noticed every SWEEP_INTERVAL (%s).", FormatInterval(c.SweepInterval))
	}
}

func pulls(links forge.Links) bool {
	for _, l := range links {
		if l.Direction == forge.Pull {
			return true
		}
	}
	return false
}

func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
