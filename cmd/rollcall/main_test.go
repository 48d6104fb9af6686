package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
)

// TestMain makes the test binary double as the rollcall command, so that the
// scripts run real processes, which can be killed. Most of their time they
// wait for leases to end, so many run at once.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	testscript.Main(elsewhere{m}, map[string]func(){"rollcall": main})
}

// elsewhere keeps the tests out of the home of whoever runs them: services announce themselves to
// each other in a directory of their own.
type elsewhere struct{ *testing.M }

func (a elsewhere) Run() int {
	dir, err := os.MkdirTemp("", "rollcall")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	for name, value := range map[string]string{"XDG_STATE_HOME": filepath.Join(dir, "state"), "XDG_CONFIG_HOME": filepath.Join(dir, "config"), "RUNTIME_DIRECTORY": ""} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	return a.M.Run()
}

// TestScripts runs testdata/script. Beside testscript's own commands they have
//
//	up NAME FLAGS...            start a process, with ports of its own unless
//	                            FLAGS name some, and wait until it serves;
//	                            sets $C2S_NAME, $HTTP_NAME, and with an embedded server
//	                            $ROLLCALL_NATS and $NATS_NAME, its host:port
//	halt NAME                   SIGTERM; it must end properly within 5 s
//	crash NAME                  SIGKILL
//	connect CLIENT NODE         with STARTTLS, without a login
//	distrust NODE               goes up to the TLS handshake, and refuses the certificate
//	login CLIENT NODE USER PASSWORD RESOURCE    with STARTTLS and PLAIN; with !
//	                            it must be refused, for the reason on stdout
//	drop CLIENT                 lose the connection, without an end of the stream
//	send CLIENT XML             send a stanza
//	expect CLIENT REGEXP        read stanzas until one matches; the stream's end
//	                            is the text "(end of stream)"
//	await REGEXP COMMAND...     repeat a rollcall command until its output matches
//	tail NAME ARGS...           start "rollcall tail ARGS..."; its output is
//	                            awaited with: output NAME REGEXP; with ! it must not
//	                            be there by now
//	logged NAME REGEXP          await it in what a process logs
//	quiet NAME REGEXP           nothing like it is in what a process has logged
//	nats kill|start N           kill or start the external server N
//	stranger write              write what is no record to the log, to the account
//	                            that its newest record is of
//	fill CLIENT                 change presence until the log is full
//	crowd NODE USER N           log in N clients, USER1 and so on; every second one
//	                            can be resumed
//	vanish USER                 cut the connections of a crowd
//	retain AGE                  limit the log's age, and wait until the records
//	                            in it are gone
//	get NODE TOKENFILE PATH [FILE]    ask over HTTP; with ! it must be refused; so do
//	                            put and delete, which change something
//	unzip FILE DIR              unpack a zip
func TestScripts(t *testing.T) {
	t.Parallel()
	runScripts(t, nil, "", "testdata/script")
}

// TestOnAnExternalServer runs the service on a nats-server process that is not
// its own, which goes away and comes back.
func TestOnAnExternalServer(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	runScripts(t, []*bustest.Server{server}, server.URL, "testdata/external", "testdata/outage")
}

// TestOnAnEmptyServer and TestOnAnEmptyCluster restore into a NATS that has nothing.
func TestOnAnEmptyServer(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	runScripts(t, []*bustest.Server{server}, server.URL, "testdata/empty")
}

func TestOnAnEmptyCluster(t *testing.T) {
	t.Parallel()
	cluster := bustest.StartCluster(t, 3)
	runScripts(t, cluster.Servers, cluster.URL, "testdata/empty")
}

// TestOnAClusterOfThree does it with three replicas of everything, one of
// which dies.
func TestOnAClusterOfThree(t *testing.T) {
	t.Parallel()
	cluster := bustest.StartCluster(t, 3)
	runScripts(t, cluster.Servers, cluster.URL, "testdata/external", "testdata/cluster")
}

// runScripts runs the scripts of the directories, one directory after the
// other if they share servers.
func runScripts(t *testing.T, servers []*bustest.Server, url string, dirs ...string) {
	runScriptsWith(t, servers, map[string]string{"ROLLCALL_NATS": url}, dirs...)
}

func runScriptsWith(t *testing.T, servers []*bustest.Server, variables map[string]string, dirs ...string) {
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			testscript.Run(t, testscript.Params{
				Dir: dir,
				Setup: func(env *testscript.Env) error {
					w := newWorld(env, servers)
					env.Values[worldKey{}] = w
					env.Defer(w.close)
					for name, value := range variables {
						env.Setenv(name, value)
					}
					env.Setenv("XDG_STATE_HOME", os.Getenv("XDG_STATE_HOME"))
					return nil
				},
				Cmds: map[string]func(*testscript.TestScript, bool, []string){
					"up": scriptUp, "halt": scriptHalt, "crash": scriptCrash,
					"connect": scriptConnect, "distrust": scriptDistrust, "login": scriptLogin, "drop": scriptDrop, "send": scriptSend, "expect": scriptExpect,
					"await": scriptAwait, "tail": scriptTail, "output": scriptOutput, "logged": scriptLogged, "quiet": scriptQuiet, "nats": scriptNATS, "stranger": scriptStranger,
					"retain": scriptRetain, "fill": scriptFill, "crowd": scriptCrowd, "vanish": scriptVanish,
					"get": scriptGet, "put": scriptPut, "delete": scriptDelete, "unzip": scriptUnzip,
				},
			})
		})
	}
}
