package main

import (
	"archive/zip"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptGet asks a node over HTTP with the token in a file, which may not be known there at
// once. With ! it must be refused.
func scriptGet(ts *testscript.TestScript, neg bool, args []string) {
	scriptRequest(ts, http.MethodGet, neg, args)
}

func scriptPut(ts *testscript.TestScript, neg bool, args []string) {
	scriptRequest(ts, http.MethodPut, neg, args)
}

func scriptDelete(ts *testscript.TestScript, neg bool, args []string) {
	scriptRequest(ts, http.MethodDelete, neg, args)
}

func scriptRequest(ts *testscript.TestScript, method string, neg bool, args []string) {
	if len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: get|put|delete NODE TOKENFILE PATH [FILE]")
	}
	p := worldOf(ts).node(ts, args[:1])
	m := httpAddress.FindStringSubmatch(p.out.String())
	if m == nil {
		ts.Fatalf("%s was started without --http", args[0])
	}
	token := strings.TrimSpace(ts.ReadFile(args[1]))
	status, body := request(ts, method, m[1]+args[2], token)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); status == http.StatusUnauthorized && time.Now().Before(end); <-tick.C {
		status, body = request(ts, method, m[1]+args[2], token)
	}
	switch {
	case (status/100 != 2) != neg:
		ts.Fatalf("%s: %d\n%s", args[2], status, body)
	case len(args) == 4:
		ts.Check(os.WriteFile(ts.MkAbs(args[3]), body, 0o600))
	default:
		ts.Stdout().Write(body)
	}
}

func request(ts *testscript.TestScript, method, url, token string) (status int, body []byte) {
	r, err := http.NewRequest(method, url, nil)
	ts.Check(err)
	r.Header.Set("Authorization", "Bearer "+token)
	client := http.Client{Timeout: patience}
	answer, err := client.Do(r)
	ts.Check(err)
	defer answer.Body.Close()
	body, err = io.ReadAll(answer.Body)
	ts.Check(err)
	return answer.StatusCode, body
}

// scriptUnzip unpacks a zip without folders.
func scriptUnzip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: unzip FILE DIR")
	}
	z, err := zip.OpenReader(ts.MkAbs(args[0]))
	ts.Check(err)
	defer z.Close()
	dir := ts.MkAbs(args[1])
	ts.Check(os.MkdirAll(dir, 0o700))
	for _, f := range z.File {
		r, err := f.Open()
		ts.Check(err)
		text, err := io.ReadAll(r)
		ts.Check(err)
		ts.Check(os.WriteFile(filepath.Join(dir, f.Name), text, 0o600))
	}
}
