package handlers

import (
	"log/slog"
	"net/http"
	"time"
)

// The bounds of a connection. They are for strangers; both forges stay far below them.
const (
	// ReadHeaderTimeout ends connections that dribble their header.
	ReadHeaderTimeout = 5 * time.Second
	// ReadTimeout bounds header and body together: 25 MiB (GitHub's largest
	// delivery) in 30 s is 7 Mbit/s. GitHub itself gives up after 10 s, Forgejo after 5.
	ReadTimeout = 30 * time.Second
	// WriteTimeout bounds the whole exchange, the answer included. A handler that
	// streams lifts it, and ReadTimeout, through http.ResponseController.
	WriteTimeout = 60 * time.Second
	// IdleTimeout keeps a forge's or proxy's connection open between deliveries.
	IdleTimeout = 2 * time.Minute
	// MaxHeaderBytes is 4 times what a Forgejo delivery with all its header
	// families takes, with room for a proxy's; net/http answers 431 beyond.
	MaxHeaderBytes = 16 << 10
)

// NewServer returns a server for h with all bounds set. The address and the
// lifetime (Serve, Shutdown) are the caller's.
func NewServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: ReadHeaderTimeout,
		ReadTimeout:       ReadTimeout,
		WriteTimeout:      WriteTimeout,
		IdleTimeout:       IdleTimeout,
		MaxHeaderBytes:    MaxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}
