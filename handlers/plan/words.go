package plan

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"flipmirror/forge"
)

const (
	maxDetails     = 20  // names shown with a hold; the rest is counted
	maxDescription = 350 // GitHub refuses longer descriptions
	maxTopics      = 20  // GitHub's limit per repo
	maxTopic       = 50  // GitHub's limit per topic
)

func createStep(p Pair, f Facts) Step {
	want := wantedDetails(f.Origin.Repo)
	return Step{Do: CreateCopy, On: forge.GitHub, Target: p.CopyName, Private: !f.Origin.Repo.Visibility.IsPublic(),
		Description: want.Description, Homepage: want.Homepage}
}

func migrateStep(p Pair, pol Policy, f Facts) Step {
	return Step{Do: Migrate, On: forge.Forgejo, Target: p.CopyName, Private: !f.Origin.Repo.Visibility.IsPublic(),
		Description: f.Origin.Repo.Description, Address: f.Origin.Repo.CloneURL, Interval: pol.Interval}
}

func adoptStep(f Facts) Step {
	return Step{Do: AdoptCopy, On: f.Copy.Repo.Forge, Target: f.Copy.Repo.Name, RepoID: f.Copy.Repo.ID}
}

// wantedDetails is what the GitHub copy of origin should say about itself,
// within GitHub's limits.
func wantedDetails(origin forge.Repo) forge.Repo {
	w := forge.Repo{Description: cleanDescription(origin.Description), Homepage: origin.HTMLURL}
	for _, t := range origin.Topics {
		if t = cleanTopic(t); t != "" && !slices.Contains(w.Topics, t) && len(w.Topics) < maxTopics {
			w.Topics = append(w.Topics, t)
		}
	}
	return w
}

// cleanDescription removes control characters, which GitHub refuses, and shortens.
func cleanDescription(s string) string {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s))
	if r := []rune(s); len(r) > maxDescription {
		return strings.TrimSpace(string(r[:maxDescription-1])) + "…"
	}
	return s
}

// cleanTopic turns a Forgejo topic into one that GitHub accepts: lower-case
// letters, digits and hyphens, starting with a letter or digit.
func cleanTopic(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '-':
			return r
		case 'A' <= r && r <= 'Z':
			return unicode.ToLower(r)
		}
		return '-'
	}, s)
	s = strings.TrimLeft(s, "-")
	return s[:min(len(s), maxTopic)]
}

func sameTopics(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// SameAddress reports whether two git addresses lead to the same repo: host and
// path are compared case-insensitively, credentials, a trailing ".git" and
// slashes don't count, and neither does http against https.
func SameAddress(a, b string) bool {
	ka, oka := addressKey(a)
	kb, okb := addressKey(b)
	return oka && okb && ka == kb
}

func addressKey(s string) (string, bool) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return "", false
	}
	host := strings.ToLower(u.Host)
	for scheme, port := range map[string]string{"http": ":80", "https": ":443"} {
		if u.Scheme == scheme {
			host = strings.TrimSuffix(host, port)
		}
	}
	path := strings.ToLower(strings.Trim(u.Path, "/"))
	return host + "/" + strings.TrimSuffix(path, ".git"), true
}

// pause doubles with every look that found nothing new, up to lookAgainMax.
func pause(attempts int) time.Duration {
	return min(lookAgain<<min(attempts, 10), lookAgainMax)
}

// describe tells how origin and copy differ.
func describe(d forge.RefsDiff) string {
	var parts []string
	for _, p := range []struct {
		names []string
		what  string
	}{{d.OnlyOrigin, "missing on the copy"}, {d.Different, "behind on the copy"}, {d.OnlyCopy, "only on the copy"}} {
		if n := len(p.names); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s %s", n, plural(n, "ref is", "refs are"), p.what))
		}
	}
	return strings.Join(parts, ", ")
}

// failure tells why a push does not arrive, in git's words when there are any.
func failure(m forge.PushMirror, d forge.RefsDiff) string {
	if m.LastError != "" {
		return "the push fails: " + firstMessage(m.LastError)
	}
	return "the push runs without an error, but " + describe(d)
}

// firstMessage shortens Forgejo's last_error, which repeats git's text up to three times.
func firstMessage(s string) string {
	first, _, _ := strings.Cut(s, "\n - ")
	first = strings.Join(strings.Fields(first), " ")
	if r := []rune(first); len(r) > 400 {
		return string(r[:399]) + "…"
	}
	return first
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// sample returns the first names of a list, and how many more there are.
func sample(names []string) []string {
	if len(names) <= maxDetails {
		return names
	}
	return append(slices.Clone(names[:maxDetails]), fmt.Sprintf("and %d more", len(names)-maxDetails))
}
