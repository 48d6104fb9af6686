package roster

import (
	"fmt"
	"testing"
)

func TestAFollowerSeesEachNoticeOnce(t *testing.T) {
	t.Parallel()
	var seen, next *Roster
	for i := range 3 * MaxNotices {
		next = next.WithNotice(fmt.Appendf(nil, "n%d", i))
		stored, err := Decode(uint64(i+1), next.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if i%3 != 2 {
			continue // a follower may miss versions
		}
		got := stored.NoticesSince(seen)
		if len(got) != 3 || string(got[0]) != fmt.Sprintf("n%d", i-2) || string(got[2]) != fmt.Sprintf("n%d", i) {
			t.Errorf("after %d: got %q", i, got)
		}
		seen = stored
	}
	if got := seen.NoticesSince(seen); len(got) != 0 {
		t.Errorf("seen again: %q", got)
	}
	if got := seen.NoticesSince(nil); len(got) != MaxNotices {
		t.Errorf("a roster carries %d notices, want %d", len(got), MaxNotices)
	}
}

func TestANoticeLeavesTheOlderRosterAlone(t *testing.T) {
	t.Parallel()
	one := (*Roster)(nil).WithNotice([]byte("1"))
	a, b := one.WithNotice([]byte("a")), one.WithNotice([]byte("b"))
	if got := a.NoticesSince(one); len(got) != 1 || string(got[0]) != "a" {
		t.Errorf("a: %q", got)
	}
	if got := b.NoticesSince(one); len(got) != 1 || string(got[0]) != "b" {
		t.Errorf("b: %q", got)
	}
	if len(Diff(one, a)) != 0 {
		t.Error("a notice is pushed")
	}
}

func TestRequestsSince(t *testing.T) {
	t.Parallel()
	first, err := (*Roster)(nil).Inbound(bob, Subscribe, Every, []byte("b"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := first.Roster.Inbound(carol, Subscribe, Every, []byte("c"))
	if err != nil {
		t.Fatal(err)
	}
	if got := second.Roster.RequestsSince(first.Roster); len(got) != 1 || got[0].From != carol {
		t.Errorf("got %v", got)
	}
	if got := second.Roster.RequestsSince(nil); len(got) != 2 {
		t.Errorf("got %v", got)
	}
}
