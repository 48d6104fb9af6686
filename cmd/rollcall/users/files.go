package users

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
)

// secretIn reads the secret that a key names the file of, "" if there is none. A newline
// at its end is none of it.
func secretIn(key, path string) (string, error) {
	if path == "" {
		return "", nil
	}
	if err := private(key, path); err != nil {
		return "", err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", key, err)
	}
	secret := strings.TrimRight(string(text), "\r\n")
	if secret == "" || strings.ContainsAny(secret, "\r\n\x00") {
		return "", fmt.Errorf("%s: %s must have one line", key, path)
	}
	return secret, nil
}

// private refuses a file that others than its owner may read.
func private(key, path string) error {
	if path == "" {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s: others may read %s: chmod 600 %[2]s", key, path)
	}
	return nil
}

// authorities reads certificates, nil if there is no file.
func authorities(key, path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s: %w", key, errors.New(path+" has no certificate in PEM"))
	}
	return pool, nil
}
