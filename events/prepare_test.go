package events

import (
	"errors"
	"testing"
	"unicode"
)

// assigned are the code points that Unicode has given a meaning. The others
// are refused, whatever stands beside them (RFC 7622, 3; RFC 8264, 9.10).
var assigned = []*unicode.RangeTable{unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.Cc, unicode.Cf}

// neighbours are letters and digits of both directions around a code point.
var neighbours = [][2]string{{"x", ""}, {"", "x"}, {"א", ""}, {"", "א"}, {"x", "x"}, {"א", "א"}, {"1", ""}, {"", "1"}, {"א1", "א"}, {"א.", ""}, {"", ".א"}}

// The form in which a JID is shown names the same entity when it is sent back,
// so a part that was prepared is accepted and stays as it is (RFC 7622, 3; RFC
// 8264, 7). The test takes every code point there is, by itself, and beside
// letters where it is not a letter that stays as it is anyway.
func TestEveryCodePointIsPreparedForGood(t *testing.T) {
	t.Parallel()
	for part, prepare := range map[string]func(string) (string, error){
		"localpart": PrepareLocal, "domain": prepareDomain, "resource": PrepareResource,
	} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			for r := rune(0); r <= unicode.MaxRune; r++ {
				kept := checkPrepared(t, prepare, string(r))
				if kept && !unicode.IsMark(r) || !unicode.In(r, assigned...) {
					continue
				}
				for _, n := range neighbours {
					checkPrepared(t, prepare, n[0]+string(r)+n[1])
				}
			}
		})
	}
}

// checkPrepared prepares s twice, and reports that it stays as it is.
func checkPrepared(t *testing.T, prepare func(string) (string, error), s string) (kept bool) {
	once, err := prepare(s)
	if err != nil {
		if !errors.Is(err, ErrInvalidJID) {
			t.Errorf("%+q: %v", s, err)
		}
		return false
	}
	if once == s {
		return true
	}
	if twice, err := prepare(once); err != nil || twice != once {
		t.Errorf("%+q is prepared as %+q, and that as %+q, %v", s, once, twice, err)
	}
	return false
}
