package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/session/capacity"
)

// A process whose NATS is embedded has the log on its disk, and tells the others: the verbs,
// and processes that use its NATS.
const (
	diskVerb  = "disk"
	diskGroup = "disks"
)

// A diskLog is a log whose disk is asked for in one way or another.
type diskLog struct {
	*bus.Log
	disk func(context.Context) *capacity.Disk
}

// Disk implements capacity.DiskLog.
func (l diskLog) Disk(ctx context.Context) *capacity.Disk { return l.disk(ctx) }

// logOnDisk is the log of a service whose NATS is embedded in this process, or is elsewhere:
// then near is nil.
func logOnDisk(b *bus.Bus, near *natsd.Server) diskLog {
	if near == nil {
		return diskLog{b.Log(), func(ctx context.Context) *capacity.Disk { return farDisk(ctx, b) }}
	}
	return diskLog{b.Log(), func(context.Context) *capacity.Disk {
		d, err := nearDisk(near)
		if err != nil {
			return nil
		}
		return d
	}}
}

func nearDisk(near *natsd.Server) (*capacity.Disk, error) {
	free, err := near.Free()
	return &capacity.Disk{Free: uint64(max(free, 0))}, err
}

// farDisk is what the account may still store or, if it has no limit, what the process says
// that has the streams on its disk. Nobody does beside NATS servers of the operator's own.
func farDisk(ctx context.Context, b *bus.Bus) *capacity.Disk {
	ctx, cancel := context.WithTimeout(ctx, askSessions)
	defer cancel()
	if left, ok, err := b.Log().Left(ctx); ok && err == nil {
		return &capacity.Disk{Free: left, Account: true}
	}
	for answer, err := range b.Courier().Ask(ctx, diskVerb, nil) {
		var d capacity.Disk
		if err != nil || json.Unmarshal(answer, &d) != nil {
			return nil
		}
		return &d
	}
	return nil
}

// answerDisk tells others of the disk, if the streams are on one of this process.
func answerDisk(b *bus.Bus, near *natsd.Server) (stop func(), err error) {
	if near == nil {
		return func() {}, nil
	}
	stop, err = b.Courier().Answer(diskVerb, diskGroup, func(_ context.Context, _ []byte, send func([]byte) error) error {
		d, err := nearDisk(near)
		if err != nil {
			return err
		}
		answer, err := json.Marshal(d)
		if err != nil {
			return err
		}
		return send(answer)
	})
	if err != nil {
		return nil, fmt.Errorf("answer %s: %w", diskVerb, err)
	}
	return stop, nil
}
