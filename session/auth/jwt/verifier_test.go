package jwt

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/auth/authtest"
)

var secret = []byte("0123456789abcdef0123456789abcdef")

// pairs are made once: RSA's costs.
var pairs = sync.OnceValues(func() (*rsa.PrivateKey, ed25519.PrivateKey) {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	_, e, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return r, e
})

// sign makes a token; private is a []byte for HS256.
func sign(t testing.TB, method jwt.SigningMethod, private any, kid string, claims jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	if kid != "" {
		token.Header["kid"] = kid
	}
	text, err := token.SignedString(private)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// claims are good ones for an account, but for what change does.
func claims(account events.JID, change func(jwt.MapClaims)) jwt.MapClaims {
	c := jwt.MapClaims{
		"sub": account.Local(), "iss": "https://id.example.org", "aud": []string{"xmpp", "mail"},
		"exp": time.Now().Add(time.Hour).Unix(), "nbf": time.Now().Add(-time.Hour).Unix(),
	}
	if change != nil {
		change(c)
	}
	return c
}

// file writes a file of the test's.
func file(t testing.TB, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func publicPEM(t testing.TB, public crypto.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// set is a JWKS of public keys by their ids.
func set(t testing.TB, keys map[string]crypto.PublicKey) []byte {
	t.Helper()
	var list []map[string]string
	b64 := base64.RawURLEncoding.EncodeToString
	for id, k := range keys {
		switch k := k.(type) {
		case *rsa.PublicKey:
			list = append(list, map[string]string{"kty": "RSA", "kid": id, "use": "sig", "n": b64(k.N.Bytes()), "e": b64(big.NewInt(int64(k.E)).Bytes())})
		case ed25519.PublicKey:
			list = append(list, map[string]string{"kty": "OKP", "crv": "Ed25519", "kid": id, "alg": "EdDSA", "x": b64(k)})
		}
	}
	text, err := json.Marshal(map[string]any{"keys": list})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func verifier(t testing.TB, cfg Config) *Verifier {
	t.Helper()
	v, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTokensAreAVerifier(t *testing.T) {
	t.Parallel()
	rsaKey, edKey := pairs()
	public := map[string]crypto.PublicKey{"r": rsaKey.Public(), "e": edKey.Public()}
	for name, c := range map[string]struct {
		cfg     func(t *testing.T) Config
		method  jwt.SigningMethod
		private any
		kid     string
	}{
		"HS256":         {func(t *testing.T) Config { return Config{SecretFile: file(t, "secret", append(secret, '\n'))} }, jwt.SigningMethodHS256, secret, ""},
		"RS256":         {func(t *testing.T) Config { return Config{KeyFile: file(t, "rsa.pem", publicPEM(t, rsaKey.Public()))} }, jwt.SigningMethodRS256, rsaKey, ""},
		"EdDSA":         {func(t *testing.T) Config { return Config{KeyFile: file(t, "ed.pem", publicPEM(t, edKey.Public()))} }, jwt.SigningMethodEdDSA, edKey, "any"},
		"a set":         {func(t *testing.T) Config { return Config{JWKSFile: file(t, "keys.json", set(t, public))} }, jwt.SigningMethodEdDSA, edKey, "e"},
		"without an id": {func(t *testing.T) Config { return Config{JWKSFile: file(t, "keys.json", set(t, public))} }, jwt.SigningMethodRS256, rsaKey, ""},
		"a URL":         {func(t *testing.T) Config { return Config{JWKSURL: Remote{URL: serve(t, set(t, public)).URL}} }, jwt.SigningMethodRS256, rsaKey, "r"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			authtest.Run(t, func(t *testing.T) *authtest.World {
				cfg := c.cfg(t)
				cfg.Issuer, cfg.Audience = "https://id.example.org", "xmpp"
				right := func(account events.JID) string { return sign(t, c.method, c.private, c.kid, claims(account, nil)) }
				return &authtest.World{Verifier: verifier(t, cfg), Right: right, Wrong: forged(t, right(authtest.Alice))}
			})
		})
	}
}

// forged are tokens like a good one, that nobody has signed, or somebody else.
func forged(t testing.TB, good string) []string {
	t.Helper()
	rsaKey, edKey := pairs()
	_, otherEd, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	alice := claims(authtest.Alice, nil)
	parts := strings.Split(good, ".")
	header := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	all := []string{
		sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "", alice),
		parts[0] + "." + parts[1] + ".",
		parts[0] + "." + parts[1],
		header(`{"alg":"none"}`) + "." + parts[1] + "." + parts[2],
		header(`{"alg":"None"}`) + "." + parts[1] + ".",
		header(`{}`) + "." + parts[1] + "." + parts[2],
		parts[0] + "." + header(`{"sub":"alice","exp":9999999999}`) + "." + parts[2],
		sign(t, jwt.SigningMethodEdDSA, otherEd, "", alice),
		sign(t, jwt.SigningMethodEdDSA, otherEd, "e", alice),
		sign(t, jwt.SigningMethodES256, ecKey, "", alice),
		sign(t, jwt.SigningMethodHS512, secret, "", alice),
		sign(t, jwt.SigningMethodRS512, rsaKey, "r", alice),
		sign(t, jwt.SigningMethodPS256, rsaKey, "r", alice),
	}
	// The confusion of algorithms: what everybody knows of a key, taken for a secret.
	for _, public := range []crypto.PublicKey{rsaKey.Public(), edKey.Public()} {
		text := publicPEM(t, public)
		block, _ := pem.Decode(text)
		for _, secret := range [][]byte{text, []byte(strings.TrimSpace(string(text))), block.Bytes} {
			all = append(all, sign(t, jwt.SigningMethodHS256, secret, "", alice))
		}
	}
	all = append(all, sign(t, jwt.SigningMethodHS256, []byte(edKey.Public().(ed25519.PublicKey)), "e", alice))
	return append(all, sign(t, jwt.SigningMethodHS256, rsaKey.PublicKey.N.Bytes(), "r", alice))
}

func TestClaimsAreJudged(t *testing.T) {
	t.Parallel()
	v := verifier(t, Config{
		SecretFile: file(t, "secret", secret), Issuer: "https://id.example.org", Audience: "xmpp", Leeway: 30 * time.Second,
	})
	in := func(d time.Duration) int64 { return time.Now().Add(d).Unix() }
	set := func(name string, value any) func(jwt.MapClaims) { return func(c jwt.MapClaims) { c[name] = value } }
	without := func(name string) func(jwt.MapClaims) { return func(c jwt.MapClaims) { delete(c, name) } }
	for name, c := range map[string]struct {
		change func(jwt.MapClaims)
		want   error
	}{
		"good":                         {nil, nil},
		"a JID":                        {set("sub", "alice@example.org"), nil},
		"in capitals":                  {set("sub", "ALICE@Example.ORG"), nil},
		"one audience":                 {set("aud", "xmpp"), nil},
		"just expired":                 {set("exp", in(-20*time.Second)), nil},
		"almost valid":                 {set("nbf", in(20*time.Second)), nil},
		"without nbf":                  {without("nbf"), nil},
		"expired":                      {set("exp", in(-40*time.Second)), auth.ErrExpired},
		"expired, of another audience": {func(c jwt.MapClaims) { c["exp"], c["aud"] = in(-time.Hour), "mail" }, auth.ErrWrongPassword},
		"expired, of somebody else":    {func(c jwt.MapClaims) { c["exp"], c["iss"] = in(-time.Hour), "x" }, auth.ErrWrongPassword},
		"not valid yet":                {set("nbf", in(40*time.Second)), auth.ErrWrongPassword},
		"never expires":                {without("exp"), auth.ErrWrongPassword},
		"exp as text":                  {set("exp", "tomorrow"), auth.ErrWrongPassword},
		"another issuer":               {set("iss", "https://id.example.com"), auth.ErrWrongPassword},
		"no issuer":                    {without("iss"), auth.ErrWrongPassword},
		"another audience":             {set("aud", "mail"), auth.ErrWrongPassword},
		"no audience":                  {without("aud"), auth.ErrWrongPassword},
		"nobody":                       {without("sub"), auth.ErrWrongPassword},
		"an empty name":                {set("sub", ""), auth.ErrWrongPassword},
		"a number":                     {set("sub", 7), auth.ErrWrongPassword},
		"a list":                       {set("sub", []string{"alice"}), auth.ErrWrongPassword},
		"somebody else":                {set("sub", "bob"), auth.ErrWrongPassword},
		"of another domain":            {set("sub", "alice@example.com"), auth.ErrWrongPassword},
		"a domain":                     {set("sub", "@example.org"), auth.ErrWrongPassword},
		"with a resource":              {set("sub", "alice@example.org/r"), auth.ErrWrongPassword},
	} {
		token := sign(t, jwt.SigningMethodHS256, secret, "", claims(authtest.Alice, c.change))
		if err := v.Check(t.Context(), authtest.Alice, token); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestTheClaimThatNamesTheAccountCanBeAnother(t *testing.T) {
	t.Parallel()
	v := verifier(t, Config{SecretFile: file(t, "secret", secret), Claim: "preferred_username"})
	token := sign(t, jwt.SigningMethodHS256, secret, "", claims(authtest.Alice, func(c jwt.MapClaims) {
		c["sub"], c["preferred_username"] = "3f1d", "Bob"
	}))
	if account, err := v.Bearer(t.Context(), authtest.Domain, token); err != nil || account != authtest.Bob {
		t.Errorf("%s, %v", account, err)
	}
}

func TestConfigurationsThatCanNotWorkAreRefused(t *testing.T) {
	t.Parallel()
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	good := file(t, "secret", secret)
	for want, cfg := range map[string]Config{
		"give one of":               {},
		"give one of secret-file":   {SecretFile: good, JWKSURL: Remote{URL: "https://example.org"}},
		"leeway: ":                  {SecretFile: good, Leeway: MaxLeeway + 1},
		"secret-file: open":         {SecretFile: good + "x"},
		"the secret has 31 bytes":   {SecretFile: file(t, "secret", append(secret[:31:31], '\n'))},
		"no PEM":                    {KeyFile: good},
		"a PUBLIC KEY is needed":    {KeyFile: file(t, "key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY"}))},
		"the RSA key has 1024 bits": {KeyFile: file(t, "key", publicPEM(t, weak.Public()))},
		"it is no JWKS":             {JWKSFile: good},
		"it has no key for RS256":   {JWKSFile: file(t, "keys", []byte(`{"keys":[{"kty":"oct","k":"AAAA"},{"kty":"EC"}]}`))},
		"jwks-url: give https":      {JWKSURL: Remote{URL: "file:///keys"}},
		"could change the keys":     {JWKSURL: Remote{URL: "http://example.org/keys"}},
		"keys; 100 are the most":    {JWKSFile: file(t, "keys", []byte(`{"keys":[`+strings.Repeat("{},", 100)+`{}]}`))},
	} {
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", cfg, err, want)
		}
	}
}

func TestAKeyFileThatChangesIsReadAgain(t *testing.T) {
	t.Parallel()
	path := file(t, "secret", secret)
	v := verifier(t, Config{SecretFile: path})
	other := []byte(strings.ToUpper(string(secret)) + "!")
	looked := v.keys.(*keyFile)
	check := func(key []byte) error {
		looked.mu.Lock()
		looked.looked = time.Time{} // a second has passed
		looked.mu.Unlock()
		return v.Check(t.Context(), authtest.Alice, sign(t, jwt.SigningMethodHS256, key, "", claims(authtest.Alice, nil)))
	}
	if err := check(secret); err != nil {
		t.Error(err)
	}
	write := func(text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write([]byte("short"))
	if err := check(secret); err != nil {
		t.Errorf("half written: %v", err)
	}
	write(other)
	if err := check(other); err != nil {
		t.Errorf("the new key: %v", err)
	}
	if err := check(secret); !errors.Is(err, auth.ErrWrongPassword) {
		t.Errorf("the key before: %v", err)
	}
}
