package bench

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/keyframe"
	"github.com/rollcall-xmpp/rollcall/session"
)

// frameChunk is how many bytes of a keyframe go in one message, ours and raw.
const frameChunk = 256 << 10

// runKeyframe measures what it costs to write a keyframe and to read it, of tables of
// the given sizes. Raw stores and reads as many bytes.
func (b *Bench) runKeyframe(ctx context.Context) error {
	raw, err := b.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: "BENCHKEY", Subjects: []string{"benchkey"}})
	if err != nil {
		return err
	}
	for i, n := range b.Sessions {
		f := newFold(n)
		f.online()
		var accounts []*session.Account
		f.table.Snapshot(func(_ events.Position, all iter.Seq[*session.Account]) { accounts = slices.Collect(all) })
		k := keyframed{
			Bench: b, ctx: ctx, raw: raw, accounts: accounts,
			head: keyframe.Head{Stream: "BENCH", Created: 1, Seq: f.seq, At: int64(i + 1)},
		}
		if err := k.run(n); err != nil {
			return err
		}
	}
	return nil
}

// A keyframed is what is measured of one keyframe.
type keyframed struct {
	*Bench
	ctx      context.Context
	raw      jetstream.Stream
	accounts []*session.Account
	head     keyframe.Head
	data     []byte
}

func (k *keyframed) run(sessions int) error {
	encode := &turn{name: "encode", run: k.encode}
	store, storeRaw := &turn{name: "store", run: k.store}, &turn{name: "store raw", run: k.storeRaw}
	load, loadRaw := &turn{name: "load", run: k.load}, &turn{name: "load raw", run: k.loadRaw}
	for range k.Rounds {
		if err := takeTurns(1, encode, storeRaw, store, loadRaw, load); err != nil {
			return err
		}
		if err := errors.Join(k.bus.Keyframes().Remove(k.ctx, k.head.Name()), k.raw.Purge(k.ctx)); err != nil {
			return err
		}
	}
	what := fmt.Sprintf("keyframe of %d sessions: ", sessions)
	err := k.Row(what+"encode", inMS(middle(encode.took)), "",
		fmt.Sprintf("%.0f B each", float64(len(k.data))/float64(sessions)), inMS(middle(encode.cpu)))
	if err != nil {
		return err
	}
	if err := k.versus(what+"store", store, storeRaw); err != nil {
		return err
	}
	return k.versus(what+"read and decode", load, loadRaw)
}

func (k *keyframed) encode() error {
	k.data = keyframe.Encode(k.head, slices.Clone(k.accounts))
	return nil
}

func (k *keyframed) store() error { return k.bus.Keyframes().Create(k.ctx, k.head.Name(), k.data) }

func (k *keyframed) storeRaw() error {
	var acks []jetstream.PubAckFuture
	for chunk := range slices.Chunk(k.data, frameChunk) {
		ack, err := k.js.PublishMsgAsync(&nats.Msg{Subject: "benchkey", Data: chunk}, jetstream.WithStallWait(time.Minute))
		if err != nil {
			return err
		}
		acks = append(acks, ack)
	}
	for _, ack := range acks {
		select {
		case <-ack.Ok():
		case err := <-ack.Err():
			return err
		case <-k.ctx.Done():
			return k.ctx.Err()
		}
	}
	return nil
}

func (k *keyframed) load() error {
	data, err := k.bus.Keyframes().Read(k.ctx, k.head.Name())
	if err != nil {
		return err
	}
	_, _, err = keyframe.Decode(data, func(*events.Stored) {})
	return err
}

func (k *keyframed) loadRaw() error {
	info, err := k.raw.Info(k.ctx)
	if err != nil {
		return err
	}
	return k.count(k.ctx, "BENCHKEY", info.State.FirstSeq, info.State.Msgs)
}
