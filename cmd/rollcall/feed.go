package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
)

// newFeed groups the verbs about those who read what the role publisher publishes.
func newFeed(con *console) *cobra.Command {
	var svc service
	group := &cobra.Command{Use: "feed", Short: "Manage readers of the events published on NATS"}
	chooseOne(group)
	svc.flags(group)
	group.AddCommand(newFeedAdd(con, &svc), newFeedList(con, &svc), newFeedShow(con, &svc), newFeedRm(con, &svc))
	return group
}

// errNotPublished: no process has ever had the role publisher.
var errNotPublished = errors.New("nothing is published; start a process that does (rollcall up --roles connector,projector,http,publisher)")

// published says in our words that there is no stream.
func published(err error) error {
	if errors.Is(err, events.ErrNotFound) {
		return errNotPublished
	}
	return err
}

// feedNamed finds a feed.
func feedNamed(ctx context.Context, b *bus.Bus, name string) (bus.Feed, error) {
	all, err := b.Public().Feeds(ctx)
	if err != nil {
		return bus.Feed{}, published(err)
	}
	for _, f := range all {
		if f.Name == name {
			return f, nil
		}
	}
	return bus.Feed{}, errNoFeed
}

var errNoFeed = errors.New("there is no feed of that name; rollcall feed list has all")
