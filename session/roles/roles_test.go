package roles

import (
	"slices"
	"strings"
	"testing"
)

func TestEachBuiltInRoleMayDoAllThatTheOneBeforeItMay(t *testing.T) {
	t.Parallel()
	s := Standard()
	order := []string{Guest, Registered, Member, Admin, Operator}
	for i, name := range order {
		if i == 0 {
			continue
		}
		more, less := s.Role(name), s.Role(order[i-1])
		if !more.Covers(less) || less.Covers(more) {
			t.Errorf("%s covers %s: %v, and the other way %v; want true, false", name, order[i-1], more.Covers(less), less.Covers(more))
		}
	}
	for p := range Permissions() {
		if !s.May(Operator, p) {
			t.Errorf("the operator may not %s", p)
		}
	}
}

func TestWhatIsNotGrantedIsDenied(t *testing.T) {
	t.Parallel()
	s, err := New(Definition{Name: "mute"})
	if err != nil {
		t.Fatal(err)
	}
	for p := range Permissions() {
		for _, name := range []string{"mute", "nosuch"} {
			if s.May(name, p) {
				t.Errorf("%s may %s", name, p)
			}
		}
	}
	var none *Role
	if none.May(Message) || none.Limit(Sessions, 7) != 0 || none.Name() != "" || none.Covers(s.Role(Guest)) || !none.Covers(nil) {
		t.Error("nil is a role")
	}
}

func TestAnAccountOfWhichNothingIsSaidIsAMember(t *testing.T) {
	t.Parallel()
	if got := Standard().Role("").Name(); got != Member {
		t.Errorf("it is %q", got)
	}
}

func TestARoleAddsToWhatItInheritsAndTakesFromIt(t *testing.T) {
	t.Parallel()
	s, err := New(
		Definition{Name: "lead", Inherits: []string{"support"}, Allow: []string{"end-sessions"}},
		Definition{Name: "support", Inherits: []string{Member, Guest}, Allow: []string{"see-sessions"}, Deny: []string{"publish"}},
		Definition{Name: Guest, Deny: []string{"message"}, Limits: map[string]int{"sessions": 2}},
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		role string
		p    Permission
		want bool
	}{
		{"support", SeeSessions, true}, {"support", Publish, false}, {"support", EndSessions, false}, {"support", Roster, true},
		{"lead", SeeSessions, true}, {"lead", Publish, false}, {"lead", EndSessions, true},
		{Member, Publish, true}, {Member, Message, false}, {Guest, Message, false},
	} {
		if got := s.May(test.role, test.p); got != test.want {
			t.Errorf("%s may %s: %v", test.role, test.p, got)
		}
	}
	if got, want := s.Role("lead").Inherits(), []string{"support", Member, Registered, Guest}; !slices.Equal(got, want) {
		t.Errorf("lead inherits from %v, want %v", got, want)
	}
	if got := s.Role(Guest).Limit(Sessions, 100); got != 2 {
		t.Errorf("a guest may have %d sessions", got)
	}
	if got := s.Role("lead").Limit(Sessions, 100); got != 100 {
		t.Errorf("a lead may have %d sessions", got)
	}
}

func TestALimitIsInheritedUnlessItIsSaid(t *testing.T) {
	t.Parallel()
	s, err := New(
		Definition{Name: "small", Inherits: []string{Member}, Limits: map[string]int{"stored": 5, "logins": 3}},
		Definition{Name: "smaller", Inherits: []string{"small"}, Limits: map[string]int{"stored": 0}},
		Definition{Name: "free", Inherits: []string{"small"}, Limits: map[string]int{"logins": Usual}},
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		role  string
		limit Limit
		want  int
	}{
		{"small", Stored, 5}, {"smaller", Stored, 0}, {"smaller", Logins, 3}, {"free", Logins, 60}, {"free", Stored, 5}, {Guest, Stored, 0}, {Registered, Stored, 60},
	} {
		if got := s.Role(test.role).Limit(test.limit, 60); got != test.want {
			t.Errorf("%s of %s: %d, want %d", test.limit, test.role, got, test.want)
		}
	}
}

func TestADefinitionThatCantBeIsRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		why  string
		defs []Definition
	}{
		{`"Big Boss" can't be a role's name`, []Definition{{Name: "Big Boss"}}},
		{`"" can't be a role's name`, []Definition{{}}},
		{"can't be a role's name", []Definition{{Name: strings.Repeat("x", MaxName+1)}}},
		{"the role a is defined twice", []Definition{{Name: "a"}, {Name: "a"}}},
		{"the role admin is built in and can't inherit", []Definition{{Name: Admin, Inherits: []string{Guest}}}},
		{"the role a inherits from b, which is no role", []Definition{{Name: "a", Inherits: []string{"b"}}}},
		{"the role a inherits from itself, by b", []Definition{{Name: "a", Inherits: []string{"b"}}, {Name: "b", Inherits: []string{"a"}}}},
		{`the role a: there is no permission "kick"; there are message, `, []Definition{{Name: "a", Allow: []string{"kick"}}}},
		{`the role a: there is no permission "all"`, []Definition{{Name: "a", Deny: []string{"all"}}}},
		{`the role a: there is no limit "beer"; there are logins, `, []Definition{{Name: "a", Limits: map[string]int{"beer": 1}}}},
		{"the role a: sessions = 101 is not between 0 and 100", []Definition{{Name: "a", Limits: map[string]int{"sessions": 101}}}},
		{"the role a: sessions = -3 is not", []Definition{{Name: "a", Limits: map[string]int{"sessions": -3}}}},
	} {
		if _, err := New(test.defs...); err == nil || !strings.Contains(err.Error(), test.why) {
			t.Errorf("%v: %v, want %q", test.defs, err, test.why)
		}
	}
}

func TestASessionMayTakeTheAccountsRolesAndWhatTheyInherit(t *testing.T) {
	t.Parallel()
	s, err := New(Definition{Name: "support", Inherits: []string{Registered}})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		primary string
		further []string
		want    string
	}{
		{"", nil, "member registered guest"},
		{Guest, nil, "guest"},
		{Member, []string{"support"}, "member registered guest support"},
		{Registered, []string{"gone", Admin}, "registered guest admin member"},
		{"gone", nil, ""},
	} {
		var got []string
		for _, r := range s.Assumable(test.primary, test.further) {
			got = append(got, r.Name())
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s, %v: %v, want %s", test.primary, test.further, got, test.want)
		}
	}
}

func TestWhatARoleIsDeniedIsNotHadByARoleThatItInheritsFrom(t *testing.T) {
	t.Parallel()
	s, err := New(
		Definition{Name: "helpdesk", Inherits: []string{Admin}, Deny: []string{"disable"}},
		Definition{Name: Operator, Deny: []string{"register"}},
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"helpdesk", Operator} {
		list := s.Assumable(name, nil)
		for _, r := range list {
			if !s.Role(name).Covers(r) {
				t.Errorf("a session of %s may take the role %s, which may do more: %s", name, r.Name(), r)
			}
		}
		if !slices.Contains(list, s.Role(Member)) {
			t.Errorf("a session of %s may not take the role %s", name, Member)
		}
	}
	if !slices.Contains(s.Assumable("helpdesk", []string{Admin}), s.Role(Admin)) {
		t.Error("a further role is not among those of its account")
	}
}

// Configuration and documents have the names.
func TestEveryPermissionAndLimitHasAName(t *testing.T) {
	t.Parallel()
	for p := range Permissions() {
		if got, ok := permission(p.String()); p.String() == "" || !ok || got != p {
			t.Errorf("permission %d is %q", p, p)
		}
	}
	for l := range limits {
		if got, ok := limit(l.String()); l.String() == "" || !ok || got != l {
			t.Errorf("limit %d is %q", l, l)
		}
	}
	if permissions > 64 {
		t.Error("a role has room for 64 permissions")
	}
}

func BenchmarkMay(b *testing.B) {
	r := Standard().Role(Member)
	for b.Loop() {
		if !r.May(Message) {
			b.Fatal("it may not")
		}
	}
}
