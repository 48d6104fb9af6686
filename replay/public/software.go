package public

import "strings"

// Software is what is left of an agent, "software, device, id", for those who are not to
// know whose it is: the software's name and its major version. A client that has not said
// all three may have named its device first, so nothing is left of that. It allocates
// nothing.
func Software(agent string) string {
	if strings.Count(agent, ", ") < 2 {
		return ""
	}
	name, _, _ := strings.Cut(agent, ", ")
	cut := strings.IndexFunc(name, isDigit)
	if cut < 0 {
		return name
	}
	end := strings.IndexFunc(name[cut:], func(r rune) bool { return !isDigit(r) })
	if end < 0 {
		return name
	}
	return name[:cut+end]
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }
