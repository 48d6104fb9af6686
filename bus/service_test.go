package bus_test

import (
	"context"
	"slices"
	"testing"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
)

func TestProcessesThatServeTellOfThemselves(t *testing.T) {
	t.Parallel()
	server := serve(t, natsd.Options{})
	b := connect(t, bus.Config{InProcess: server})
	list, err := b.Serving(within(t))
	must(t, err)
	if len(list) != 0 {
		t.Errorf("nobody serves, and %v does", list)
	}
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	for _, port := range []string{"1", "2"} {
		of := connect(t, bus.Config{InProcess: server})
		served := make(chan error)
		go func() { served <- of.Serve(ctx, "1.0.0", map[string]string{"http": "127.0.0.1:" + port}, nil) }()
		t.Cleanup(func() {
			stop()
			must(t, <-served)
		})
	}
	var told []string
	for !slices.Equal(told, []string{"127.0.0.1:1", "127.0.0.1:2"}) {
		list, err := b.Serving(within(t))
		must(t, err)
		told = nil
		for _, about := range list {
			told = append(told, about["http"])
		}
		slices.Sort(told)
	}
}
