package events

import (
	"reflect"
	"testing"
)

// Whatever event is added with a role, it is not forgotten by those who ask for it.
func TestTheRoleOfAnEventIsThatOfItsField(t *testing.T) {
	t.Parallel()
	n := 0
	for _, e := range samples {
		want := ""
		if f := reflect.ValueOf(e).FieldByName("Role"); f.IsValid() {
			want = f.String()
			n++
		}
		if got := RoleOf(e); got != want {
			t.Errorf("%s: %q, want %q", e.Kind(), got, want)
		}
	}
	if n == 0 {
		t.Error("no event has a role")
	}
}
