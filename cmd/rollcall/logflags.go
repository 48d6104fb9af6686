package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
)

// logFlags are what the log is to be when it is made. A log that is there keeps its
// limits: a start that shortened its age would remove records.
type logFlags struct {
	size, age string // as they were given
	replicas  int    // of all streams; 0: as many as there can be, up to 3

	limits logLimits // once validated
}

// maxReplicas is JetStream's.
const maxReplicas = 5

func (l *logFlags) define(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&l.size, "log-max-bytes", "", "`SIZE` of the log when it is made (default: 16GiB,\nor what there is); then: rollcall log set")
	f.StringVar(&l.age, "log-max-age", "", "`AGE` after which its records go: 30d (the\ndefault), 720h, forever")
	f.IntVar(&l.replicas, "replicas", 0, "`N` servers of a cluster that keep each stream,\nwhen it is made (default: 3)")
}

func (l *logFlags) validate() (err error) {
	if l.replicas < 0 || l.replicas > maxReplicas {
		return usagef("--replicas: %d is not from 1 to %d", l.replicas, maxReplicas)
	}
	if l.size != "" {
		n, err := parseLogSize(l.size)
		if err != nil {
			return usagef("--log-max-bytes: %w", err)
		}
		l.limits.bytes = &n
	}
	if l.age != "" {
		d, err := parseAge(l.age)
		if err != nil {
			return usagef("--log-max-age: %w", err)
		}
		l.limits.age = &d
	}
	return nil
}

// apply asks for them when the streams are made.
func (l *logFlags) apply(c *bus.Config) {
	c.Replicas = l.replicas
	if l.limits.bytes != nil {
		c.MaxBytes = *l.limits.bytes
	}
	if l.limits.age != nil {
		if c.MaxAge = *l.limits.age; c.MaxAge == 0 {
			c.MaxAge = -1 // for ever
		}
	}
}

// explain names what mends a NATS, not of this process, that can't take the streams.
func (l *logFlags) explain(err error) error {
	switch {
	case errors.Is(err, bus.ErrTooFew):
		return change("--replicas", err)
	case errors.Is(err, bus.ErrNoSpace) && l.limits.bytes != nil:
		return change("--log-max-bytes, or max_file_store of the NATS servers", err)
	case errors.Is(err, bus.ErrNoSpace):
		return change("max_file_store of the NATS servers", err)
	}
	return err
}

// differ reports that the log was made with other limits than these flags ask for.
func (l *logFlags) differ(info events.Info) bool {
	return l.limits.bytes != nil && uint64(*l.limits.bytes) != info.MaxBytes ||
		l.limits.age != nil && max(*l.limits.age, time.Duration(0)) != info.MaxAge
}
