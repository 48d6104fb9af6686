package export

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/names"
)

// The choices of Config.
var (
	// Datasets are what rows may be of.
	Datasets = []string{datasetEvents, datasetSessions, datasetLogins, datasetOnline}
	// Formats are what files may be in.
	Formats = []string{formatParquet, formatNDJSON, formatCSV, formatOCSF, formatECS}
)

const (
	datasetEvents   = "events"
	datasetSessions = "sessions"
	datasetLogins   = "logins"
	datasetOnline   = "online"

	formatParquet = "parquet"
	formatNDJSON  = "ndjson"
	formatCSV     = "csv"
	formatOCSF    = "ocsf" // events alone, as are ecs
	formatECS     = "ecs"
)

// Pseudonyms tell them of records' accounts; names.Names is one.
type Pseudonyms interface {
	// OfAll fills pseudonyms with those of records, which are in the log's order.
	OfAll(ctx context.Context, records []*events.Stored, pseudonyms []names.Pseudonym) error
}

// A Config is what to export. Dir, Log, Pseudonyms and Key are required. To go on with a directory the
// same choices of its content must be made: datasets, classes, format, names, addresses,
// the key and Since.
type Config struct {
	Dir string     // made if it is not there
	Log events.Log // that is exported
	Pre Pre        // what happens before there is an account; nil: that is not exported
	// Keyframes, if not nil, tell who was there where an export begins in the middle of
	// the log.
	Keyframes  events.Keyframes
	Pseudonyms Pseudonyms
	Key        ed25519.PrivateKey

	Datasets  []string  // of Datasets; none: all; of ocsf and ecs events
	Classes   []string  // of Classes; none: all
	Format    string    // of Formats; "": parquet
	Names     bool      // rows have accounts, resources and whatever people have written
	Addresses Addresses // "": AddressesPrefix

	Since time.Time // from the hour of this time on; zero: from the log's beginning
	Until time.Time // up to the end of the hour before the one of this time; zero: the log's end

	Keep Keep // nil: all files are kept for ever. It may be another with each run

	// Progress is told how far it is, some times a second. It must not block.
	Progress func(Progress)
}

// Progress is how far an export is.
type Progress struct {
	Seq     events.Seq // of the newest record that was read
	End     events.Seq // of the log, when it was last asked
	At      time.Time  // when that record was stored
	Records uint64     // read by this process
}

// ErrChoice is wrapped by the errors of choices that nothing can be exported by.
var ErrChoice = errors.New("there is no such choice")

// Validate sets defaults and checks the choices.
func (c *Config) Validate() error {
	if err := c.Keep.validate(); err != nil {
		return err
	}
	ofEvents := c.Format == formatOCSF || c.Format == formatECS
	switch {
	case len(c.Datasets) == 0 && ofEvents:
		c.Datasets = []string{datasetEvents}
	case len(c.Datasets) == 0:
		c.Datasets = Datasets
	case ofEvents && !slices.Equal(c.Datasets, []string{datasetEvents}):
		return fmt.Errorf("%w: %s is of dataset events alone", ErrChoice, c.Format)
	}
	if len(c.Classes) == 0 {
		c.Classes = Classes
	}
	if c.Format == "" {
		c.Format = formatParquet
	}
	if c.Addresses == "" {
		c.Addresses = AddressesPrefix
	}
	if c.Progress == nil {
		c.Progress = func(Progress) {}
	}
	var err error
	if c.Datasets, err = choose("dataset", c.Datasets, Datasets); err != nil {
		return err
	}
	if c.Classes, err = choose("class", c.Classes, Classes); err != nil {
		return err
	}
	if _, err = choose("format", []string{c.Format}, Formats); err != nil {
		return err
	}
	_, err = choose("addresses", []string{string(c.Addresses)}, []string{string(AddressesPrefix), string(AddressesFull), string(AddressesNone)})
	return err
}

// choose returns what was chosen, in the order of all that may be.
func choose(what string, chosen, all []string) (list []string, err error) {
	for _, c := range chosen {
		if !slices.Contains(all, c) {
			return nil, fmt.Errorf("%w: %s %q; there are %s", ErrChoice, what, c, strings.Join(all, ", "))
		}
	}
	for _, a := range all {
		if slices.Contains(chosen, a) {
			list = append(list, a)
		}
	}
	return list, nil
}

// head is what the manifest begins with, but for where the log does.
func (c *Config) head(info events.Info) Head {
	return Head{
		Layout: layout, Stream: info.Stream, Created: info.Created.UTC(),
		Datasets: c.Datasets, Classes: c.Classes, Format: c.Format, Names: c.Names, Addresses: c.Addresses, Pre: c.wantsPre(),
		Key: textOfKey(c.Key.Public().(ed25519.PublicKey)),
	}
}
