package main

import (
	"errors"
	"path/filepath"
	"testing"
)

func TestADataDirectoryHasOneInstanceForEverAndOneUserAtATime(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "made", "if missing")
	first, err := openDataDir(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openDataDir(path); !errors.Is(err, errInUse) {
		t.Errorf("opened twice: %v", err)
	}
	first.close()
	second, err := openDataDir(path)
	if err != nil {
		t.Fatal(err)
	}
	defer second.close()
	if second.instance != first.instance || first.instance == "" {
		t.Errorf("instance %q, then %q", first.instance, second.instance)
	}
}
