package bench

import (
	"context"
	"path/filepath"
	"time"

	"github.com/rollcall-xmpp/rollcall/projector"
)

// liveSessions is how many sessions are live at the end of a log that is made, if it
// is long enough.
const liveSessions = 1000

// longRounds bounds the rounds of a measurement that takes as long as a long log
// does.
const longRounds = 3

// runLong makes the measurements on a long log. It gets its keyframes first, as it
// has them where the service has run.
func (b *Bench) runLong(ctx context.Context, list []part) error {
	if len(list) == 0 {
		return nil
	}
	if b.Log == "" {
		b.Log = filepath.Join(b.Data, "log")
		if err := b.makeLog(ctx, b.Log, b.Events, b.Events/10); err != nil {
			return err
		}
	}
	if err := b.opened(ctx, b.Log, func() error { return b.writeKeyframes(ctx) }); err != nil {
		return err
	}
	return b.runParts(ctx, list)
}

// writeKeyframes folds what is behind the newest one, and writes those that are
// missing.
func (b *Bench) writeKeyframes(ctx context.Context) error {
	info, err := b.bus.Log().Info(ctx)
	if err != nil {
		return err
	}
	b.Say("writing the keyframes of %d events, if there are none ...", info.Records)
	begun := time.Now()
	if _, err := tableOf(ctx, info, projector.Config{Log: b.bus.Log(), Keyframes: b.bus.Keyframes(), Write: true}); err != nil {
		return err
	}
	b.Say("... it took %s", time.Since(begun).Round(time.Millisecond))
	return nil
}

// makeLog makes a log whose sessions at the end are of this bench's connector.
func (b *Bench) makeLog(ctx context.Context, dir string, events, accounts int) error {
	b.Say("making a log of %d events ...", events)
	m := LogMaker{
		Events: events, Accounts: accounts, Live: min(liveSessions, accounts), Span: maxSpan, Seed: 1,
		Data: dir, Name: connector.Name, Instance: "bench",
	}
	_, err := m.Run(ctx)
	return err
}
