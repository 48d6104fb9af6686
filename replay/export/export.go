package export

import (
	"context"
	"fmt"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A Result is what an export has done.
type Result struct {
	Position    events.Position // up to which all is in segments that will not change
	Open        events.Seq      // up to which the files of the hour that goes on have it; 0: there are none
	Records     uint64          // that were read by this run
	Connections uint64          // records of connections without an account that were read by it
	Segments    int             // that were written by it
	Damaged     uint64          // records among those read that can't be decoded
}

// Run exports what the log has that the directory has not, and returns. Errors wrap
// ErrForeign, ErrInUse, ErrManifest, ErrChoice, or are those of the log or the file
// system. Whatever ends it, the next run goes on behind the last segment that is whole.
func Run(ctx context.Context, c Config) (*Result, error) {
	r, err := run(ctx, &c)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return r, nil
}

func run(ctx context.Context, c *Config) (*Result, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	d, err := openDirectory(c.Dir)
	if err != nil {
		return nil, err
	}
	defer d.close()
	log, err := openLane(ctx, c, d, c.Log, manifestName)
	if err != nil {
		return nil, err
	}
	defer log.close()
	lanes := []*lane{log}
	if c.wantsPre() {
		pre, err := openLane(ctx, c, d, preSource{c.Pre}, preManifestName)
		if err != nil {
			return nil, err
		}
		defer pre.close()
		pre.shared = true
		lanes = append(lanes, pre)
	}
	for _, l := range lanes {
		if err := l.makeTables(ctx); err != nil {
			return nil, err
		}
		if err := l.run(ctx); err != nil {
			return nil, err
		}
	}
	result := log.result
	for _, l := range lanes[1:] {
		result.Connections += l.result.Records
		result.Damaged += l.result.Damaged
	}
	return &result, nil
}
