package events

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxActor is the greatest size of an Actor in an event, in bytes.
const MaxActor = 256

// An Actor is whoever did something: "cli USER@HOST" by the command line, "token NAME"
// over HTTP, or the JID of a client that did it by itself. "" is nobody that was named,
// as in all records from before there was the field. It is a type of its own so that no
// password gets into its place.
type Actor string

// Fit is the actor as events have it: printable UTF-8 of at most MaxActor bytes.
// Characters that are not printable become U+FFFD, and a text that is too long is cut
// between characters.
func (a Actor) Fit() Actor {
	name := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return utf8.RuneError
	}, string(a))
	if len(name) <= MaxActor {
		return Actor(name)
	}
	end := MaxActor
	for !utf8.RuneStart(name[end]) {
		end--
	}
	return Actor(name[:end])
}
