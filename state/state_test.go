package state

import (
	"errors"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"flipmirror/forge"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDirEnv); dir != "" {
		crashChild(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

var testKey = []byte("0123456789abcdef0123456789abcdef")

// plenty is a disk that is never full, whatever the machine that runs the tests says.
func plenty(string) (free, total uint64, err error) { return 1 << 40, 1 << 40, nil }

// clock is a settable Options.Now.
type clock struct{ ch chan time.Time }

func newClock(t time.Time) *clock {
	c := &clock{make(chan time.Time, 1)}
	c.ch <- t
	return c
}

func (c *clock) now() time.Time {
	t := <-c.ch
	c.ch <- t
	return t
}

func (c *clock) add(d time.Duration) {
	t := <-c.ch
	c.ch <- t.Add(d)
}

var day0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func openDir(t testing.TB, dir string, change ...func(*Options)) *Store {
	t.Helper()
	o := Options{Dir: dir, Key: testKey, FreeDisk: plenty}
	for _, f := range change {
		f(&o)
	}
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func openNew(t testing.TB, change ...func(*Options)) *Store {
	t.Helper()
	return openDir(t, t.TempDir(), change...)
}

func update(t testing.TB, s *Store, fn func(*Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func view(t testing.TB, s *Store, fn func(*Tx) error) {
	t.Helper()
	if err := s.View(fn); err != nil {
		t.Fatal(err)
	}
}

func wantErr(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}

func delivery(id string) Delivery {
	return Delivery{
		Source: forge.Forgejo, ID: id, Event: "push",
		Repo: forge.RepoID{Forge: forge.Forgejo, ID: 7}, RepoName: forge.Name{Owner: "acme", Repo: "widget"},
		Size: 2, SHA256: "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", Body: []byte("{}"),
	}
}

// newPair makes a pair whose sides have these ids (0 = not yet there) and this name on both forges.
func newPair(fj, gh int64, name string) *Pair {
	p := &Pair{Link: "acme=acme", Direction: forge.Push, Phase: Working}
	p.Forgejo.Repo = forge.Repo{Forge: forge.Forgejo, ID: fj, Name: forge.Name{Owner: "acme", Repo: name}}
	p.GitHub.Repo = forge.Repo{Forge: forge.GitHub, ID: gh, Name: forge.Name{Owner: "acme", Repo: name}}
	return p
}

func putPair(t testing.TB, s *Store, p *Pair) *Pair {
	t.Helper()
	update(t, s, func(tx *Tx) error { return tx.PutPair(p) })
	return p
}
