package main

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rogpeppe/go-internal/testscript"
)

// scriptStranger does to the log what somebody with other tools can: the stream
// allows no deletion.
func scriptStranger(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || args[0] != "write" {
		ts.Fatalf("usage: stranger write")
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	opts, err := loginOptions(ts.Getenv("ROLLCALL_NATS"))
	ts.Check(err)
	nc, err := nats.Connect(ts.Getenv("ROLLCALL_NATS"), append(opts, nats.Timeout(5*time.Second))...)
	ts.Check(err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	ts.Check(err)
	log, err := js.Stream(ctx, "RC_EV")
	ts.Check(err)
	newest, err := log.GetMsg(ctx, log.CachedInfo().State.LastSeq)
	ts.Check(err)
	_, err = js.Publish(ctx, newest.Subject, []byte("hello"))
	ts.Check(err)
}
