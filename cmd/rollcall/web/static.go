package web

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"net/http"
	"path"
	"sync"
)

//go:embed static
var staticFiles embed.FS

// hashes are those of the files in static, by name. A file's address changes with it, so
// that browsers may keep it for good.
var hashes = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	entries, err := staticFiles.ReadDir("static")
	if err != nil {
		panic(err)
	}
	for _, e := range entries {
		data, err := staticFiles.ReadFile("static/" + e.Name())
		if err != nil {
			panic(err)
		}
		h := sha256.Sum256(data)
		all[e.Name()] = base64.RawURLEncoding.EncodeToString(h[:9])
	}
	return all
})

// staticPath is the address of a file.
func staticPath(name string) string { return "/static/" + hashes()[name] + "/" + name }

// statics answers with files.
func statics(w http.ResponseWriter, r *http.Request) {
	name := path.Base(r.URL.Path)
	if hashes()[name] == "" || r.URL.Path != staticPath(name) {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("Content-Type", types[path.Ext(name)])
	text, err := staticFiles.ReadFile("static/" + name)
	if err != nil {
		panic(err)
	}
	w.Write(encode(w, r, text))
}

// types are those of the files in static.
var types = map[string]string{
	".css": "text/css; charset=utf-8", ".mjs": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}
