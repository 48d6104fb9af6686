package main

import (
	"io"
	"log/slog"
	"net/netip"
)

// failedLogins writes a line for each login that failed because of its password, which
// fail2ban reads (docs/fail2ban):
//
//	time=2026-11-30T14:03:07.123Z level=INFO msg="login failed" address=192.0.2.7 reason=wrong-password
//
// The address is the client's, as a trusted proxy has told it if there is one. It is the
// only thing in a line that a client has any say in, and is written by the process from
// its bytes: nothing that a client sends can look like a line. Other lines of the log name no
// address; whoever wants these has asked for them by a flag.
func failedLogins(w io.Writer) func(from netip.Addr, held bool) {
	log := slog.New(slog.NewTextHandler(w, nil))
	return func(from netip.Addr, held bool) {
		reason := "wrong-password"
		if held {
			reason = "too-many-failures"
		}
		log.Info("login failed", "address", from.WithZone("").String(), "reason", reason)
	}
}
