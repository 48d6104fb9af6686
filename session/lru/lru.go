// Package lru keeps what was used last, in bounded memory.
//
// It is for values that can be read or asked for again, and for values that are
// no loss: a [Cache] forgets without telling. Where any entry may go as well as
// another a plain map is smaller and quicker (session/auth), and where the
// entries lose their meaning with time they are swept (session/c2s).
package lru

// A Cache is a map of bounded weight. Beyond its limit it forgets the entries
// that were put or got the longest ago. The zero Cache with a limit is empty
// and ready.
//
// Its owner guards it; it is not for several goroutines at once.
type Cache[K comparable, V any] struct {
	Limit int // of all weights together; set before the first Put

	weight  int
	entries map[K]*entry[K, V]
	ends    entry[K, V] // next is the newest entry, prev the oldest; a ring
}

type entry[K comparable, V any] struct {
	next, prev *entry[K, V]
	key        K
	value      V
	weight     int
}

// Put sets the value of a key, as the newest, and forgets the oldest others until
// the rest is within the limit; an entry that is heavier by itself is not kept.
// Weights are in what the limit is in: entries, bytes.
func (c *Cache[K, V]) Put(key K, value V, weight int) {
	c.Remove(key)
	if c.entries == nil {
		c.entries = map[K]*entry[K, V]{}
		c.ends.next, c.ends.prev = &c.ends, &c.ends
	}
	e := &entry[K, V]{key: key, value: value, weight: weight}
	c.entries[key] = e
	c.weight += weight
	c.pushFront(e)
	for c.weight > c.Limit {
		c.Remove(c.ends.prev.key)
	}
}

// Get returns the value of a key, which makes it the newest.
func (c *Cache[K, V]) Get(key K) (value V, ok bool) {
	e, ok := c.entries[key]
	if !ok {
		return value, false
	}
	e.unlink()
	c.pushFront(e)
	return e.value, true
}

// Peek is Get, but for that it leaves the order as it is.
func (c *Cache[K, V]) Peek(key K) (value V, ok bool) {
	e, ok := c.entries[key]
	if !ok {
		return value, false
	}
	return e.value, true
}

// Remove forgets a key, if it is there.
func (c *Cache[K, V]) Remove(key K) {
	e, ok := c.entries[key]
	if !ok {
		return
	}
	e.unlink()
	delete(c.entries, key)
	c.weight -= e.weight
}

// Clear forgets all.
func (c *Cache[K, V]) Clear() { *c = Cache[K, V]{Limit: c.Limit} }

// Len is the number of entries.
func (c *Cache[K, V]) Len() int { return len(c.entries) }

// Weight is that of all entries.
func (c *Cache[K, V]) Weight() int { return c.weight }

func (c *Cache[K, V]) pushFront(e *entry[K, V]) {
	e.prev, e.next = &c.ends, c.ends.next
	e.prev.next, e.next.prev = e, e
}

func (e *entry[K, V]) unlink() { e.prev.next, e.next.prev = e.next, e.prev }
