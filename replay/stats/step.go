package stats

import "time"

// fewSteps is how many steps StepFor gives a span at most.
const fewSteps = 100

// StepFor is a round step by which a span has some dozens.
func StepFor(span time.Duration) time.Duration {
	const day = 24 * time.Hour
	for _, step := range [...]time.Duration{
		time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute,
		30 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, day, 7 * day,
	} {
		if span <= fewSteps*step {
			return step
		}
	}
	return 30 * day
}

// steps are those of a span, in Unix nanoseconds.
type steps struct{ since, until, length int64 }

// of is the beginning of the step that an instant of the span is in.
func (s steps) of(at int64) int64 { return max(floor(at, s.length), s.since) }

// after is the beginning of the next step.
func (s steps) after(at int64) int64 { return floor(at, s.length) + s.length }

// count is how many there are.
func (s steps) count() int64 {
	if s.until <= s.since {
		return 0
	}
	return (floor(s.until-1, s.length)-floor(s.since, s.length))/s.length + 1
}

// floor is the greatest multiple of a length that is not greater.
func floor(at, length int64) int64 {
	rest := at % length
	if rest < 0 {
		rest += length
	}
	return at - rest
}

// instant is a time as rows have it.
func instant(at int64) time.Time { return time.Unix(0, at).UTC() }
