package names

import (
	"reflect"
	"testing"
)

// Whatever stands in the bucket is read without harm; and what can be read is written as
// something that says the same.
func FuzzForm(f *testing.F) {
	f.Add([]byte{})
	f.Add(new(known{removed: true, searched: 300, erased: 2}.first(7).begin(1 << 40)).encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := decode(b)
		if err != nil {
			return
		}
		again, err := decode(k.encode())
		if err != nil || !reflect.DeepEqual(again, k) {
			t.Errorf("%+v is read again as %+v, %v", k, again, err)
		}
	})
}

func TestAPseudonymStaysWithTheRecordItWasMadeFor(t *testing.T) {
	t.Parallel()
	late := known{}.first(90)
	who := late.incarnations[0].who
	k := late.begin(50) // which a reader of the whole log has found afterwards
	if i, ok := k.of(90); !ok || i.who != who || i.from != 50 {
		t.Errorf("the record is of %+v, not of %s", i, who)
	}
	if i, ok := k.of(49); !ok || i.who == who || !reflect.DeepEqual(k.begin(50), k) {
		t.Errorf("before it: %+v", k)
	}
	k = k.begin(70)
	if i, _ := k.of(60); i.from != 50 || len(k.incarnations) != 3 {
		t.Errorf("%+v", k)
	}
	if i, _ := k.of(90); i.who != who || i.from != 70 {
		t.Errorf("the record is of %+v, not of %s", i, who)
	}
}
