package guess

// sample is how many entries are compared when one has to go.
const sample = 8

// A book is a map of bounded size. The keys are hashes; two that share one share their
// entry. Its owner guards it.
type book[V any] struct {
	most    int
	worth   func(V) float32 // what is worth least is forgotten first
	entries map[uint64]V
}

func newBook[V any](most int, worth func(V) float32) book[V] {
	return book[V]{most: most, worth: worth, entries: map[uint64]V{}}
}

func (b *book[V]) get(key uint64) V { return b.entries[key] }

func (b *book[V]) put(key uint64, v V) {
	if _, known := b.entries[key]; !known && len(b.entries) >= b.most {
		b.forget()
	}
	b.entries[key] = v
}

// forget drops an entry: of some that a map gives first, which are others each time, the
// one that is worth least.
func (b *book[V]) forget() {
	var (
		victim uint64
		least  float32
		n      int
	)
	for key, v := range b.entries {
		if w := b.worth(v); n == 0 || w < least {
			victim, least = key, w
		}
		if n++; n == sample {
			break
		}
	}
	delete(b.entries, victim)
}
