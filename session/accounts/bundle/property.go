package bundle

import (
	"errors"
	"strconv"
	"time"
)

// TakeProperty takes one of those that Prosody keeps of an account beside its keys.
func (b *Bundle) TakeProperty(name, value string) {
	switch name {
	case "created":
		if t, err := strconv.ParseFloat(value, 64); err == nil && t > 0 && t < 1<<40 {
			b.Created = time.Unix(int64(t), 0)
			return
		}
	case "updated": // when the password was set, or anything else of the account
		return
	case "disabled":
		b.Disabled = b.Disabled || value == "true"
		return
	}
	b.Leave("property "+name, errors.New("there is no place for it: "+strconv.Quote(value[:min(len(value), 80)])))
}
