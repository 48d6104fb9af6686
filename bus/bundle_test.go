package bus

import (
	"bytes"
	"slices"
	"testing"
)

func TestABundleGivesItsRecordsBackInOrder(t *testing.T) {
	t.Parallel()
	var b bundle
	want := [][]byte{{0x9c, 1}, {}, bytes.Repeat([]byte{0x9c}, 70_000)}
	for _, r := range want {
		b.add(r)
	}
	if got := slices.Collect(records(b.data)); !slices.EqualFunc(got, want, bytes.Equal) || b.records != 3 {
		t.Errorf("%d records, counted %d", len(got), b.records)
	}
}

func TestAMessageThatIsNoBundleIsOneRecord(t *testing.T) {
	t.Parallel()
	for _, data := range [][]byte{nil, {0x9c, 1, 2}, {bin32}, {bin32, 0, 0, 0, 9, 1}} {
		if got := slices.Collect(records(data)); len(got) != 1 || !bytes.Equal(got[0], data) {
			t.Errorf("%x gives %x", data, got)
		}
	}
}
