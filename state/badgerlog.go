package state

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
)

// badgerLog hands Badger's messages to slog: what it calls information is detail to us.
type badgerLog struct{ log *slog.Logger }

func (l badgerLog) write(level slog.Level, format string, args []any) {
	if !l.log.Enabled(context.Background(), level) {
		return // Badger logs every single write; do not format for nothing
	}
	l.log.Log(context.Background(), level, "badger", "message", strings.TrimSpace(fmt.Sprintf(format, args...)))
}

// Errorf, Warningf, Infof and Debugf are Badger's Logger interface.
func (l badgerLog) Errorf(f string, a ...any) { l.write(slog.LevelWarn, f, a) }

// Warningf is part of Badger's Logger.
func (l badgerLog) Warningf(f string, a ...any) { l.write(slog.LevelWarn, f, a) }

// Infof is part of Badger's Logger.
func (l badgerLog) Infof(f string, a ...any) { l.write(slog.LevelDebug, f, a) }

// Debugf is part of Badger's Logger.
func (l badgerLog) Debugf(f string, a ...any) { l.write(slog.LevelDebug, f, a) }
