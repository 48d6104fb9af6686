package export

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// A Keep says for how many days files are kept, by the class of their events or, for those
// that have no class, by their dataset. Others are kept for ever. A day has passed when
// the newest hour that is exported whole says so, not a clock of this machine: so what a
// directory holds is a function of the log, here too.
type Keep map[string]int

// validate checks that there are such classes and datasets, and sensible numbers.
func (k Keep) validate() error {
	for of, days := range k {
		if of == datasetEvents || !slices.Contains(Classes, of) && !slices.Contains(Datasets, of) {
			return fmt.Errorf("%w: keep %q; there are %s, sessions, logins and online", ErrChoice, of, strings.Join(Classes, ", "))
		}
		if days < 0 {
			return fmt.Errorf("%w: keep %s for %d days", ErrChoice, of, days)
		}
	}
	return nil
}

// keepFolder is where the files of a class or dataset are.
func keepFolder(of string) string {
	if slices.Contains(Classes, of) {
		return datasetEvents + "/class=" + of + "/"
	}
	return of + "/"
}

// keptFiles are those that are there, of each folder of a class or dataset in their order.
type keptFiles map[string][]keptFile

type keptFile struct {
	path string
	hour time.Time
}

// folderOfFile is the folder of the class or dataset of a file.
func folderOfFile(file string) string { return path.Dir(path.Dir(path.Dir(file))) + "/" }

func (k keptFiles) add(s *Segment) {
	for _, f := range s.Files {
		folder := folderOfFile(f.Path)
		k[folder] = append(k[folder], keptFile{f.Path, s.Hour})
	}
}

// remove takes out files that are the oldest of their folders.
func (k keptFiles) remove(r *Removed) {
	for _, file := range r.Files {
		folder := folderOfFile(file)
		k[folder] = slices.DeleteFunc(k[folder], func(f keptFile) bool { return f.path == file })
	}
}

// before are the files of a folder that are of hours before a time.
func (k keptFiles) before(folder string, limit time.Time) (files []string) {
	for _, f := range k[folder] {
		if !f.hour.Before(limit) {
			break
		}
		files = append(files, f.path)
	}
	return files
}

// expire removes what was kept for long enough when a segment is whole. The manifest says
// so first: a file that is missing otherwise has been taken.
func (x *lane) expire(hour time.Time) error {
	for _, of := range slices.Sorted(maps.Keys(x.Keep)) {
		limit := hour.Add(-time.Duration(x.Keep[of]) * 24 * time.Hour)
		r := Removed{Before: limit, Files: x.manifest.files.before(keepFolder(of), limit)}
		if len(r.Files) == 0 {
			continue
		}
		if err := x.manifest.remove(r); err != nil {
			return err
		}
		if err := x.dir.removeAll(r.Files); err != nil {
			return err
		}
	}
	return nil
}

// removeAll removes files, and the folders of which they were the last.
func (d *directory) removeAll(files []string) error {
	for _, file := range files {
		if err := d.remove(file); err != nil {
			return err
		}
		d.removeEmpty(path.Dir(file))
	}
	return nil
}
