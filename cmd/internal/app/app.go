// Package app wires the parts of the service together, starts them in order and stops them in the reverse order.
package app

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"flipmirror/cmd/internal/config"
)

// errNotWired is the answer until the parts are joined.
var errNotWired = errors.New("this command is not wired up yet")

// DemoOptions are the flags of the demo that are not settings of the service.
type DemoOptions struct {
	ForgejoListen string // address of the made-up Forgejo; empty picks a free port on loopback, "-" starts none
	GitHubListen  string // address of the made-up GitHub; the same
	Data          string // folder for repositories and state; empty makes one and removes it at the end
	Once          bool   // show the whole flow once, then end
}

// SandboxOptions are the flags of the sandbox.
type SandboxOptions struct {
	ForgejoListen string // as in [DemoOptions]
	GitHubListen  string
	Data          string
}

// Serve runs the service until ctx ends.
func Serve(ctx context.Context, cfg config.Config, log *slog.Logger, out io.Writer) error {
	return errNotWired
}

// Demo runs the service against a made-up Forgejo and GitHub. Settings in cfg that nobody gave are made up too.
func Demo(ctx context.Context, o DemoOptions, cfg config.Config, log *slog.Logger, out io.Writer) error {
	return errNotWired
}

// Sandbox runs the made-up Forgejo and GitHub alone.
func Sandbox(ctx context.Context, o SandboxOptions, log *slog.Logger, out io.Writer) error {
	return errNotWired
}
