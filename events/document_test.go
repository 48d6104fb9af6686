package events

import (
	"context"
	"errors"
	"slices"
	"testing"
)

// A bucket has one document, which others change before the writes that they
// are said to.
type bucket struct {
	doc       Document
	overtaken []string // what others store, one before each write; "" deletes it
	fails     error
}

func (b *bucket) Get(context.Context, JID) (Document, error) {
	switch {
	case b.fails != nil:
		return Document{}, b.fails
	case b.doc.Data == nil:
		return Document{}, ErrNotFound
	}
	return b.doc, nil
}

func (b *bucket) write(data []byte, revision uint64) error {
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
	return b.doc.Revision, b.write(data, revision)
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
	} {
		b := &bucket{overtaken: c.overtaken}
		if c.before != "" {
			b.set(c.before)
		}
		var saw []string
		err := Update(t.Context(), b, JID{}, func(doc Document) ([]byte, error) {
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
	}
	err := Update(t.Context(), &bucket{fails: ErrUnavailable}, JID{}, func(Document) ([]byte, error) {
		t.Error("a document that can't be read is changed")
		return nil, nil
	})
	if !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
}
