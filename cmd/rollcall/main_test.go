package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes the test binary double as the rollcall command, so that the
// scripts run real processes, which can be killed.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"rollcall": main})
}

// TestScripts runs testdata/script. Beside testscript's own commands they have
//
//	up NAME FLAGS...            start a process, with ports of its own unless
//	                            FLAGS name some, and wait until it serves;
//	                            sets $C2S_NAME, and with an embedded server
//	                            ROLLCALL_NATS
//	stop NAME                   SIGTERM; it must end in order within 5 s
//	crash NAME                  SIGKILL
//	login CLIENT NODE USER PASSWORD RESOURCE    with STARTTLS and PLAIN; ! for a refusal
//	send CLIENT XML             send a stanza
//	expect CLIENT REGEXP        read stanzas until one matches; the stream's end
//	                            is the text "(end of stream)"
//	await REGEXP COMMAND...     repeat a rollcall command until its output matches
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			w := newWorld(env)
			env.Values[worldKey{}] = w
			env.Defer(w.close)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"up":     scriptUp,
			"stop":   scriptStop,
			"crash":  scriptCrash,
			"login":  scriptLogin,
			"send":   scriptSend,
			"expect": scriptExpect,
			"await":  scriptAwait,
		},
	})
}
