package certs

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxPairs bounds the pairs of a directory, each of which takes some 10 KB.
const maxPairs = 10_000

// A place is where the files of a pair are.
type place struct{ cert, key string }

// places finds the pairs of a directory as they are usually kept: NAME.crt, NAME.cert
// or NAME.pem with NAME.key, NAME.pem with both in it, and NAME/fullchain.pem with
// NAME/privkey.pem as certbot has it. The names that they are for stand in the
// certificates, not in the names of the files. Hidden files and others are passed
// over.
func places(dir string) ([]place, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	there := make(map[string]bool, len(entries))
	for _, e := range entries {
		there[e.Name()] = true
	}
	var all []place
	for _, e := range entries {
		name := e.Name()
		path := filepath.Join(dir, name)
		base := strings.TrimSuffix(name, filepath.Ext(name))
		switch ext := filepath.Ext(name); {
		case strings.HasPrefix(name, "."):
		case slices.Contains([]string{".crt", ".cert", ".pem"}, ext) && there[base+".key"]:
			all = append(all, place{path, filepath.Join(dir, base+".key")})
		case ext == ".pem":
			all = append(all, place{path, path})
		case isFile(filepath.Join(path, "fullchain.pem")):
			all = append(all, place{filepath.Join(path, "fullchain.pem"), filepath.Join(path, "privkey.pem")})
		}
	}
	if len(all) > maxPairs {
		return nil, fmt.Errorf("%s has %d certificates; %d are the most", dir, len(all), maxPairs)
	}
	return all, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// openAll opens the pairs of a directory, those of before as they are. One that can't
// be read is left out and named in failed.
func openAll(dir string, before []*pair, log *slog.Logger) (all []*pair, failed, err error) {
	found, err := places(dir)
	if err != nil {
		return nil, nil, err
	}
	var faults []error
	for _, at := range found {
		i := slices.IndexFunc(before, func(p *pair) bool { return p.cert == at.cert && p.key == at.key })
		if i >= 0 {
			before[i].get() // looks at the files
			all = append(all, before[i])
			continue
		}
		p, err := openPair(at.cert, at.key, log)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", at.cert, err))
			continue
		}
		all = append(all, p)
	}
	return all, errors.Join(faults...), nil
}

// forName gives the pair whose certificate is for a name, of several the one that
// ends last; nil if there is none.
func forName(all []*pair, name string) *pair {
	var fitting []*pair
	for _, p := range all {
		if p.current.Load().Leaf.VerifyHostname(name) == nil {
			fitting = append(fitting, p)
		}
	}
	if len(fitting) == 0 {
		return nil
	}
	return slices.MaxFunc(fitting, func(a, b *pair) int {
		return cmp.Or(a.current.Load().Leaf.NotAfter.Compare(b.current.Load().Leaf.NotAfter), strings.Compare(b.cert, a.cert))
	})
}
