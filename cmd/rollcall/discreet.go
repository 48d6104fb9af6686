package main

import (
	"log/slog"
	"regexp"
	"slices"
)

// personal are the attributes that say whom a line of the log is about, or where a client
// is.
var personal = []string{"account", "address", "contact", "owner", "watcher"}

// accountForm is what looks like a JID with a localpart, within the text of an error.
var accountForm = regexp.MustCompile(`[^\s"'<>/:@]+@[^\s"'<>/:@,;)]+(/[^\s"',;)]+)?`)

// peerForm is the far end of a connection that was accepted, as package net writes it.
var peerForm = regexp.MustCompile(`->(\[[0-9a-f:.%]+\]|[0-9.]+):[0-9]+`)

// discreet leaves out of a line whom it is about, and where that is.
func discreet(groups []string, a slog.Attr) slog.Attr {
	if slices.Contains(personal, a.Key) {
		return slog.Attr{}
	}
	a = shorten(groups, a)
	if a.Value.Kind() == slog.KindString {
		text := accountForm.ReplaceAllString(a.Value.String(), "(an account)")
		a.Value = slog.StringValue(peerForm.ReplaceAllString(text, "->(a peer)"))
	}
	return a
}
