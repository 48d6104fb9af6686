package main

import (
	"errors"
	"strings"

	"github.com/rollcall-xmpp/rollcall/events"
)

// permitted names what helps against a missing permission.
func permitted(err error) error {
	denied, ok := errors.AsType[*events.DeniedError](err)
	switch {
	case !ok:
		return err
	case strings.HasPrefix(denied.Subject, "$JS.API.STREAM.CREATE."), strings.HasPrefix(denied.Subject, "$JS.API.STREAM.UPDATE."):
		return &flagError{flag: "an administrator may: rollcall log create makes the streams", err: err}
	}
	return &flagError{flag: "take the key of a user that may; rollcall nats-config --help names them", err: err}
}
