package bus

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/events"
)

const (
	// maxAudit is how many entries are kept; beyond it the oldest goes.
	maxAudit = 1_000_000
	// MaxAuditEntry is the greatest size of an entry in bytes.
	MaxAuditEntry = 4 << 10
)

// An AuditEntry is one in its place.
type AuditEntry struct {
	Seq  uint64
	At   time.Time // when it was stored
	Data []byte    // as it was appended
}

// Audit is a record that can only grow, until its entries are a year old or a million
// are younger. Errors wrap those of package events. It is safe for concurrent use.
type Audit struct{ b *Bus }

// Append stores an entry. An entry whose outcome is unknown (events.ErrUnresolved) may be
// there; one that is appended again then may be there twice, which does less harm than
// one that is missing.
func (a *Audit) Append(ctx context.Context, data []byte) error {
	if len(data) > MaxAuditEntry {
		return fmt.Errorf("audit: %w (%d bytes)", events.ErrTooLarge, len(data))
	}
	ctx, cancel := context.WithTimeout(ctx, a.b.cfg.AttemptTimeout)
	defer cancel()
	if _, err := a.b.store(ctx, auditStream, &nats.Msg{Subject: auditSubject, Data: data}); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}

// Read gives the entries that were stored at or after since and before until, oldest
// first; the zero time is no limit. An error is the last.
func (a *Audit) Read(ctx context.Context, since, until time.Time) iter.Seq2[AuditEntry, error] {
	return a.ReadRange(ctx, events.Range{Since: since, Until: until})
}

// ReadRange is Read by the record's sequences. The range has no account.
func (a *Audit) ReadRange(ctx context.Context, r events.Range) iter.Seq2[AuditEntry, error] {
	return func(yield func(AuditEntry, error) bool) {
		for d, err := range a.b.deliveries(ctx, auditStream, "", r) {
			if err != nil {
				yield(AuditEntry{}, err)
				return
			}
			if !yield(AuditEntry{d.seq, time.Unix(0, d.at), d.msg.Data}, nil) {
				return
			}
		}
	}
}

// Info describes the record, as Log.Info does the log.
func (a *Audit) Info(ctx context.Context) (events.Info, error) { return a.b.describe(ctx, auditStream) }
