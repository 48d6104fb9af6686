package accounts

import (
	"errors"
	"strings"
	"testing"
)

func TestTheHashOfAPasswordIsNoPassword(t *testing.T) {
	t.Parallel()
	for hash, want := range map[string]string{
		"$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy": "bcrypt",
		"{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=":                           "LDAP",
		"{CRYPT}$6$salt$hash":                                          "LDAP",
		"{PBKDF2-SHA256}10000$abc$def":                                 "LDAP",
		"$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO/O817G3uBnIFNjnQJuesI68OTLiBFdcbYEdFCo":                                              "crypt",
		"$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7":                                                             "crypt",
		"$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$hash":                                                                                       "crypt",
		"$P$B55D6LjfHDkINU5wF.v2BuuzO0/XPk/":                                                                                                    "phpass",
		"pbkdf2_sha256$260000$salt$2jmj7l5rSw0yVb/vlWAYkK/YBwk=":                                                                                "Django",
		"SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=": "SCRAM",
		"{SCRAM-SHA-1}4096,salt,stored,server":                                                                                                  "SCRAM",
		"*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19":                                                                                             "MySQL",
		"md5a3556571e93b0d20722ba62be61e8c2d":                                                                                                   "PostgreSQL",
		"5f4dcc3b5aa765d61d8327deb882cf99":                                                                                                      "hex",
		"5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8":                                                                                              "hex",
		strings.Repeat("0123456789abcdef", 4):                                                                                                   "hex",
		"W6ph5Mm5Pz8GgiULbPgzG37mj9g=":                                                                                                          "base64",
	} {
		_, bad, err := ReadEntries(strings.NewReader("alice@localhost:" + hash + "\n"))
		if err != nil || len(bad) != 1 {
			t.Errorf("%q is taken for a password: %v", hash, err)
			continue
		}
		if err := bad[0].Err; !errors.Is(err, ErrHash) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), hash) {
			t.Errorf("%q is refused with %q", hash, err)
		}
	}
}

func TestWhatLooksALittleLikeAHashIsAPassword(t *testing.T) {
	t.Parallel()
	for _, password := range []string{
		"secret", "{}", "{c", "$2 for tea", "$1$", "md5 is broken", "deadbeef", "5f4dcc3b5aa765d61d8327deb882cf9",
		"5f4dcc3b5aa765d61d8327deb882cf99!", "*starred*", "sha1$one", "c29tZSBwYXNzd29yZA==", "correct horse battery staple",
	} {
		if err := checkPlain(password); err != nil {
			t.Errorf("%q is refused: %v", password, err)
		}
	}
}
