package publisher

import (
	"errors"
	"fmt"

	"github.com/rollcall-xmpp/rollcall/replay/public"
)

// Addresses say how much of clients' addresses is published.
type Addresses string

// How much.
const (
	Whole    Addresses = "full"    // with their ports
	Networks Addresses = "network" // the /24 of IPv4, the /48 of IPv6
	None     Addresses = "none"
)

// ParseAddresses reads one of the three words.
func ParseAddresses(word string) (Addresses, error) {
	switch a := Addresses(word); a {
	case Whole, Networks, None:
		return a, nil
	}
	return "", fmt.Errorf("%q is none of full, network, none", word)
}

func (a Addresses) form() public.Addresses {
	switch a {
	case Whole:
		return public.FullAddresses
	case Networks:
		return public.PrefixAddresses
	}
	return public.NoAddresses
}

// ErrAddresses: what is published has other addresses than this process is to publish.
var ErrAddresses = errors.New("addresses are published otherwise")
