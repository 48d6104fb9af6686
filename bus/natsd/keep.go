package natsd

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/natsd/index"
)

// The pace of keeping indices. After a kill a start then has to read only the
// records that came within keepEvery, or 32 blocks of 8 MiB, which are some
// 1,000,000 records and a second; and what is written for that is a fraction of the
// records themselves.
const (
	keepEvery  = 2 * time.Minute
	keepBlocks = 32
	serverIdle = 3 * keepEvery // the server does not write the index any longer
)

// keepIndices keeps an index of each stream of which the server itself writes none,
// for it has more than a million subjects. It returns when quit is closed.
func (s *Server) keepIndices(every time.Duration) {
	k := keeper{kept: make(map[string]int), blocks: keepBlocks, idle: serverIdle}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-s.quit:
			return
		}
		streams, _ := filepath.Glob(filepath.Join(s.dir, "jetstream", "*", "streams", "*"))
		for _, stream := range streams {
			began := time.Now()
			switch n, err := k.keep(stream, began); {
			case err != nil && !errors.Is(err, index.ErrUnfit):
				s.log.Errorf("keep an index of stream %s: %s", filepath.Base(stream), err)
			case n > 0:
				s.log.out.Info("kept an index of a stream", "stream", filepath.Base(stream), "records", n, "took", time.Since(began))
			}
		}
	}
}

// A keeper knows how far the indices go.
type keeper struct {
	kept   map[string]int // how many blocks a stream had then
	blocks int            // that are worth an index
	idle   time.Duration
}

// keep keeps an index of a stream if it is worth it, and returns how many records it
// had to read for that. A stream of which it can't be done is left alone until there
// are as many blocks again.
func (k *keeper) keep(stream string, now time.Time) (records int, err error) {
	blocks, _ := filepath.Glob(filepath.Join(stream, "msgs", "*.blk"))
	if _, known := k.kept[stream]; !known {
		k.kept[stream] = len(blocks) // the server has just started, with an index
	}
	if len(blocks) < k.kept[stream]+k.blocks {
		return 0, nil
	}
	own, err := os.Stat(filepath.Join(stream, "msgs", "index.db"))
	if err == nil && now.Sub(own.ModTime()) < k.idle {
		return 0, nil
	}
	k.kept[stream] = len(blocks)
	return index.Keep(stream)
}
