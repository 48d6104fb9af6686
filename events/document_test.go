package events

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
)

// A bucket has one document, which others change before its writes, as
// overtaken and busy say.
type bucket struct {
	doc       Document
	overtaken []string // what others store, one before each write; "" deletes it
	busy      bool     // others change it before every write
	fails     error
	writes    int // that were tried
}

func (b *bucket) Get(ctx context.Context, _ JID) (Document, error) {
	switch {
	case b.fails != nil:
		return Document{}, b.fails
	case ctx.Err() != nil:
		return Document{}, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	case b.doc.Data == nil:
		return Document{}, ErrNotFound
	}
	return b.doc, nil
}

func (b *bucket) write(data []byte, revision uint64) error {
	b.writes++
	if b.busy {
		b.set("busy")
	}
	if len(data) > MaxDocument {
		return ErrTooLarge
	}
	if len(b.overtaken) > 0 {
		b.set(b.overtaken[0])
		b.overtaken = b.overtaken[1:]
	}
	if current := b.doc.Revision; b.doc.Data == nil && revision != 0 || b.doc.Data != nil && revision != current {
		return ErrConflict
	}
	b.set(string(data))
	return nil
}

func (b *bucket) set(data string) {
	b.doc.Revision++
	b.doc.Data = []byte(data)
	if data == "" {
		b.doc.Data = nil
	}
}

func (b *bucket) Put(_ context.Context, _ JID, data []byte, revision uint64) (uint64, error) {
	err := b.write(data, revision)
	return b.doc.Revision, err
}

func (b *bucket) Delete(_ context.Context, _ JID, revision uint64) error {
	return b.write(nil, revision)
}

func TestAnUpdateIsOfTheNewestDocument(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	for _, c := range []struct {
		name      string
		before    string
		overtaken []string
		change    string // added to the document; "-" deletes it, "!" refuses
		saw       []string
		after     string
	}{
		{"a first one", "", nil, "x", []string{""}, "x"},
		{"a change", "a", nil, "x", []string{"a"}, "ax"},
		{"changed by another", "a", []string{"b"}, "x", []string{"a", "b"}, "bx"},
		{"twice", "a", []string{"b", "c"}, "x", []string{"a", "b", "c"}, "cx"},
		{"made by another", "", []string{"b"}, "x", []string{"", "b"}, "bx"},
		{"deleted by another", "a", []string{""}, "x", []string{"a", ""}, "x"},
		{"deletion", "a", nil, "-", []string{"a"}, ""},
		{"deletion of none", "", nil, "-", []string{""}, ""},
		{"deletion, changed by another", "a", []string{"b"}, "-", []string{"a", "b"}, ""},
		{"refused", "a", nil, "!", []string{"a"}, "a"},
		{"none", "a", nil, "", []string{"a"}, "a"},
	} {
		b := &bucket{overtaken: c.overtaken}
		if c.before != "" {
			b.set(c.before)
		}
		var saw []string
		got, err := Update(t.Context(), b, JID{}, func(doc Document) ([]byte, error) {
			saw = append(saw, string(doc.Data))
			switch {
			case (doc.Revision == 0) != (doc.Data == nil):
				t.Errorf("%s: revision %d of %q", c.name, doc.Revision, doc.Data)
			case c.change == "-":
				return nil, nil
			case c.change == "!":
				return nil, refused
			}
			return append(slices.Clone(doc.Data), c.change...), nil
		})
		if (c.change == "!") != errors.Is(err, refused) || c.change != "!" && err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if !slices.Equal(saw, c.saw) || string(b.doc.Data) != c.after {
			t.Errorf("%s: it saw %q and left %q, want %q and %q", c.name, saw, b.doc.Data, c.saw, c.after)
		}
		if err == nil && (string(got.Data) != c.after || c.after != "" && got.Revision != b.doc.Revision) {
			t.Errorf("%s: it returned %q of revision %d, want that of %d", c.name, got.Data, got.Revision, b.doc.Revision)
		}
	}
}

func TestTheSameDataIsNotStoredAgain(t *testing.T) {
	t.Parallel()
	for _, before := range []string{"", "a"} {
		b := &bucket{}
		if before != "" {
			b.set(before)
		}
		_, err := Update(t.Context(), b, JID{}, func(doc Document) ([]byte, error) { return slices.Clone(doc.Data), nil })
		if err != nil || b.writes > 0 {
			t.Errorf("%q: %d writes, %v", before, b.writes, err)
		}
	}
}

func TestAnUpdateThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	add := func(doc Document) ([]byte, error) { return append(slices.Clone(doc.Data), 'x'), nil }
	_, err := Update(t.Context(), &bucket{fails: ErrUnavailable}, JID{}, func(Document) ([]byte, error) {
		t.Error("a document that can't be read is changed")
		return nil, nil
	})
	if !errors.Is(err, ErrUnavailable) {
		t.Errorf("unavailable: %v", err)
	}
	b := &bucket{}
	b.set(strings.Repeat("x", MaxDocument))
	if _, err := Update(t.Context(), b, JID{}, add); !errors.Is(err, ErrTooLarge) || len(b.doc.Data) != MaxDocument {
		t.Errorf("too large: %v, %d bytes are left", err, len(b.doc.Data))
	}
	ctx, cancel := context.WithCancel(t.Context())
	b = &bucket{busy: true}
	_, err = Update(ctx, b, JID{}, func(doc Document) ([]byte, error) {
		if b.writes == 100 {
			cancel()
		}
		return add(doc)
	})
	if !errors.Is(err, context.Canceled) || string(b.doc.Data) != "busy" {
		t.Errorf("canceled while others change it again and again: %v, left is %q", err, b.doc.Data)
	}
}

// A feed tells what it is made of: changes, or errors.
type feed struct {
	last  uint64
	tells []any
	fails error // of Last
	after uint64
}

func (f *feed) Last(context.Context) (uint64, error) { return f.last, f.fails }

func (f *feed) Watch(ctx context.Context, after uint64) iter.Seq2[Document, error] {
	f.after = after
	return func(yield func(Document, error) bool) {
		for _, each := range f.tells {
			doc, _ := each.(Document)
			err, _ := each.(error)
			if !yield(doc, err) {
				return
			}
		}
		<-ctx.Done()
	}
}

// end is the revision of the last change, 0 if the last thing that it tells is
// not a change.
func (f *feed) end() uint64 {
	doc, _ := f.tells[len(f.tells)-1].(Document)
	return doc.Revision
}

func TestAFollowerIsToldOfChangesAndInterruptions(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		feed feed
		want string
		err  error
	}{
		"changes":            {feed{last: 7, tells: []any{Document{Revision: 8}, Document{Revision: 9}}}, "begin 7, 8, 9", context.Canceled},
		"an interruption":    {feed{tells: []any{ErrUnavailable, Document{Revision: 1}}}, "begin 0, interrupted, 1", context.Canceled},
		"another log":        {feed{tells: []any{Document{Revision: 1}, ErrRewound, Document{Revision: 2}}}, "begin 0, 1", ErrRewound},
		"what can't be read": {feed{tells: []any{broken}}, "begin 0", broken},
		"no beginning":       {feed{fails: ErrUnavailable}, "", ErrUnavailable},
	} {
		for _, tellInterruptions := range []bool{true, false} {
			ctx, cancel := context.WithCancel(t.Context())
			var got []string
			f := Follower{
				Begin: func(last uint64) uint64 {
					got = append(got, fmt.Sprint("begin ", last))
					return last + 1
				},
				Changed: func(doc Document) {
					if got = append(got, fmt.Sprint(doc.Revision)); doc.Revision == c.feed.end() {
						cancel()
					}
				},
			}
			want := c.want
			if tellInterruptions {
				f.Interrupted = func() { got = append(got, "interrupted") }
			} else {
				want = strings.ReplaceAll(want, "interrupted, ", "")
			}
			err := Follow(ctx, &c.feed, f)
			cancel()
			if s := strings.Join(got, ", "); !errors.Is(err, c.err) || s != want {
				t.Errorf("%s: told %q, %v, want %q, %v", name, s, err, want, c.err)
			}
			if c.feed.fails == nil && c.feed.after != c.feed.last+1 {
				t.Errorf("%s: watched from %d", name, c.feed.after)
			}
		}
	}
}
