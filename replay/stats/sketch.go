package stats

import (
	"math"
	"math/bits"
)

// A sketch counts whole numbers, here milliseconds, so that their quantiles are told
// within 0.4 %, and those below 256 exactly, in some kilobytes: each power of two has 128
// places, as in HdrHistogram.
type sketch struct {
	counts []uint64
	n      uint64
	most   int64
}

const fineBits = 7 // of a number that tell its place

// place is where a number is counted.
func place(x int64) int {
	if x < 2<<fineBits {
		return int(x)
	}
	e := bits.Len64(uint64(x)) - fineBits - 1
	return e<<fineBits + int(x>>e)
}

// middle is the number in the middle of a place.
func middle(place int) int64 {
	if place < 2<<fineBits {
		return int64(place)
	}
	e := place>>fineBits - 1
	first := int64(place-e<<fineBits) << e
	return first + (1<<e-1)/2
}

// add counts a number; one below zero, which clocks that go back may give, as zero.
func (s *sketch) add(x int64) {
	x = max(x, 0)
	i := place(x)
	if i >= len(s.counts) {
		s.counts = append(s.counts, make([]uint64, i+1-len(s.counts))...)
	}
	s.counts[i]++
	s.n++
	s.most = max(s.most, x)
}

// quantile is the ceil(q*n)th number by size; 0 if there are none.
func (s *sketch) quantile(q float64) int64 {
	rank := uint64(math.Ceil(q * float64(s.n)))
	for i, n := range s.counts {
		if n >= rank {
			return min(middle(i), s.most)
		}
		rank -= n
	}
	return s.most
}
