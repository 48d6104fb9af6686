package jwt

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// A Remote is a set of keys at a URL.
type Remote struct {
	URL string         // http:// is for this machine alone; "": there is none
	CAs *x509.CertPool // that the server's certificate may be of; nil: the system's
}

const (
	refreshEvery = 15 * time.Minute // as long as keys are taken for those of now
	retryEvery   = 10 * time.Second // at most, whatever tokens name
	keepFor      = 24 * time.Hour   // without a fetch that worked
	fetchTime    = 3 * time.Second
)

// remoteKeys keeps what it fetched.
type remoteKeys struct {
	url    string
	client http.Client
	log    *slog.Logger
	turn   *semaphore.Weighted // of whoever fetches

	mu      sync.Mutex
	set     []key     // guarded; never changed
	fetched time.Time // guarded; when set was
	tried   time.Time // guarded; when the last fetch began
	failing bool      // guarded; as it went, and is known
	err     error     // guarded; of the last fetch
}

func newRemoteKeys(r Remote, log *slog.Logger) (*remoteKeys, error) {
	u, err := url.Parse(r.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("give https://HOST/PATH")
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme == "http" && u.Hostname() != "localhost" && !(ip != nil && ip.IsLoopback()) {
		return nil, errors.New("anybody on the way could change the keys: use https://")
	}
	return &remoteKeys{
		url: r.URL, log: log, turn: semaphore.NewWeighted(1),
		client: http.Client{
			Transport: &http.Transport{
				Proxy:           http.ProxyFromEnvironment,
				TLSClientConfig: &tls.Config{RootCAs: r.CAs, MinVersion: tls.VersionTLS12},
				IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// keys returns the set. It fetches it first if it has none, or if none of it has the id,
// and waits; and if the set is old, unless somebody else does.
func (r *remoteKeys) keys(ctx context.Context, kid string) ([]key, error) {
	set, due, missing := r.state(kid)
	switch {
	case missing && due:
		if err := r.turn.Acquire(ctx, 1); err != nil {
			return nil, fmt.Errorf("wait for the keys: %w", err)
		}
	case due && r.turn.TryAcquire(1):
	default:
		return r.usable(set)
	}
	defer r.turn.Release(1)
	if set, due, _ = r.state(kid); due { // nobody has fetched it meanwhile
		r.fetch(ctx)
		set, _, _ = r.state(kid)
	}
	return r.usable(set)
}

// state says what there is, whether it is time to fetch, and that the key is not there.
func (r *remoteKeys) state(kid string) (set []key, due, missing bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if now.Sub(r.fetched) < keepFor {
		set = r.set
	}
	missing = len(set) == 0 || kid != "" && !slices.ContainsFunc(set, func(k key) bool { return k.id == kid || k.id == "" })
	old := missing || now.Sub(r.fetched) >= refreshEvery
	return set, old && (r.tried.IsZero() || now.Sub(r.tried) >= retryEvery), missing
}

// usable fails where there is no set.
func (r *remoteKeys) usable(set []key) ([]key, error) {
	if len(set) > 0 {
		return set, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return nil, fmt.Errorf("there are no keys: %w", r.err)
}

// fetch fetches the set. The caller has the turn.
func (r *remoteKeys) fetch(ctx context.Context) {
	begun := time.Now()
	within, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	set, err := r.get(within)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err = err; ctx.Err() == nil { // otherwise it was the question that ended
		r.tried = begun
	}
	if err == nil {
		r.set, r.fetched = set, begun
	}
	if err != nil && !r.failing && len(r.set) > 0 {
		r.log.Warn("the keys of tokens can't be fetched again; those before stay in use, for a day", "error", err)
	}
	r.failing = err != nil
}

func (r *remoteKeys) get(ctx context.Context) ([]key, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	answer, err := r.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: the status is %d, not 200", r.url, answer.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("%s: the answer has more than %d bytes", r.url, maxFile)
	}
	set, err := parseSet(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.url, err)
	}
	return set, nil
}
