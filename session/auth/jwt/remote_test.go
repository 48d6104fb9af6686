package jwt

import (
	"bytes"
	"crypto"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/auth/authtest"
)

// A site has a set of keys, and can fail.
type site struct {
	*httptest.Server
	answer atomic.Pointer[http.HandlerFunc]
	asked  atomic.Int64
}

func serve(t testing.TB, text []byte) *site {
	s := &site{}
	s.gives(text)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		(*s.answer.Load())(w, r)
	}))
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

func (s *site) does(h http.HandlerFunc) { s.answer.Store(&h) }
func (s *site) gives(text []byte) {
	s.does(func(w http.ResponseWriter, _ *http.Request) { w.Write(text) })
}

// pass lets time go by for the keys that were fetched.
func (v *Verifier) pass(d time.Duration) {
	r := v.keys.(*remoteKeys)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fetched, r.tried = r.fetched.Add(-d), r.tried.Add(-d)
}

// rotation is a verifier whose keys are at a site that has one now, and tokens that are
// signed by that and by the next one.
func rotation(t *testing.T) (s *site, v *Verifier, log *bytes.Buffer, check func(kid string) error, next []byte) {
	t.Helper()
	rsaKey, edKey := pairs()
	s = serve(t, set(t, map[string]crypto.PublicKey{"r": rsaKey.Public()}))
	log = &bytes.Buffer{}
	v = verifier(t, Config{JWKSURL: Remote{URL: s.URL}, Logger: slog.New(slog.NewTextHandler(log, nil))})
	check = func(kid string) error {
		var method jwt.SigningMethod = jwt.SigningMethodRS256
		var key any = rsaKey
		if kid == "e" {
			method, key = jwt.SigningMethodEdDSA, edKey
		}
		return v.Check(t.Context(), authtest.Alice, sign(t, method, key, kid, claims(authtest.Alice, nil)))
	}
	return s, v, log, check, set(t, map[string]crypto.PublicKey{"e": edKey.Public()})
}

func TestKeysAreFetchedOnceAndThenWhenTheyAreOld(t *testing.T) {
	t.Parallel()
	s, v, _, check, next := rotation(t)
	for range 5 {
		if err := check("r"); err != nil {
			t.Error(err)
		}
	}
	if n := s.asked.Load(); n != 1 {
		t.Errorf("fetched %d times", n)
	}
	s.gives(next)
	v.pass(refreshEvery)
	if err := check("r"); err == nil || !auth.IsAnswer(err) {
		t.Errorf("a key that was taken away: %v", err)
	}
	if err := check("e"); err != nil || s.asked.Load() != 2 {
		t.Errorf("fetched %d times, %v", s.asked.Load(), err)
	}
}

func TestAKeyThatIsNotThereIsFetchedButNotAtEachTry(t *testing.T) {
	t.Parallel()
	s, v, _, check, next := rotation(t)
	if err := check("r"); err != nil {
		t.Error(err)
	}
	for range 5 {
		if err := check("unknown"); err == nil || !auth.IsAnswer(err) {
			t.Errorf("a key of nobody: %v", err)
		}
	}
	if n := s.asked.Load(); n != 1 {
		t.Errorf("fetched %d times", n)
	}
	s.gives(next)
	v.pass(retryEvery)
	if err := check("e"); err != nil || s.asked.Load() != 2 {
		t.Errorf("a new key: fetched %d times, %v", s.asked.Load(), err)
	}
}

func TestWhereKeysCanNotBeFetchedThoseBeforeAreUsedForADay(t *testing.T) {
	t.Parallel()
	s, v, log, check, _ := rotation(t)
	if err := check("r"); err != nil {
		t.Error(err)
	}
	s.does(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	for range 3 {
		v.pass(refreshEvery)
		if err := check("r"); err != nil {
			t.Error(err)
		}
	}
	if n := strings.Count(log.String(), "\n"); n != 1 || s.asked.Load() != 4 {
		t.Errorf("fetched %d times, and logged %s", s.asked.Load(), log)
	}
	v.pass(keepFor)
	if err := check("r"); auth.IsAnswer(err) {
		t.Errorf("after a day: %v", err)
	}
}

func TestWithoutKeysThereIsNoAnswer(t *testing.T) {
	t.Parallel()
	rsaKey, _ := pairs()
	token := sign(t, jwt.SigningMethodRS256, rsaKey, "r", claims(authtest.Alice, nil))
	good := set(t, map[string]crypto.PublicKey{"r": rsaKey.Public()})
	for name, answer := range map[string]http.HandlerFunc{
		"an error":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500); w.Write(good) },
		"elsewhere":    func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusFound) },
		"a page":       func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") },
		"an empty set": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"keys":[]}`) },
		"too much": func(w http.ResponseWriter, _ *http.Request) {
			w.Write(append(good, bytes.Repeat([]byte(" "), maxFile)...))
		},
		"half":        func(w http.ResponseWriter, _ *http.Request) { w.Write(good[:len(good)/2]) },
		"it hangs up": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"it hangs":    func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"a weak key": func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, `{"keys":[{"kty":"RSA","kid":"r","n":"AQAB","e":"AQAB"}]}`)
		},
		"for something": func(w http.ResponseWriter, _ *http.Request) {
			w.Write(bytes.ReplaceAll(good, []byte("sig"), []byte("enc")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, nil)
			s.does(answer)
			v := verifier(t, Config{JWKSURL: Remote{URL: s.URL}})
			for range 2 {
				if err := v.Check(t.Context(), authtest.Alice, token); auth.IsAnswer(err) || strings.Contains(err.Error(), token) {
					t.Errorf("%v", err)
				}
			}
			if n := s.asked.Load(); n != 1 {
				t.Errorf("fetched %d times at once", n)
			}
			s.gives(good)
			v.pass(retryEvery)
			if err := v.Check(t.Context(), authtest.Alice, token); err != nil {
				t.Errorf("mended: %v", err)
			}
		})
	}
}
