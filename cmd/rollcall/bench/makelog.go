package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

const (
	// chunkSize is how many bytes of an archive go in one message.
	chunkSize = 512 << 10
	// chunkTimeout bounds the wait for the server to store one; it writes them to
	// a disk that others may use.
	chunkTimeout = time.Minute
	// leaseTTL is short, as that of a process that was killed a while ago has ended.
	leaseTTL = 2 * time.Second
	// maxSpan is less than the age of the log, so that nothing is forgotten at once.
	maxSpan = 29 * 24 * time.Hour
)

// A LogMaker makes the log of a service that has run for some days, in the data
// directory of one: "rollcall up" then serves it, as if the process before had
// been killed. All fields but Made are required.
type LogMaker struct {
	Events   int           // records in all
	Accounts int           // that have been there at least once; at most a tenth of Events
	Live     int           // sessions at the end; at most a tenth of Events
	Span     time.Duration // from the first record to the last, which is of now; at most 29 days
	Seed     uint64        // of chance: the same one makes the same histories

	Data     string // the directory, empty or new
	Name     string // of the connector that has written it all
	Instance string // of that connector; see bus.LeaseRequest

	// Made is told how many records there are, at least every few thousand. It
	// must not block.
	Made func(records int)
}

// Validate checks the numbers.
func (m *LogMaker) Validate() error {
	switch {
	case m.Events < 1000 || m.Events > maxNumber:
		return errors.New("a log has from 1,000 to 100,000,000 events")
	case m.Accounts < 1 || m.Accounts > m.Events/10:
		return errors.New("each account has ten events on average, or more")
	case m.Live < 1 || m.Live > m.Events/10 || m.Live > m.Accounts:
		return errors.New("of ten events at most one is of a session that is there at the end, and of each account at most one")
	case m.Span < time.Second || m.Span > maxSpan:
		return errors.New("a log is from 1 s to 29 days long")
	}
	return nil
}

// Run makes the log, unless it is there already: made is false if so. A log that
// was not finished can't be served, and is not continued.
func (m *LogMaker) Run(ctx context.Context) (made bool, err error) {
	if err := m.Validate(); err != nil {
		return false, err
	}
	srv, err := natsd.Start(ctx, natsd.Options{DataDir: m.Data})
	if err != nil {
		return false, err
	}
	defer srv.Shutdown()
	b, err := bus.Connect(ctx, bus.Config{InProcess: srv, Name: "bench log"})
	if err != nil {
		return false, err
	}
	defer b.Close()
	if info, err := b.Log().Info(ctx); err != nil || info.Last > 0 {
		return false, errors.Join(err, m.compare(info))
	}
	nc, err := nats.Connect("", nats.InProcessServer(srv), srv.Login())
	if err != nil {
		return false, err
	}
	defer nc.Close()
	lease, err := b.Leases().Acquire(ctx, bus.LeaseRequest{Name: m.Name, Instance: m.Instance, TTL: leaseTTL})
	if err != nil {
		return false, err
	}
	if err := m.restore(ctx, nc, m.newCrowd(lease.Incarnation())); err != nil {
		return false, err
	}
	info, err := b.Log().Info(ctx)
	return true, errors.Join(err, m.compare(info))
}

// compare says what is wrong with a log that should be the one that is asked for.
func (m *LogMaker) compare(info events.Info) error {
	if info.Records == uint64(m.Events) && info.Last == events.Seq(m.Events) {
		return nil
	}
	return fmt.Errorf("the log has %d of %d events; name a directory that is empty", info.Records, m.Events)
}

func (m *LogMaker) newCrowd(writer events.Incarnation) *crowd {
	return &crowd{
		rnd: rand.New(rand.NewPCG(m.Seed, m.Seed)), writer: writer, total: m.Events, wanted: m.Live,
		begin: time.Now().Add(-m.Span).UnixNano(), step: float64(m.Span) / float64(m.Events),
		prev: make([]events.Seq, m.Accounts),
	}
}

// restore puts a stream with the crowd's records in the place of the log's.
func (m *LogMaker) restore(ctx context.Context, nc *nats.Conn, c *crowd) error {
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	const name = "RC_EV"
	stream, err := js.Stream(ctx, name)
	if err != nil {
		return err
	}
	if err := js.DeleteStream(ctx, name); err != nil {
		return err
	}
	request, err := json.Marshal(map[string]any{
		"config": stream.CachedInfo().Config,
		"state":  archiveState{Messages: uint64(m.Events), First: 1, Last: uint64(m.Events)},
	})
	if err != nil {
		return err
	}
	r := restoring{ctx: ctx, nc: nc}
	answer, err := r.ask("$JS.API.STREAM.RESTORE."+name, request)
	if err != nil {
		return err
	}
	r.to = answer.DeliverSubject
	if err := m.write(&r, c); err != nil {
		return err
	}
	_, err = r.ask(r.to, nil)
	return err
}

// write writes the archive of all records.
func (m *LogMaker) write(w io.Writer, c *crowd) error {
	a, err := newArchive(w, m.Events)
	if err != nil {
		return err
	}
	var data []byte
	for seq := 1; seq <= m.Events; seq++ {
		r, at := c.next()
		data = r.Append(data[:0])
		if err := a.entry(bus.LogSubject(r.JID), at, uint64(seq), data); err != nil {
			return err
		}
		if m.Made != nil && (seq%1024 == 0 || seq == m.Events) {
			m.Made(seq)
		}
	}
	if c.known < m.Accounts {
		return fmt.Errorf("%d accounts have not been there", m.Accounts-c.known)
	}
	return a.close()
}

// A restoring is a stream that the server restores from the data that are written.
type restoring struct {
	ctx context.Context
	nc  *nats.Conn
	to  string // where the server wants it
}

// restoreAnswer is what the server says of the request, and of the end.
type restoreAnswer struct {
	DeliverSubject string `json:"deliver_subject"`
	Error          *struct {
		Description string `json:"description"`
	} `json:"error"`
}

// Write sends a part of the archive and waits until the server has it.
func (r *restoring) Write(b []byte) (n int, err error) {
	for n < len(b) {
		part := b[n:min(n+chunkSize, len(b))]
		if _, err := r.ask(r.to, part); err != nil {
			return n, err
		}
		n += len(part)
	}
	return n, nil
}

// ask sends a message of the protocol and reads the answer, which may be empty.
func (r *restoring) ask(subject string, data []byte) (a restoreAnswer, err error) {
	ctx, cancel := context.WithTimeout(r.ctx, chunkTimeout)
	defer cancel()
	m, err := r.nc.RequestWithContext(ctx, subject, data)
	if err != nil {
		return a, fmt.Errorf("restore the stream: %w", err)
	}
	if len(m.Data) == 0 {
		return a, nil
	}
	if err := json.Unmarshal(m.Data, &a); err != nil {
		return a, fmt.Errorf("restore the stream: %w", err)
	}
	if a.Error != nil {
		return a, fmt.Errorf("restore the stream: %s", a.Error.Description)
	}
	return a, nil
}
