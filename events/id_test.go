package events

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestIDsSortByTimeAndPrintAsULIDs(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_469_918_176_385)
	id, later := NewID(now), NewID(now.Add(time.Millisecond))
	if s := id.String(); len(s) != 26 || s[:10] != "01ARYZ6S41" || s >= later.String() {
		t.Errorf("%s, later %s", s, later)
	}
	if id.IsZero() || !(ID{}).IsZero() || NewID(now) == id {
		t.Errorf("%s is zero, or made again", id)
	}
	for _, s := range []string{id.String(), "01aryz6s41tsv4rrffq69g5fav"} {
		if p, err := ParseID(s); err != nil || p.String() != strings.ToUpper(s) {
			t.Errorf("%s: %v, %v", s, p, err)
		}
	}
	for _, s := range []string{"", "x", "01ARYZ6S41TSV4RRFFQ69G5FAU", "81ARYZ6S41TSV4RRFFQ69G5FAV"} {
		if p, err := ParseID(s); err == nil {
			t.Errorf("%q is %s", s, p)
		}
	}
}

func TestAnIDInJSON(t *testing.T) {
	t.Parallel()
	id, err := ParseID("01ARYZ6S41TSV4RRFFQ69G5FAV")
	if err != nil {
		t.Fatal(err)
	}
	for _, ids := range []any{[]ID{id, {}}, []EventID{EventID(id), {}}, []SessionID{SessionID(id), {}}, []ConnID{ConnID(id), {}}} {
		if text, err := json.Marshal(ids); err != nil || string(text) != `["01ARYZ6S41TSV4RRFFQ69G5FAV",""]` {
			t.Errorf("%T: %s, %v", ids, text, err)
		}
	}
}
