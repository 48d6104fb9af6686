package keyframe

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// Format is the number of the form that Encode writes. A change that older builds would
// misread takes the next one. Where the log was cut to records younger than a session,
// that session is in the keyframes alone, so that Decode goes on reading the forms of
// released builds.
//
//	2  sessions without roles
//	3  roles, in the records that it holds
const Format = 3

// Reads reports that Decode can read a format.
func Reads(format int) bool { return format == 2 || format == Format }

const magic = "RCKF"

// maxHead bounds a head that is read by itself: with the leases of a thousand connectors.
const maxHead = 64 << 10

// ErrFormat: the keyframe is of another build's format.
var ErrFormat = errors.New("it is of another format")

// A Head says what a keyframe is of.
type Head struct {
	Format  int            // that it was decoded from; 0: it is to be encoded, as Format
	Stream  string         // that keeps the log
	Created int64          // Unix nanoseconds at which that was made
	Seq     events.Seq     // of the record after which the table is
	At      int64          // Unix nanoseconds at which the log stored it
	ID      events.EventID // of it: another in its place is of another log
	// Begins is as replay.Past's: when the first record was stored that this table
	// rests on, Unix nanoseconds; 0 if it rests on the whole log.
	Begins   int64
	Sessions int // of all accounts
	Accounts int // that have them
	// Leases is what the log says of connectors' leases; nil: nothing.
	Leases *session.Leases
}

// Name is the keyframe's in a store.
func (h Head) Name() events.Keyframe {
	return events.Keyframe{Format: cmp.Or(h.Format, Format), Created: h.Created, Seq: h.Seq, At: h.At}
}

// Of reports that the keyframe is of that log, as far as can be told without reading
// the record.
func (h Head) Of(log events.Info) bool {
	return h.Stream == log.Stream && h.Created == log.Created.UnixNano() && h.Seq <= log.Last
}

// Encode returns the data of a keyframe. It sorts accounts, leaves out those without
// sessions, and counts h.Sessions and h.Accounts by itself.
func Encode(h Head, accounts []*session.Account) []byte {
	accounts = slices.DeleteFunc(accounts, func(a *session.Account) bool { return len(a.Sessions()) == 0 })
	slices.SortFunc(accounts, func(a, b *session.Account) int { return a.JID().Compare(b.JID()) })
	h.Sessions, h.Accounts = 0, len(accounts)
	for _, a := range accounts {
		h.Sessions += len(a.Sessions())
	}
	e := encoder{b: make([]byte, 0, 256+200*h.Sessions)}
	e.head(h)
	for _, a := range accounts {
		e.account(a)
	}
	return sealed(e.b)
}

// sealed makes the body a keyframe's data.
func sealed(body []byte) []byte {
	sum := sha256.Sum256(body)
	body = append(body, sum[:]...)
	return encoding().EncodeAll(body, append(make([]byte, 0, 64+len(body)/3), magic+string(rune(Format))...))
}

// encoding is made once, for it takes megabytes. It is for any goroutine.
var encoding = sync.OnceValue(func() *zstd.Encoder {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true))
	if err != nil {
		panic(err) // the options are constant
	}
	return z
})

// Decode reads a keyframe's data. own gives a record that is about to be kept texts
// of its own; before it, they refer to a buffer that would stay in memory with them.
// Errors wrap ErrFormat or events.ErrDamaged.
func Decode(data []byte, own func(*events.Stored)) (Head, []*session.Account, error) {
	format, frame, err := opened(data)
	if err != nil {
		return Head{}, nil, err
	}
	body, err := decompress(frame)
	if err != nil {
		return Head{}, nil, fmt.Errorf("%w: %w", events.ErrDamaged, err)
	}
	n := len(body) - sha256.Size
	if n < 0 || sha256.Sum256(body[:n]) != [sha256.Size]byte(body[n:]) {
		return Head{}, nil, fmt.Errorf("%w: its hash is not that of its content", events.ErrDamaged)
	}
	d := decoder{b: body[:n], own: own}
	h := d.head()
	h.Format = format
	accounts := make([]*session.Account, 0, min(h.Accounts, len(body)/minAccount))
	for range h.Accounts {
		if d.err != nil {
			break
		}
		accounts = append(accounts, d.account())
	}
	if d.err == nil && len(d.b) > 0 {
		d.fail("%d bytes are left over", len(d.b))
	}
	if d.err != nil {
		return Head{}, nil, fmt.Errorf("%w: %w", events.ErrDamaged, d.err)
	}
	return h, accounts, nil
}

// opened is a keyframe's format, and what follows it.
func opened(data []byte) (format int, frame []byte, err error) {
	if len(data) <= len(magic) || string(data[:len(magic)]) != magic {
		return 0, nil, fmt.Errorf("%w: it is no keyframe", events.ErrDamaged)
	}
	if format = int(data[len(magic)]); !Reads(format) {
		return 0, nil, fmt.Errorf("%w: it has %d, this build reads up to %d", ErrFormat, format, Format)
	}
	return format, data[len(magic)+1:], nil
}

// DecodeHead reads the head of a keyframe whose data begins with events.KeyframePeek bytes,
// or all that there are. Whether the rest is there, and fits the hash, it does not look at.
// Errors are those of Decode.
func DecodeHead(data []byte) (Head, error) {
	format, frame, err := opened(data)
	if err != nil {
		return Head{}, err
	}
	z, err := zstd.NewReader(bytes.NewReader(frame), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(4*events.MaxKeyframe))
	if err != nil {
		return Head{}, fmt.Errorf("%w: %w", events.ErrDamaged, err)
	}
	defer z.Close()
	in := bufio.NewReader(z)
	size, err := binary.ReadUvarint(in)
	if err != nil || size > maxHead {
		return Head{}, fmt.Errorf("%w: how long its head is can't be read", events.ErrDamaged)
	}
	part := make([]byte, size)
	if _, err := io.ReadFull(in, part); err != nil {
		return Head{}, fmt.Errorf("%w: %w", events.ErrDamaged, err)
	}
	d := decoder{b: part}
	h := d.headFields()
	if h.Format = format; d.err != nil {
		return Head{}, fmt.Errorf("%w: %w", events.ErrDamaged, d.err)
	}
	return h, nil
}

func decompress(b []byte) ([]byte, error) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(4*events.MaxKeyframe))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return z.DecodeAll(b, nil)
}
