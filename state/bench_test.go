package state

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"

	"flipmirror/forge"
)

// benchBody is 10 KB of what a push webhook looks like: commits with ids that do
// not compress among names that do.
func benchBody(seed int) []byte {
	var b []byte
	for i := 0; len(b) < 10<<10; i++ {
		id := sha256.Sum256(fmt.Append(nil, seed, i))
		b = fmt.Appendf(b, `{"id":"%x","message":"Change number %d of the widget","url":"https://code.example.org/acme/widget/commit/%x","author":{"name":"Jo Doe","email":"jo@example.org","username":"jo"},"timestamp":"2026-03-01T12:00:%02dZ"},`, id[:20], i, id[:20], i%60)
	}
	return b[:10<<10]
}

func benchDelivery(n uint64, body []byte) (Delivery, *Due) {
	repo := forge.RepoID{Forge: forge.Forgejo, ID: int64(n%200) + 1}
	d := Delivery{
		Source: forge.Forgejo, ID: fmt.Sprintf("%08x-1111-4222-8333-%012x", n, n), Event: "push", Repo: repo,
		RepoName: forge.Name{Owner: "acme", Repo: "widget"}, Size: len(body), Body: body,
	}
	return d, &Due{Key: RepoKey(repo), Priority: Prompt, Reason: "Forgejo push"}
}

// BenchmarkAccept is the durable, deduplicated intake with many callers at once.
func BenchmarkAccept(b *testing.B) {
	s := openNew(b)
	body := benchBody(1)
	var n atomic.Uint64
	b.SetBytes(int64(len(body)))
	b.SetParallelism(32)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			d, due := benchDelivery(n.Add(1), body)
			if _, err := s.Accept(b.Context(), d, due); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkAcceptNaive is what BenchmarkAccept is measured against: the same
// records, one synced transaction each.
func BenchmarkAcceptNaive(b *testing.B) {
	o := badgerOptions(Options{Dir: b.TempDir(), Log: slog.New(slog.DiscardHandler)})
	o.SyncWrites, o.DetectConflicts = true, true
	db, err := badger.Open(o)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	body := benchBody(1)
	var n atomic.Uint64
	b.SetBytes(int64(len(body)))
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := naiveAccept(db, n.Add(1), body); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func naiveAccept(db *badger.DB, n uint64, body []byte) error {
	d, due := benchDelivery(n, body)
	record, err := encode(d)
	if err != nil {
		return err
	}
	mark, err := encode(due)
	if err != nil {
		return err
	}
	return db.Update(func(txn *badger.Txn) error {
		if _, err := txn.Get([]byte(preByID + d.Key())); err == nil {
			return nil
		}
		if err := txn.Set([]byte(preByID+d.Key()), record); err != nil {
			return err
		}
		return txn.Set([]byte(preDue+due.Key+d.Key()), mark)
	})
}

// BenchmarkIntake measures what the service promises: signed deliveries over
// HTTP, against a handler that checks the signature and does nothing else.
func BenchmarkIntake(b *testing.B) {
	b.Run("bare", func(b *testing.B) {
		intake(b, func(*http.Request, []byte) error { return nil })
	})
	b.Run("durable", func(b *testing.B) {
		s := openNew(b)
		var n atomic.Uint64
		intake(b, func(r *http.Request, body []byte) error {
			d, due := benchDelivery(n.Add(1), body)
			_, err := s.Accept(r.Context(), d, due)
			return err
		})
	})
}

const intakeClients = 64

// intake posts b.N deliveries from intakeClients connections to a handler that
// checks the signature and then calls keep, and reports the 99th percentile.
func intake(b *testing.B, keep func(*http.Request, []byte) error) {
	secret := []byte("bench")
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		mac := hmac.New(sha256.New, secret)
		mac.Write(body)
		if err != nil || hex.EncodeToString(mac.Sum(nil)) != r.Header.Get("X-Signature") {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if err := keep(r, body); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	defer srv.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: intakeClients}}
	defer client.CloseIdleConnections()
	var left atomic.Int64
	left.Store(int64(b.N))
	times := make([][]time.Duration, intakeClients)
	b.ResetTimer()
	var wg sync.WaitGroup
	for i := range intakeClients {
		wg.Go(func() { times[i] = post(b, client, srv.URL, secret, benchBody(i), &left) })
	}
	wg.Wait()
	b.StopTimer()
	all := slices.Concat(times...)
	slices.Sort(all)
	if len(all) > 0 {
		b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
		b.ReportMetric(float64(len(all))/b.Elapsed().Seconds(), "req/s")
	}
}

func post(b *testing.B, client *http.Client, url string, secret, body []byte, left *atomic.Int64) (times []time.Duration) {
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	signature := hex.EncodeToString(mac.Sum(nil))
	for left.Add(-1) >= 0 {
		start := time.Now()
		req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			b.Error(err)
			return times
		}
		req.Header.Set("X-Signature", signature)
		res, err := client.Do(req)
		if err != nil {
			b.Error(err)
			return times
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if res.StatusCode != http.StatusAccepted {
			b.Errorf("status %d", res.StatusCode)
			return times
		}
		times = append(times, time.Since(start))
	}
	return times
}
