package bus

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/events"
)

// MaxFeeds is how many feeds there may be at a time.
const MaxFeeds = 50

// feedAckWait is after how long an event that was not acknowledged is given again; the second
// one is that of a feed in order, whose reader has only one to acknowledge, and can ask for more
// time.
const (
	feedAckWait        = 30 * time.Second
	feedAckWaitInOrder = 5 * time.Second
)

// Errors of feeds.
var (
	// ErrFeedName: the name is no name of a feed.
	ErrFeedName = errors.New("a feed's name has 1 to 32 of A-Z, a-z, 0-9, - and _")
	// ErrFeedExists: there is a feed of the name.
	ErrFeedExists = errors.New("there is a feed of that name")
	// ErrTooManyFeeds: there are MaxFeeds.
	ErrTooManyFeeds = errors.New("there are too many feeds")
)

var feedName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

// A Feed is a consumer of the published form that the server keeps: another program reads by it,
// and acknowledges.
type Feed struct {
	Name     string
	Subjects []string   // that it is of; none: all
	From     events.Seq // at which it began
	// InOrder: it gives an event when the one before is acknowledged, so that none comes after
	// a newer one, but for those that NATS, when it is killed, forgets were acknowledged.
	InOrder bool

	Pending   uint64     // events that it has not sent
	Unacked   uint64     // that it has sent and that are not acknowledged
	Delivered events.Seq // that it has sent last
	Acked     events.Seq // up to here all are acknowledged
	Oldest    time.Time  // when the first that is not acknowledged was published; zero: there is none
	Sent      bool       // it has sent any
	Active    time.Time  // when it has sent one, or one was acknowledged, last; zero: not since NATS started
}

// AddFeed makes a feed with the name, subjects, beginning and order of f. Events have to be
// acknowledged one by one within 30 s, or 5 s in order, and are otherwise given again, for as
// long as they are there. Errors are those of feeds, and events.ErrNotFound if nobody publishes.
func (p *Public) AddFeed(ctx context.Context, f Feed) error {
	if !feedName.MatchString(f.Name) {
		return ErrFeedName
	}
	stream, err := p.stream(ctx)
	if err != nil {
		return err
	}
	all, err := p.consumers(ctx, stream)
	switch {
	case err != nil:
		return err
	case slices.ContainsFunc(all, func(c *jetstream.ConsumerInfo) bool { return c.Name == f.Name }):
		return fmt.Errorf("%w: %s", ErrFeedExists, f.Name)
	case len(all) >= MaxFeeds:
		return fmt.Errorf("%w: %d; remove one", ErrTooManyFeeds, len(all))
	}
	return p.addConsumer(ctx, stream, feedConfig(&f))
}

func feedConfig(f *Feed) jetstream.ConsumerConfig {
	c := jetstream.ConsumerConfig{
		Durable:       f.Name,
		Description:   "Rollcall: a feed of the published form",
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:   uint64(max(f.From, 1)),
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       feedAckWait,
		MaxDeliver:    -1,
	}
	if len(f.Subjects) == 1 { // which some clients compare with what they are told
		c.FilterSubject = f.Subjects[0]
	} else {
		c.FilterSubjects = f.Subjects
	}
	if f.InOrder {
		c.MaxAckPending, c.AckWait = 1, feedAckWaitInOrder
	}
	return c
}

func (p *Public) stream(ctx context.Context) (stream jetstream.Stream, err error) {
	err = p.b.permitted(ctx, "STREAM.INFO."+publicStream, func(ctx context.Context) error {
		stream, err = p.b.js.Stream(ctx, publicStream)
		return err
	})
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, fmt.Errorf("stream %s: %w", publicStream, events.ErrNotFound)
	}
	return stream, unavailable(err)
}

func (p *Public) addConsumer(ctx context.Context, stream jetstream.Stream, c jetstream.ConsumerConfig) error {
	return unavailable(p.b.permitted(ctx, "CONSUMER.CREATE."+publicStream, func(ctx context.Context) error {
		_, err := stream.CreateConsumer(ctx, c)
		return err
	}))
}

// consumers are those that the server keeps.
func (p *Public) consumers(ctx context.Context, stream jetstream.Stream) (all []*jetstream.ConsumerInfo, err error) {
	return all, unavailable(p.b.permitted(ctx, "CONSUMER.LIST."+publicStream, func(ctx context.Context) error {
		list := stream.ListConsumers(ctx)
		for c := range list.Info() {
			if c.Config.Durable != "" {
				all = append(all, c)
			}
		}
		return list.Err()
	}))
}

func unavailable(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", events.ErrUnavailable, err)
}

// Feeds lists the feeds by their names, or events.ErrNotFound if nobody publishes.
func (p *Public) Feeds(ctx context.Context) ([]Feed, error) {
	stream, err := p.stream(ctx)
	if err != nil {
		return nil, err
	}
	consumers, err := p.consumers(ctx, stream)
	if err != nil {
		return nil, err
	}
	var all []Feed
	for _, c := range consumers {
		f := feedOf(c)
		if f.Pending+f.Unacked > 0 {
			if f.Oldest, err = p.oldest(ctx, &f); err != nil {
				return nil, err
			}
		}
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b Feed) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

func feedOf(c *jetstream.ConsumerInfo) Feed {
	f := Feed{
		Name: c.Name, Subjects: c.Config.FilterSubjects, From: events.Seq(c.Config.OptStartSeq), InOrder: c.Config.MaxAckPending == 1,
		Pending: c.NumPending, Unacked: uint64(max(c.NumAckPending, 0)),
		Delivered: events.Seq(c.Delivered.Stream), Acked: events.Seq(c.AckFloor.Stream), Sent: c.Delivered.Consumer > 0,
	}
	if c.Config.FilterSubject != "" {
		f.Subjects = []string{c.Config.FilterSubject}
	}
	for _, at := range []*time.Time{c.Delivered.Last, c.AckFloor.Last} {
		if at != nil && at.After(f.Active) {
			f.Active = *at
		}
	}
	return f
}

// oldest is when the first of a feed's events was published that is not acknowledged.
func (p *Public) oldest(ctx context.Context, f *Feed) (oldest time.Time, err error) {
	subjects := f.Subjects
	if len(subjects) == 0 {
		subjects = []string{publicPrefix + ".>"}
	}
	first := uint64(0)
	for _, subject := range subjects {
		m, err := p.b.next(ctx, publicStream, subject, uint64(f.Acked)+1)
		switch {
		case errors.Is(err, events.ErrNotFound):
		case err != nil:
			return oldest, fmt.Errorf("feed %s: %w", f.Name, err)
		case first == 0 || m.Seq < first:
			first, oldest = m.Seq, m.Time
		}
	}
	return oldest, nil
}

// RemoveFeed removes a feed, or fails with events.ErrNotFound.
func (p *Public) RemoveFeed(ctx context.Context, name string) error {
	if !feedName.MatchString(name) {
		return events.ErrNotFound
	}
	stream, err := p.stream(ctx)
	if err != nil {
		return err
	}
	err = p.b.permitted(ctx, "CONSUMER.DELETE."+publicStream, func(ctx context.Context) error { return stream.DeleteConsumer(ctx, name) })
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return events.ErrNotFound
	}
	return unavailable(err)
}

// Remake replaces the stream, as it was, by one for another source; see Make. Feeds are
// made again, and begin where it does. It is fine if another process did so before, or does
// at the same time.
func (p *Public) Remake(ctx context.Context, was PublicState, source, addresses string, first events.Seq) error {
	stream, err := p.stream(ctx)
	if err != nil {
		return err
	}
	feeds, err := p.consumers(ctx, stream)
	if err != nil {
		return err
	}
	// Of a stream that another process has just made some feeds may have been missing.
	switch now, err := p.State(ctx); {
	case err != nil:
		return err
	case !now.Made.Equal(was.Made):
		return nil
	}
	if err := p.remove(ctx); err != nil {
		return err
	}
	if err := p.Make(ctx, source, addresses, first); err != nil {
		return err
	}
	if stream, err = p.stream(ctx); err != nil {
		return err
	}
	for _, c := range feeds {
		f := feedOf(c)
		f.From = first
		if err := p.addConsumer(ctx, stream, feedConfig(&f)); err != nil {
			return fmt.Errorf("make the feed %s again: %w", f.Name, err)
		}
	}
	return nil
}
