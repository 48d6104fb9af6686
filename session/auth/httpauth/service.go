package httpauth

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
)

// maxAnswer bounds the body of an answer, in bytes, and maxHeader its header.
const (
	maxAnswer = 4 << 10
	maxHeader = 16 << 10
)

// MaxKeep is the longest time for which a right password may be remembered.
const MaxKeep = time.Hour

// Config says where the service is.
type Config struct {
	// URL is asked; http:// is for this machine alone.
	URL string
	// Secret is told to the service; "" for none.
	Secret string
	// CAs are those that the service's certificate may be of; nil: the system's.
	CAs *x509.CertPool
	// Keep is how long a right password is remembered, at most MaxKeep; 0: not at all.
	Keep time.Duration
	// Connections bounds those to the service at once; default 32.
	Connections int
}

// A Service is an [auth.Verifier]. It may be used by many goroutines.
type Service struct {
	cfg    Config
	client http.Client
	kept   *kept
}

// New returns a service that nobody has asked. It fails if the configuration can't work.
func New(cfg Config) (*Service, error) {
	u, err := url.Parse(cfg.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil:
		return nil, errors.New("url: give https://HOST/PATH")
	case u.Scheme == "http" && !thisMachine(u.Hostname()):
		return nil, errors.New("url: passwords would cross the network in the clear: use https://")
	case cfg.Keep < 0 || cfg.Keep > MaxKeep:
		return nil, fmt.Errorf("cache: %s is not from 0 to %s", cfg.Keep, MaxKeep)
	}
	if cfg.Connections == 0 {
		cfg.Connections = 32
	}
	transport := &http.Transport{
		Proxy:           http.ProxyFromEnvironment,
		TLSClientConfig: &tls.Config{RootCAs: cfg.CAs, MinVersion: tls.VersionTLS12},
		MaxConnsPerHost: cfg.Connections, MaxIdleConnsPerHost: cfg.Connections, IdleConnTimeout: time.Minute,
		MaxResponseHeaderBytes: maxHeader, DisableCompression: true, ForceAttemptHTTP2: true,
	}
	return &Service{
		cfg: cfg, kept: newKept(cfg.Keep),
		client: http.Client{
			Transport: transport,
			// A password is for the service that was named, and for no other.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

func thisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Close closes the connections that nobody uses.
func (s *Service) Close() { s.client.CloseIdleConnections() }

// Check implements [auth.Verifier].
func (s *Service) Check(ctx context.Context, account events.JID, password string) error {
	if password == "" {
		return fmt.Errorf("%w: it is empty", auth.ErrWrongPassword)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.kept.has(account, password) {
		return nil
	}
	asked := time.Now() // the answer is no newer than the question
	err := s.ask(ctx, account, password)
	switch {
	case err == nil:
		s.kept.put(account, password, asked)
	case auth.IsAnswer(err) && !errors.Is(err, auth.ErrWrongPassword):
		s.kept.drop(account)
	}
	return err
}

// results are the words of an answer.
var results = map[string]error{
	"right": nil, "wrong": auth.ErrWrongPassword, "unknown": auth.ErrNoAccount, "expired": auth.ErrExpired, "disabled": auth.ErrDisabled,
}

// ask asks once. The library may repeat a request whose connection was closed before it
// was read.
func (s *Service) ask(ctx context.Context, account events.JID, password string) error {
	body, err := json.Marshal(question{account.Local(), account.Domain(), password})
	if err != nil {
		return errors.New("the question can't be written") // the library's text may quote it
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Cache-Control", "no-store")
	if s.cfg.Secret != "" {
		r.Header.Set("Authorization", "Bearer "+s.cfg.Secret)
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return reason(err)
	}
	defer answer.Body.Close()
	return read(answer)
}

type question struct {
	User     string `json:"user"`
	Domain   string `json:"domain"`
	Password string `json:"password"`
}

// reason is an error of the client without the URL, which the operator knows, or what the
// service has sent, which may quote anything.
func reason(err error) error {
	var op *net.OpError
	var verification *tls.CertificateVerificationError
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return context.DeadlineExceeded
	case errors.As(err, &verification):
		return verification
	case errors.As(err, &op):
		return op
	}
	return errors.New("the connection was lost, or what came is no HTTP")
}

// read takes an answer for one only if it can be nothing else.
func read(answer *http.Response) error {
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the status is %d, not 200", answer.StatusCode)
	}
	if kind != "application/json" {
		return errors.New("the answer is not of type application/json")
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil {
		return reason(err)
	}
	var a struct {
		Result string `json:"result"`
	}
	if len(body) > maxAnswer || json.Unmarshal(body, &a) != nil {
		return fmt.Errorf("the answer is no JSON of at most %d bytes", maxAnswer)
	}
	result, ok := results[a.Result]
	if !ok {
		return errors.New("the answer's result is none of right, wrong, unknown, expired, disabled")
	}
	return result
}
