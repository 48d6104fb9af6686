package commit

import "strings"

// mark ends the name of a server that acknowledges before it syncs.
const mark = "+sync"

// ServerName is the name of a server that leaves syncing to its process.
func ServerName(name string) string { return name + mark }

// Asks reports whether the acknowledgements of a server of that name are to be
// followed by a sync.
func Asks(serverName string) bool { return strings.HasSuffix(serverName, mark) }
