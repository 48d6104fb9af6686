package web

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"net/http"
	"path"
	"sync"
)

//go:embed static
var staticFiles embed.FS

// staticHash is that of all files in static. It is in their addresses, which so change with
// them, and browsers may keep them for good. Scripts find each other beside themselves.
var staticHash = sync.OnceValue(func() string {
	h := sha256.New()
	entries, err := staticFiles.ReadDir("static")
	if err != nil {
		panic(err)
	}
	for _, e := range entries {
		data, err := staticFiles.ReadFile("static/" + e.Name())
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(h, "%s %d\n%s", e.Name(), len(data), data)
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:9])
})

// staticPath is the address of a file.
func staticPath(name string) string { return "/static/" + staticHash() + "/" + name }

// statics answers with files.
func statics(w http.ResponseWriter, r *http.Request) {
	name := path.Base(r.URL.Path)
	text, err := staticFiles.ReadFile("static/" + name)
	if err != nil || r.URL.Path != staticPath(name) {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("Content-Type", types[path.Ext(name)])
	w.Write(encode(w, r, text))
}

// types are those of the files in static.
var types = map[string]string{
	".css": "text/css; charset=utf-8", ".mjs": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}
