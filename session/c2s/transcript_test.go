package c2s_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/c2s"
)

var update = flag.Bool("update", false, "write what the server says into the transcripts")

// A transcript is a text of lines:
//
//	# what is shown, and where it is said
//	login a1 alice phone          verbs prepare the scene, see verbs
//	a1> <message to='...'/>       the client a1 says this ("..." is Go syntax)
//	b1< <message from='...'/>     and this is what b1 is sent then,
//	b1<~ <presence from='...'/>   where ~ is for one that may come before or after
//	b1<+ <presence from='...'/>   and + for one that may if there are two connectors
//
// {previd a1} is the id by which a1's session can be resumed, {asked a1} that of
// the last request that a1 was sent.
//
// After each line with > everything settles, and the lines with < say all that
// anybody was sent by it. {random} and {time} stand for values that differ
// between runs; (closed) is the end of the connection.
//
// Each transcript runs in two placements: all clients on one connector, and
// clients by turns on two.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		placements := []int{1, 2}
		if only := onlyNodes.FindSubmatch(text); only != nil {
			placements = []int{int(only[1][0] - '0')}
		}
		for _, nodes := range placements {
			t.Run(fmt.Sprintf("%s/connectors=%d", name, nodes), func(t *testing.T) {
				if !*update {
					t.Parallel()
				}
				runTranscript(t, file, string(text), nodes, nodes == placements[0])
			})
		}
	}
}

// onlyNodes finds the number of connectors of a transcript that is about one.
var onlyNodes = regexp.MustCompile(`(?m)^# config connectors=(\d)$`)

func runTranscript(t *testing.T, file, text string, nodes int, first bool) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	cert := certificate()
	synctest.Test(t, func(t *testing.T) {
		s := &script{T: t, file: file, clients: map[string]*client{}, text: text}
		s.world = newWorld(t, nodes, func(c *c2s.Config) { s.configure(c, cert) })
		s.users("alice", "bob", "carol")
		defer s.close()
		s.run(lines)
		if *update && first {
			s.write()
		}
	})
}

// A script is a transcript at work.
type script struct {
	*testing.T
	*world
	file, text string
	line       int
	clients    map[string]*client
	order      []string // of the clients
	out        []string // the lines as they should be
}

func (s *script) fail(format string, args ...any) {
	s.Helper()
	s.Fatalf("%s:%d: %s", s.file, s.line, fmt.Sprintf(format, args...))
}

func (s *script) run(lines []string) {
	for i := 0; i < len(lines); {
		s.line = i + 1
		name, rest, direction := cut(lines[i])
		switch {
		case direction == '>':
			s.say(name, rest)
			s.out = append(s.out, lines[i])
			i = s.expect(lines, i+1)
		case direction == '<':
			s.fail("nobody said anything before this")
		default:
			s.out = append(s.out, lines[i])
			i++
			if words := strings.Fields(lines[i-1]); len(words) > 0 && words[0] != "#" {
				s.verb(words[0], words[1:])
				if loud[words[0]] {
					i = s.expect(lines, i)
				} else {
					s.silence()
				}
			}
		}
	}
}

// cut splits a line of a client's.
func cut(line string) (name, rest string, direction byte) {
	i := strings.IndexAny(line, "<> ")
	if i <= 0 || line[i] == ' ' || line[0] == '#' {
		return "", "", 0
	}
	return line[:i], strings.TrimSpace(line[i+1:]), line[i]
}

func (s *script) say(name, text string) {
	if strings.HasPrefix(text, `"`) {
		unquoted, err := strconv.Unquote(text)
		if err != nil {
			s.fail("%v", err)
		}
		text = unquoted
	}
	s.client(name).send(s.withIDs(text))
}

func (s *script) client(name string) *client {
	c := s.clients[name]
	if c == nil {
		s.fail("there is no client %s", name)
	}
	return c
}

// silence forgets what a verb made the server say.
func (s *script) silence() {
	synctest.Wait()
	for _, c := range s.clients {
		c.take()
	}
}

// An expectation is what one client should be sent in a step.
type expectation struct {
	ordered, anywhere []string
	marks             map[string]string // of those that have one
}

func (e *expectation) add(item, mark string, apart bool) {
	if mark != "<" && mark != "(" {
		if e.marks == nil {
			e.marks = map[string]string{}
		}
		e.marks[item] = mark
	}
	if mark == "~" || mark == "+" && apart {
		e.anywhere = append(e.anywhere, item)
	} else {
		e.ordered = append(e.ordered, item)
	}
}

// expect compares the lines from i on that begin with a client and < with the
// lines that were sent, and returns the index of the first other one.
func (s *script) expect(lines []string, i int) int {
	synctest.Wait()
	want := map[string]*expectation{}
	for ; i < len(lines); i++ {
		name, rest, direction := cut(lines[i])
		if direction != '<' {
			break
		}
		s.line = i + 1
		s.client(name)
		if want[name] == nil {
			want[name] = &expectation{}
		}
		mark := rest[:1]
		item, err := canonical(strings.TrimLeft(rest, "~+ "))
		if err != nil {
			s.fail("%v", err)
		}
		want[name].add(item, mark, len(s.nodes) > 1)
	}
	for _, name := range s.order {
		s.compare(name, want[name])
	}
	return i
}

func (s *script) compare(name string, want *expectation) {
	if want == nil {
		want = &expectation{}
	}
	all := append(slices.Clone(want.ordered), want.anywhere...)
	wrong := false
	got := s.clients[name].take()
	for _, item := range got {
		if i := slices.Index(want.anywhere, item); len(want.ordered) > 0 && want.ordered[0] == item {
			want.ordered = want.ordered[1:]
		} else if i >= 0 {
			want.anywhere = slices.Delete(want.anywhere, i, i+1)
		} else {
			wrong = true
		}
		s.out = append(s.out, name+"<"+want.marks[item]+" "+item)
	}
	if wrong = wrong || len(want.ordered)+len(want.anywhere) > 0; wrong && !*update {
		s.Errorf("%s:%d: %s was sent\n\t%s\nand should have been sent\n\t%s", s.file, s.line, name,
			strings.Join(got, "\n\t"), strings.Join(all, "\n\t"))
	}
}

func (s *script) write() {
	text := strings.Join(s.out, "\n") + "\n"
	if text == s.text {
		return
	}
	if err := os.WriteFile(s.file, []byte(text), 0o644); err != nil {
		s.Fatal(err)
	}
}

// configure follows the lines "# config WORD..." of a transcript.
func (s *script) configure(c *c2s.Config, cert func(bool) func(*c2s.Config)) {
	for line := range strings.Lines(s.text) {
		words, ok := strings.CutPrefix(line, "# config ")
		if !ok {
			continue
		}
		for _, w := range strings.Fields(words) {
			switch w {
			case "tls":
				cert(true)(c)
			case "starttls":
				cert(false)(c)
			case "conflict=refuse":
				c.Conflict = session.Refuse
			case "conflict=rename":
				c.Conflict = session.Rename
			case "registration":
				c.Registry = c.Accounts.(*accounts)
			case "resources=2":
				c.MaxResources = 2
			case "connectors=1", "connectors=2":
			case "no-storage":
				c.Offline = nil
			case "offline=20":
				c.Offline.(*waiting).most = 20
			default:
				s.Fatalf("%s: unknown configuration %q", s.file, w)
			}
		}
	}
}

// withIDs puts the ids in the place of {previd a1} and {asked a1}.
func (s *script) withIDs(text string) string {
	return idOf.ReplaceAllStringFunc(text, func(place string) string {
		words := idOf.FindStringSubmatch(place)
		c := s.client(words[2])
		c.mu.Lock()
		defer c.mu.Unlock()
		if words[1] == "asked" {
			return c.asked
		}
		return c.previd
	})
}

var idOf = regexp.MustCompile(`\{(previd|asked) (\w+)\}`)

// loud are the verbs whose effects the following lines must show.
var loud = map[string]bool{
	"connect": true, "drop": true, "wait": true, "kick": true, "passwd": true, "remove": true,
	"shutdown": true, "suspend": true, "bury": true, "disable": true,
}

func (s *script) verb(name string, args []string) {
	do, ok := verbs[name]
	if !ok {
		s.fail("unknown verb %q", name)
	}
	args = append(args, "", "", "", "")
	do(s, args)
}

var verbs = map[string]func(s *script, args []string){
	// connect CLIENT
	"connect": func(s *script, args []string) { s.add(args[0]) },
	// open CLIENT: a connection with an open stream
	"open": func(s *script, args []string) { s.add(args[0]).open() },
	// authenticate CLIENT USER: and up to the features that offer binding
	"authenticate": func(s *script, args []string) {
		c := s.add(args[0])
		c.open()
		c.send(plain(args[1], password))
		c.open()
	},
	// login CLIENT USER RESOURCE [roster] [PRIORITY]
	"login": func(s *script, args []string) {
		pause() // so that no two presences are of the same moment
		defer pause()
		c := s.add(args[0])
		c.login(args[1], args[2])
		for _, extra := range args[3:] {
			switch {
			case extra == "roster":
				c.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>")
			case extra != "":
				c.send("<presence><priority>" + extra + "</priority></presence>")
			}
		}
		synctest.Wait()
		if !slices.ContainsFunc(c.take(), func(item string) bool { return strings.Contains(item, "<jid>") }) {
			s.fail("the login failed")
		}
	},
	// watch WATCHER CONTACT: subscription, as it is after a request was granted
	"watch": func(s *script, args []string) { s.watch(args[0], args[1]) },
	// drop CLIENT
	"drop": func(s *script, args []string) { s.client(args[0]).drop() },
	// wait DURATION
	"wait": func(s *script, args []string) {
		d, err := time.ParseDuration(args[0])
		if err != nil {
			s.fail("%v", err)
		}
		<-time.After(d)
	},
	// kick USER [RESOURCE]
	"kick": func(s *script, args []string) {
		s.command(args[0], session.Kick{Resource: args[1], By: "cli root@example"}) // of which the client hears nothing
	},
	// passwd USER
	"passwd": func(s *script, args []string) { s.command(args[0], session.ChangePassword{}) },
	// remove USER
	"remove": func(s *script, args []string) { s.command(args[0], session.RemoveAccount{}) },
	// disable USER [REASON]
	"disable": func(s *script, args []string) {
		c := *credentials()
		c.Disabled, c.Disabling.Reason = true, args[1]
		s.people.put(bare(args[0]), &c)
		s.command(args[0], session.DisableAccount{Text: args[1]})
	},
	// enable USER
	"enable": func(s *script, args []string) {
		s.users(args[0])
		s.command(args[0], session.EnableAccount{})
	},
	// log up|down
	"log": func(s *script, args []string) { s.log.Partition(args[0] == "down") },
	// rosters up|down
	"rosters": func(s *script, args []string) {
		s.rosters.mu.Lock()
		defer s.rosters.mu.Unlock()
		s.rosters.down = args[0] == "down"
	},
	// suspend and begin are the last connector's lease
	"suspend": func(s *script, _ []string) { s.last().suspend() },
	// bury lets the others end what the last connector held
	"bury":  func(s *script, _ []string) { s.bury(s.last().incarnation()) },
	"begin": func(s *script, _ []string) { s.last().begin() },
	// shutdown is the last connector's end
	"shutdown": func(s *script, _ []string) {
		if err := s.last().stop(context.Background()); err != nil {
			s.fail("%v", err)
		}
	},
}

func pause() { <-time.After(time.Second) }

func (s *script) last() *node { return s.nodes[len(s.nodes)-1] }

// add connects a client, by turns to each connector.
func (s *script) add(name string) *client {
	if s.clients[name] == nil {
		s.order = append(s.order, name)
	}
	c := s.nodes[slices.Index(s.order, name)%len(s.nodes)].connect(name)
	s.clients[name] = c
	return c
}

func (s *script) command(user string, c session.Command) {
	if _, _, err := s.nodes[0].service.Do(context.Background(), bare(user), [16]byte{}, c); err != nil {
		s.fail("%v", err)
	}
}
