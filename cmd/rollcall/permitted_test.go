package main

import (
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
)

// TestOnServersWithPermissions runs the service on nats-servers as nats-config configures them,
// one and three.
func TestOnServersWithPermissions(t *testing.T) {
	t.Parallel()
	for _, nodes := range []int{1, 3} {
		t.Run(fmt.Sprint(nodes), func(t *testing.T) {
			t.Parallel()
			servers, url, keys := permittedServers(t, nodes)
			runScriptsWith(t, servers, map[string]string{"ROLLCALL_NATS": url, "KEYS": keys}, "testdata/permitted")
		})
	}
}

// permittedServers starts servers with what nats-config writes, and returns where they are
// and the directory of the keys.
func permittedServers(t *testing.T, nodes int) (all []*bustest.Server, url, keys string) {
	t.Helper()
	keys = filepath.Join(t.TempDir(), "nats")
	hosts := freeHosts(t, nodes)
	for i, host := range hosts { // each with a store of its own, which it would have on another machine
		args := []string{
			"nats-config", "--nodes", fmt.Sprint(nodes), "--host", strings.Join(hosts, ","),
			"--store", filepath.Join(t.TempDir(), "store"), "--max-file", "300MiB", keys,
		}
		said, err := exec.Command("rollcall", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		url = regexp.MustCompile(`--nats (\S+)`).FindStringSubmatch(string(said))[1]
		all = append(all, bustest.StartConfigured(t, filepath.Join(keys, fmt.Sprintf("nats%d.conf", i+1)), host))
		all[i].Await() // it has read the file
	}
	return all, url, keys
}

// freeHosts are addresses of this machine whose ports, and those that follow from them, are free.
func freeHosts(t *testing.T, n int) (all []string) {
	t.Helper()
	isFree := func(port int) bool {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			l.Close()
		}
		return err == nil
	}
	for len(all) < n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		port := l.Addr().(*net.TCPAddr).Port
		if port < 60000 && isFree(port+2000) && isFree(port+4000) {
			all = append(all, fmt.Sprintf("127.0.0.1:%d", port))
		}
	}
	return all
}

// scriptQuiet checks what a process has logged.
func scriptQuiet(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: quiet NAME REGEXP")
	}
	if said := worldOf(ts).node(ts, args[:1]).err.String(); regexp.MustCompile(args[1]).MatchString(said) {
		ts.Fatalf("%s logged %q:\n%s", args[0], args[1], said)
	}
}
