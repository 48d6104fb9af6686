package api

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
)

// Limits of a Server.
const (
	maxHeader     = 16 << 10 // bytes of a request's line and headers
	maxRequests   = 256      // that are answered at one time, streams not among them
	maxStreams    = 200
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	// stopTimeout is how long requests may take to end when the server stops.
	stopTimeout = 5 * time.Second
)

// A Config says what a Server needs. Position is required.
type Config struct {
	Logger *slog.Logger // nil: slog.Default
	// Position is the record up to which the present is known, and AwaitPosition waits for
	// another one. Both are called by any goroutine.
	Position      func() events.Seq
	AwaitPosition func(context.Context, events.Seq) error
	// Proxy reports proxies of other machines whose X-Forwarded-For is believed. Nil: there
	// are none.
	Proxy func(netip.Addr) bool
	// Answered is told of each request that was answered: the pattern that it matched, ""
	// if none, the status, and how long it took. Nil: nobody is told.
	Answered func(pattern string, status int, took time.Duration)
}

// A Server answers requests. Handle is for before Serve, which may run on several
// listeners.
type Server struct {
	cfg   Config
	mux   *http.ServeMux
	paths []string // patterns, in the order in which they were mounted
	turns chan struct{}

	streams     map[string]bool // patterns of those that may take as long as they like
	streamTurns chan struct{}

	pasts chan struct{} // turns of those that hold a table of the past
	folds chan struct{} // the turn of the one that computes figures

	figures figures

	guesses *rate.Limiter // of codes
	looked  *recent[*ask.LogReport]
	fed     *recent[ask.Feeds]

	listings chan struct{} // the turn of the one that reads all accounts
	holders  *recent[[]ask.Connector]
	days     chan struct{} // the turn of the one that counts the last day

	always map[string]http.Handler // by path
	around http.Handler            // what listeners answer with

	following  atomic.Int64  // streams that are being followed
	unrecorded atomic.Uint64 // questions that were refused because they can't be put on record
	cut        atomic.Uint64 // pages that ended because too much was looked at

	panicked atomic.Uint64 // questions that ended in a panic
	panics   sync.Map      // patterns of which one was logged
}

// Following is how many readers follow events at the moment.
func (s *Server) Following() int { return int(s.following.Load()) }

// Unrecorded is how many questions were refused because they could not be put on record.
func (s *Server) Unrecorded() uint64 { return s.unrecorded.Load() }

// ScanLimited is how many pages were not full because too many records were looked at.
func (s *Server) ScanLimited() uint64 { return s.cut.Load() }

// New returns a server without routes.
func New(cfg Config) *Server {
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Answered == nil {
		cfg.Answered = func(string, int, time.Duration) {}
	}
	s := &Server{always: map[string]http.Handler{}, cfg: cfg, mux: http.NewServeMux(), turns: make(chan struct{}, maxRequests),
		streams: map[string]bool{}, streamTurns: make(chan struct{}, maxStreams),
		pasts: make(chan struct{}, maxPasts), folds: make(chan struct{}, 1), figures: figures{least: leastFigure}, looked: newRecent[*ask.LogReport](lookEvery), fed: newRecent[ask.Feeds](feedsEvery),
		listings: make(chan struct{}, 1), holders: newRecent[[]ask.Connector](holdersEvery), days: make(chan struct{}, 1), guesses: rate.NewLimiter(guessRate, guessBurst)}
	s.mux.HandleFunc("/", s.notFound)
	s.around = s
	return s
}

// Handle mounts a handler at a pattern of http.ServeMux with a method, which must be free.
func (s *Server) Handle(pattern string, h http.Handler) {
	s.paths = append(s.paths, pattern)
	s.mux.Handle(pattern, h)
}

// Around has listeners answer with another handler, which passes on to the server what it
// does not answer by itself.
func (s *Server) Around(h http.Handler) { s.around = h }

// mount mounts a route.
func (s *Server) mount(route *Route, h http.HandlerFunc) {
	s.streams[route.Pattern] = route.stream
	s.Handle(route.Pattern, h)
}

// HandleAlways mounts a handler at a path that is answered however many requests are, and
// without asking for a position: of the health of the process.
func (s *Server) HandleAlways(path string, h http.Handler) {
	s.paths = append(s.paths, "GET "+path)
	s.always[path] = h
}

// Patterns are those that handlers are mounted at, in the order of their mounting.
func (s *Server) Patterns() []string { return s.paths }

// notFound answers for paths that nothing is mounted at, and for methods that are not
// mounted at a path. http.ServeMux would do so in plain text.
func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := s.mux.Handler(other); pattern != "/" && pattern != "" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		WriteProblem(w, Problem{Status: http.StatusNotFound, Detail: "there is nothing at this path; /v1/openapi.json lists what there is"})
		return
	}
	for _, method := range allowed {
		w.Header().Add("Allow", method)
	}
	WriteProblem(w, Problem{Status: http.StatusMethodNotAllowed, Detail: "this path is for " + allowed[0]})
}

// ServeHTTP implements http.Handler, for listeners of somebody else.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := &answered{ResponseWriter: w}
	defer s.count(a, r, time.Now())
	defer s.rescue(a, r)
	s.answer(a, r)
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if first, ok := s.always[r.URL.Path]; ok {
		s.answerAlways(w, r, first)
		return
	}
	turns := s.turns
	if _, pattern := s.mux.Handler(r); s.streams[pattern] {
		turns = s.streamTurns
	}
	select {
	case turns <- struct{}{}:
		defer func() { <-turns }()
	default:
		h.Set("Retry-After", "1")
		WriteProblem(w, Problem{Status: http.StatusServiceUnavailable, Detail: "too many requests are being answered; try again"})
		return
	}
	h.Set("Rollcall-Position", strconv.FormatUint(uint64(s.cfg.Position()), 10))
	s.mux.ServeHTTP(w, r)
}

func (s *Server) answerAlways(w http.ResponseWriter, r *http.Request, h http.Handler) {
	r.Pattern = "GET " + r.URL.Path
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", http.MethodGet)
		WriteProblem(w, Problem{Status: http.StatusMethodNotAllowed, Detail: "this path is for GET"})
		return
	}
	h.ServeHTTP(w, r)
}

// Serve answers on a listener until ctx ends, over TLS if there is a configuration for it.
// Requests that are being answered then have 5 s left. It closes the listener.
func (s *Server) Serve(ctx context.Context, l net.Listener, secure *tls.Config) error {
	if secure != nil {
		secure = secure.Clone()
		secure.NextProtos = []string{"h2", "http/1.1"}
		l = tls.NewListener(l, secure)
	}
	server := &http.Server{
		Handler: s.behindProxies(s.around), MaxHeaderBytes: maxHeader, ReadHeaderTimeout: headerTimeout, ReadTimeout: headerTimeout, IdleTimeout: idleTimeout,
		BaseContext: func(net.Listener) context.Context { return ctx },
		// Handshakes that fail are not worth a line each.
		ErrorLog: slog.NewLogLogger(s.cfg.Logger.Handler(), slog.LevelDebug),
	}
	stopped := make(chan struct{})
	release := context.AfterFunc(ctx, func() {
		defer close(stopped)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			server.Close()
		}
	})
	err := server.Serve(l)
	if !release() {
		<-stopped
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
