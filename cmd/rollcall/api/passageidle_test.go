package api

import (
	"testing"
	"testing/synctest"
	"time"
)

// The read that readers which have fallen behind share is forgotten when nobody has come
// for a while.
func TestPassagesAreForgottenWhenNobodyReads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p passages
		one, mine := p.at(0, 100)
		if !mine {
			t.Fatal("nobody reads the first one")
		}
		for range 3 {
			time.Sleep(passagesFor - time.Second)
			if again, mine := p.at(0, 100); again != one || mine {
				t.Error("it is forgotten while somebody comes")
			}
		}
		time.Sleep(passagesFor + time.Second)
		if len(p.kept) > 0 {
			t.Error("it is kept for nobody")
		}
		if again, mine := p.at(0, 100); again == one || !mine {
			t.Error("it is not read anew")
		}
		time.Sleep(passagesFor + time.Second)
	})
}
