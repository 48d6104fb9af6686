package lru

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A model is a cache as it is described: entries from the oldest to the newest.
type model struct {
	limit   int
	entries []entry[int, string]
}

func (m *model) find(key int) int {
	return slices.IndexFunc(m.entries, func(e entry[int, string]) bool { return e.key == key })
}

func (m *model) remove(key int) {
	if i := m.find(key); i >= 0 {
		m.entries = slices.Delete(m.entries, i, i+1)
	}
}

func (m *model) weight() (n int) {
	for _, e := range m.entries {
		n += e.weight
	}
	return n
}

func (m *model) put(key int, value string, weight int) {
	m.remove(key)
	m.entries = append(m.entries, entry[int, string]{key: key, value: value, weight: weight})
	for m.weight() > m.limit {
		m.entries = m.entries[1:]
	}
}

func (m *model) get(key int, use bool) (string, bool) {
	i := m.find(key)
	if i < 0 {
		return "", false
	}
	e := m.entries[i]
	if use {
		m.put(e.key, e.value, e.weight)
	}
	return e.value, true
}

func TestTheOldestGoAtTheLimit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(0, 20).Draw(t, "limit")
		c, m := Cache[int, string]{Limit: limit}, model{limit: limit}
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			key := rapid.IntRange(1, 12).Draw(t, "key")
			switch rapid.SampledFrom([]string{"put", "put", "get", "peek", "remove", "clear"}).Draw(t, "do") {
			case "put":
				value, weight := rapid.String().Draw(t, "value"), rapid.IntRange(0, 6).Draw(t, "weight")
				c.Put(key, value, weight)
				m.put(key, value, weight)
			case "get":
				got, ok := c.Get(key)
				if want, there := m.get(key, true); got != want || ok != there {
					t.Fatalf("got %q, %t, want %q, %t", got, ok, want, there)
				}
			case "peek":
				got, ok := c.Peek(key)
				if want, there := m.get(key, false); got != want || ok != there {
					t.Fatalf("peeked at %q, %t, want %q, %t", got, ok, want, there)
				}
			case "remove":
				c.Remove(key)
				m.remove(key)
			case "clear":
				if rapid.IntRange(1, 10).Draw(t, "really") == 1 {
					c.Clear()
					m.entries = nil
				}
			}
			if c.Len() != len(m.entries) || c.Weight() != m.weight() {
				t.Fatalf("%d entries of weight %d, want %d of %d", c.Len(), c.Weight(), len(m.entries), m.weight())
			}
		}
	})
}

func BenchmarkPutAtTheLimit(b *testing.B) {
	c := Cache[int, int]{Limit: 10_000}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		c.Put(n, n, 1)
		n++
	}
}
