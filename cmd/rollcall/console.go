package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/rollcall-xmpp/rollcall/projector/query"
)

// A console is where a command reads and writes: what scripts use goes to out,
// what only people care for to err.
type console struct {
	in       io.Reader
	out, err io.Writer
	zone     *time.Location // of the times that people read
	screen   int            // columns of the terminal that out is, or 0
	wide     bool           // --wide: as if there were none
	// explained: it was said how to see what a table leaves out.
	explained bool
	erasing   atomic.Bool // the line on err is one that the next takes the place of
}

func newConsole(in io.Reader, out, err io.Writer) *console {
	return &console{in: in, out: out, err: err, zone: time.Local, screen: columnsOf(out)}
}

// wideFlag is for verbs that show tables.
func (c *console) wideFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&c.wide, "wide", false, "shorten nothing on a terminal: a line a row")
}

// columns is what fits a line, 0 if anything does.
func (c *console) columns() int {
	if c.wide {
		return 0
	}
	return c.screen
}

// columnsOf is the width of the terminal that w is, or 0.
func columnsOf(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// say writes a line for people.
func (c *console) say(format string, args ...any) {
	c.erase()
	fmt.Fprintf(c.err, format+"\n", args...)
}

// erasable writes a line that the next one takes the place of.
func (c *console) erasable(format string, args ...any) {
	c.erasing.Store(format != "")
	fmt.Fprintf(c.err, eraseLine+format, args...)
}

// erase makes room for a line that is to stay, where a line is that the next one takes the
// place of.
func (c *console) erase() {
	if c.erasing.Swap(false) {
		fmt.Fprint(c.err, eraseLine)
	}
}

const eraseLine = "\r\x1b[K"

// printJSON writes one object as one line, in the form of all answers.
func (c *console) printJSON(v any) error {
	line, err := query.Marshal(v)
	if err != nil {
		return err
	}
	_, err = c.out.Write(append(line, '\n'))
	return err
}

// errTerminal reports that somebody watches standard error.
func (c *console) errTerminal() bool { return isTerminal(c.err) }

// outTerminal reports that somebody watches standard output.
func (c *console) outTerminal() bool { return isTerminal(c.out) }

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// password asks for a password, twice and unseen, if a person is there, and
// otherwise takes the first line of standard input.
func (c *console) password(ctx context.Context, account string) (string, error) {
	f, ok := c.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		line, err := bufio.NewReader(c.in).ReadString('\n')
		if err != nil && (err != io.EOF || line == "") {
			return "", errors.New("no password on standard input; give it as one line")
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	first, err := c.ask(ctx, f, "Password for "+account+": ")
	if err != nil {
		return "", err
	}
	second, err := c.ask(ctx, f, "The same again: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", errors.New("the two passwords differ; nothing was changed")
	}
	return first, nil
}

// errStopped: Ctrl-C instead of an answer.
var errStopped = errors.New("stopped; nothing was changed")

// ask reads a line unseen, until ctx ends. Nothing can end the reading itself:
// then its goroutine is left behind, which is for a process that ends, too.
func (c *console) ask(ctx context.Context, f *os.File, prompt string) (string, error) {
	seen, err := term.GetState(int(f.Fd()))
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	fmt.Fprint(c.err, prompt)
	defer fmt.Fprintln(c.err)
	var text []byte
	read := make(chan error, 1)
	go func() {
		var err error
		text, err = term.ReadPassword(int(f.Fd()))
		read <- err
	}()
	select {
	case <-ctx.Done():
		return "", errors.Join(errStopped, term.Restore(int(f.Fd()), seen))
	case err := <-read:
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		return string(text), nil
	}
}

// oneLine is an error as one line, even where it was joined from several, and
// without the words that two layers said of it one after the other.
func oneLine(err error) string {
	text := plainly.Replace(err.Error())
	clauses := strings.Split(strings.ReplaceAll(text, "\n", "; "), ": ")
	return strings.Join(slices.Compact(clauses), ": ")
}

// plainly says what the NATS client names after its own parts.
var plainly = strings.NewReplacer(
	nats.ErrReconnectBufExceeded.Error(), "not connected",
	nats.ErrNoServers.Error(), "no server answers",
	nats.ErrNoResponders.Error(), "nobody answers",
)
