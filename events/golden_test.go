package events

import (
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/vmihailenco/msgpack/v5"
)

var update = flag.Bool("update", false, "write golden files that are missing; those that exist are never changed")

const golden = "testdata/golden"

// A golden file is the record as another implementation of msgpack reads it,
// an empty line, and its bytes in hexadecimal.
func TestRecordsAreFrozen(t *testing.T) {
	t.Parallel()
	for _, e := range samples {
		name := fmt.Sprintf("%s.v%d.txt", e.Kind(), e.version())
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := sample(e).Append(nil)
			text := readable(t, data) + "\n" + lines(hex.EncodeToString(data))
			path := filepath.Join(golden, name)
			want, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) && *update {
				want, err = []byte(text), os.WriteFile(path, []byte(text), 0o644)
			}
			if err != nil {
				t.Fatalf("%v (with -update it is written)", err)
			}
			if text != string(want) {
				t.Errorf("the event is now written as\n%s", text)
			}
		})
	}
}

// TestEveryGoldenFileIsRead holds for those of older versions too.
func TestEveryGoldenFileIsRead(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(golden, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[Kind]bool)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, dump, _ := strings.Cut(string(text), "\n\n")
		data, err := hex.DecodeString(strings.ReplaceAll(dump, "\n", ""))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		var r Record
		if err := r.Decode(data); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if text, ok := notUTF8(elements(t, data)); ok && !stopsStrictReaders[filepath.Base(file)] {
			t.Errorf("%s has a string that is not UTF-8: %q", file, text)
		}
		if !reflect.DeepEqual(*sample(r.Event), r) {
			t.Errorf("%s is read as %+v", file, r)
		}
		seen[r.Event.Kind()] = true
	}
	for k, name := range kindNames {
		if (name != "") != seen[Kind(k)] {
			t.Errorf("kind %d (%s) has a golden file: %t", k, name, seen[Kind(k)])
		}
	}
}

// stopsStrictReaders are golden files with a string that is not UTF-8. There
// are no others, and will be none.
var stopsStrictReaders = map[string]bool{"stream_management_enabled.v1.txt": true}

// notUTF8 finds a string that is not UTF-8 in what another implementation has
// read. The form has such strings only by mistake, as bytes have a form of their
// own, and the implementations of most languages refuse the whole record.
func notUTF8(element any) (string, bool) {
	switch v := element.(type) {
	case string:
		return v, !utf8.ValidString(v)
	case []any:
		for _, e := range v {
			if text, ok := notUTF8(e); ok {
				return text, true
			}
		}
	}
	return "", false
}

// readable prints each element of the array on a line of its own.
func readable(t *testing.T, data []byte) string {
	t.Helper()
	var elements []any
	if err := msgpack.Unmarshal(data, &elements); err != nil {
		t.Fatal(err)
	}
	names := []string{"envelope", "kind", "version", "id", "session", "jid", "time", "connector", "epoch", "cause", "prev", "fields"}
	var b strings.Builder
	for i, e := range elements {
		fmt.Fprintf(&b, "%-9s %s\n", names[i], show(e))
	}
	return b.String()
}

func show(element any) string {
	switch v := element.(type) {
	case []byte:
		return hex.EncodeToString(v)
	case string:
		return strconv.QuoteToASCII(v)
	case []any:
		var parts []string
		for _, e := range v {
			parts = append(parts, show(e))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return fmt.Sprint(element)
}

// lines breaks text after every 64 characters.
func lines(s string) string {
	var b strings.Builder
	for len(s) > 64 {
		b.WriteString(s[:64] + "\n")
		s = s[64:]
	}
	return b.String() + s + "\n"
}
