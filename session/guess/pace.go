package guess

import "time"

// A pace allows some failures at once, and then one after each interval, in a bucket that
// leaks at that rate.
type pace struct {
	burst float32
	each  time.Duration
}

// wider is the pace of a network that has room for more clients.
func (p pace) wider(times float32) pace {
	return pace{p.burst * times, time.Duration(float32(p.each) / times)}
}

// leak is what is left of a level after a time.
func (p pace) leak(level float32, seconds int32) float32 {
	return max(0, level-float32(seconds)/float32(p.each.Seconds()))
}

// admits reports room for one more.
func (p pace) admits(level float32) bool { return level+1 <= p.burst }

// The paces. One of an account and an address has two, for minutes and for days.
var (
	calm     = [2]pace{{5, time.Minute}, {20, time.Hour}}
	attacked = [2]pace{{1, 10 * time.Minute}, {4, 6 * time.Hour}}

	// ofAccount is when an account counts as attacked: beyond its burst.
	ofAccount = pace{50, 10 * time.Minute}
	// ofNetwork is for all accounts together, where none of them has logged in.
	ofNetwork = pace{20, 30 * time.Minute}

	// ofPlace lets a client that tries an old password again and again go on, since it
	// gets an answer after Hold each time, and there is still a try for another one.
	ofPlace = pace{50, Hold}
	// nearPlace is for all addresses of a network together from which the account has
	// logged in, where others have failed too often.
	nearPlace = pace{20, time.Minute}
)

const (
	// Hold is how long a client that was told nothing about its password waits for the
	// answer, from when it sent the password: its connection is busy for as long, and the
	// time does not tell whether the password was looked at.
	Hold = 10 * time.Second
	// most failures of an account that are remembered, so that an attack is over a day
	// after it has ended.
	mostOfAccount = 150
	// friendsDay is the time in which the accounts that have logged in at a network
	// become e times fewer.
	friendsDay = 24 * time.Hour
	// remembered is how long a place is one after the last login there.
	remembered = 30 * 24 * time.Hour
)
