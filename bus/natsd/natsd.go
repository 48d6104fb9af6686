// Package natsd runs a NATS server with JetStream inside this process, for an
// installation that wants no server of its own. It is the only package that
// imports the server.
//
//	server, err := natsd.Start(ctx, natsd.Options{DataDir: dir})
//	defer server.Shutdown()
//	nats, err := bus.Connect(ctx, bus.Config{InProcess: server})
//
// The server is a single one: its streams have one replica. A message that it
// has acknowledged survives the death of the process; whether it survives a
// power failure is [Options].Fsync, and with "always" it does after [Server.Sync].
// While its disk is full it stores nothing, and goes on by itself when there is room.
// It lets in whoever has the key that the first start makes in the data directory, which nobody
// but its owner can read ([KeyFile]); whoever has no key is refused, within this process too.
// A lock on the data directory keeps a second process out, for two servers on one
// directory destroy it; a copy of the directory that was made while a server ran is
// refused. The lock is flock's, which makes this a package for Unix.
package natsd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/rollcall-xmpp/rollcall/bus/commit"
)

// Errors of Start, each wrapped with the value that was refused.
var (
	ErrPortInUse  = errors.New("the port is in use")
	ErrBadAddress = errors.New("not an address to listen on")
	ErrUnwritable = errors.New("the directory can't be written")
	ErrLocked     = errors.New("another process uses the directory")
	ErrBadFsync   = errors.New("not a time to fsync at: always, or a duration of at least 10ms")
)

const (
	readyTimeout = 30 * time.Second // of listening, once the streams are recovered
	authTimeout  = 10 * time.Second // of a client, whose machine may be busy
	maxMemory    = 256 << 20        // bytes of streams in memory, of which there are none but consumers' state
	lockName     = "lock"
	storeName    = "nats"
)

// Options of the server.
type Options struct {
	DataDir string // made if missing
	Listen  string // host:port for other processes, port 0 for any; "" for this process only
	// Fsync is how often the server syncs to disk what it has written, which is
	// what a power failure may lose; default: 1s. With "always" whoever has an
	// acknowledgement calls Sync, and then it loses nothing.
	Fsync string
	// SyncEach makes the server itself sync each message before it acknowledges it,
	// one after the other, in place of Fsync: what "always" is measured beside.
	SyncEach bool
	Name     string // of the server, as NATS shows it
	// TLS is what clients of other processes must use; nil: none.
	TLS      *tls.Config
	MaxStore int64 // bytes of all streams; 0: 3/4 of the space that the disk has for them
	// Logger is told what the server warns of, each thing once a minute, and at
	// level info all that it says. nil: nobody is told.
	Logger *slog.Logger
}

// A Server runs until Shutdown. It is a nats.InProcessConnProvider.
type Server struct {
	ns      *server.Server
	log     *logger
	dir     string // of the streams
	lock    *os.File
	files   *allFiles
	door    *door
	started chan struct{}          // closed when ns.Start has returned; nil if it wasn't called
	js      server.JetStreamConfig // to open the streams again with; not changed after Start
	quit    chan struct{}          // closed by Shutdown
	tasks   sync.WaitGroup         // what runs beside the server
	stop    sync.Once
}

// Start starts a server and waits until JetStream has recovered what is on
// disk, however long that takes; after a second, and then every three, it logs
// which stream it is at. It gives up when ctx ends, but returns only when the
// directory is free again.
func Start(ctx context.Context, o Options) (*Server, error) {
	opts, err := o.server()
	if err != nil {
		return nil, err
	}
	if err := checkPort(o.Listen); err != nil {
		return nil, err
	}
	lock, err := lockDir(o.DataDir)
	if err != nil {
		return nil, err
	}
	if err := enter(lock); err != nil {
		lock.Close()
		return nil, err
	}
	s := &Server{log: newLogger(o.Logger), dir: opts.StoreDir, lock: lock, files: newAllFiles(o.DataDir), quit: make(chan struct{})}
	if s.door, err = newDoor(o.DataDir); err != nil {
		s.Shutdown()
		return nil, err
	}
	opts.CustomClientAuthentication = s.door
	if o.MaxStore == 0 {
		opts.JetStreamMaxStore = storeLimit(opts.StoreDir)
	}
	if err := s.start(ctx, opts); err != nil {
		s.Shutdown()
		return nil, err
	}
	s.tasks.Go(s.mend)
	s.tasks.Go(func() { s.keepIndices(keepEvery) })
	if !opts.SyncAlways {
		s.tasks.Go(func() { s.syncSettings(opts.SyncInterval) })
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, opts *server.Options) (err error) {
	if s.ns, err = server.NewServer(opts); err != nil {
		return fmt.Errorf("start NATS: %w", err)
	}
	s.ns.SetLoggerV2(s.log, false, false, false)
	wasKilled := killed(opts.StoreDir)
	s.started = make(chan struct{})
	go func() { // Shutdown waits for it
		if wasKilled {
			s.resume(opts.StoreDir)
		}
		s.ns.Start()
		close(s.started)
	}()
	if err := s.awaitStart(ctx); err != nil {
		return err
	}
	if !s.ns.ReadyForConnections(readyTimeout) || !s.ns.JetStreamEnabled() {
		return s.log.failure()
	}
	// Not before the blocks were read that a power failure may have left incomplete: a
	// server that is killed meanwhile must read them again.
	if err := markRunning(opts.StoreDir); err != nil {
		return fmt.Errorf("%w: %w", ErrUnwritable, err)
	}
	s.js = *s.ns.JetStreamConfig()
	s.js.StoreDir = opts.StoreDir // JetStream's own is below it
	return nil
}

// server checks the options and turns them into the server's.
func (o *Options) server() (*server.Options, error) {
	opts := &server.Options{
		ServerName:         o.Name,
		DontListen:         o.Listen == "",
		JetStream:          true,
		JetStreamMaxMemory: maxMemory,
		JetStreamMaxStore:  o.MaxStore,
		StoreDir:           filepath.Join(o.DataDir, storeName),
		NoSigs:             true,
		MaxPayload:         server.MAX_PAYLOAD_SIZE,
		AlwaysEnableNonce:  true,
		AuthTimeout:        authTimeout.Seconds(),

		DisableJetStreamBanner: true,
	}
	if o.Listen != "" {
		host, port, err := splitAddress(o.Listen)
		if err != nil {
			return nil, err
		}
		opts.Host, opts.Port = host, port
	}
	opts.SyncAlways, opts.TLSConfig = o.SyncEach, o.TLS
	return opts, o.fsync(opts)
}

func (o *Options) fsync(opts *server.Options) error {
	switch o.Fsync {
	case "always":
		opts.ServerName = commit.ServerName(o.Name)
		opts.SyncInterval = time.Second // of the writes that nobody waits for
	case "":
		opts.SyncInterval = time.Second
	default:
		d, err := time.ParseDuration(o.Fsync)
		if err != nil || d < 10*time.Millisecond {
			return fmt.Errorf("%w: %q", ErrBadFsync, o.Fsync)
		}
		opts.SyncInterval = d
	}
	return nil
}

// InProcessConn gives a connection that needs no port.
func (s *Server) InProcessConn() (net.Conn, error) { return s.ns.InProcessConn() }

// MaxStore is how many bytes all streams together may have.
func (s *Server) MaxStore() int64 { return s.js.MaxStore }

// Free is how many bytes the streams can still take: what their disk has free, but not more
// than MaxStore in all.
func (s *Server) Free() (int64, error) {
	free, err := freeOf(s.dir)
	if err != nil {
		return 0, err
	}
	used, err := s.ns.Jsz(nil)
	if err != nil {
		return 0, err
	}
	return max(min(free, s.js.MaxStore-int64(used.Store)), 0), nil
}

// URL is where other processes reach the server; "" if they can't.
func (s *Server) URL() string {
	if s.ns.Addr() == nil {
		return ""
	}
	return s.ns.ClientURL()
}

// Shutdown stops the server, waits until everything is on disk and releases
// the directory. It may be called again.
func (s *Server) Shutdown() {
	s.stop.Do(func() { close(s.quit) })
	s.tasks.Wait()
	if s.started != nil {
		<-s.started // a server that is shut down on its way up leaves files open
		s.ns.Shutdown()
		s.ns.WaitForShutdown()
		markStopped(s.dir)
	}
	s.files.close()
	leave(s.lock)
	s.lock.Close()
}
