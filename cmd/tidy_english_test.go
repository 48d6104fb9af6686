package cmd

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// English as a native engineer writes it: a clause with "who" or "what" has a noun
// before it (a client that, anyone who, whoever; the records that, everything that),
// unless it asks something.
//
//   - bareWho finds "who" where the noun is missing: after a preposition, after
//     a conjunction that begins no list of questions, and after a semicolon.
//   - bareWhat finds "what" as the subject of a clause that follows a preposition,
//     and each after "of". It leaves "it says what is stored" alone, which asks.
//   - openingClause finds a sentence that begins so. One that ends in a question
//     mark or a colon asks, and so does "Who may see whom is in the rosters".
//   - unidiomatic finds what should be "no longer", "recently" or "otherwise".
var (
	bareWho = regexp.MustCompile(`(?:;|\b(?:about|after|against|as|at|because|before|behind|between|but|by|for|from|if|in|like|of|on|over|so|` +
		`than|that|through|to|under|unless|until|when|where|which|while|with|without)) who\b`)
	bareWhat = regexp.MustCompile(`\b(?:after|against|before|behind|beyond|but|by|for|from|in|of|than|to|until|with|without) what ` +
		`(?:is|was|are|were|has|had|can|can't|could|may|must|came|comes|follows|goes|happens|happened|lies|mends|needs|went)\b|\bof what\b`)
	openingClause = regexp.MustCompile(`(?:^|[.!?] )((?:Who|What) [^.?!:]*)`)
	unidiomatic   = regexp.MustCompile(`\b(?:any ?more(?:$|[.,;:)]| (?:and|but|by|for|if|in|or|to|when))|lately\b)|(?:^|[,;:(]|\b(?:and|or|if not)) ?\belse\b`)
)

// notRead are the beginnings of paths whose comments may still have a bare "what".
var notRead = []string{"cmd/rollcall/web/", "cmd/rollcall/drain", "session/c2s/drain"}

// asks are phrases with a "who" that stands for a question, and needs no noun.
var asks = regexp.MustCompile(`of who is (?:online|there)\b|^Who may\b`)

func TestTheEnglishIsIdiomatic(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		for _, group := range s.file.Comments {
			checkEnglish(t, s.fset.Position(group.Pos()).String(), group.Text())
		}
	}
	for suffix, prose := range map[string]func(string) string{".md": withoutCode, ".txt": scriptComments, ".txtar": scriptComments} {
		for _, p := range files(t, suffix) {
			text, err := os.ReadFile(filepath.Join("..", p))
			if err != nil {
				t.Fatal(err)
			}
			checkEnglish(t, p, prose(string(text)))
		}
	}
}

func checkEnglish(t *testing.T, where, text string) {
	t.Helper()
	unread := slices.ContainsFunc(notRead, func(path string) bool { return strings.HasPrefix(where, path) })
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		for _, found := range badEnglish(strings.Join(strings.Fields(paragraph), " ")) {
			if !unread || !strings.Contains(strings.ToLower(found), "what ") {
				t.Errorf("%s: %s", where, found)
			}
		}
	}
}

// badEnglish gives each place with some words around it.
func badEnglish(paragraph string) (all []string) {
	for _, r := range []*regexp.Regexp{bareWho, bareWhat, unidiomatic} {
		for _, at := range r.FindAllStringIndex(paragraph, -1) {
			if around := paragraph[at[0]:min(at[1]+20, len(paragraph))]; !asks.MatchString(around) {
				all = append(all, paragraph[max(at[0]-20, 0):at[0]]+around)
			}
		}
	}
	for _, at := range openingClause.FindAllStringSubmatchIndex(paragraph, -1) {
		sentence := paragraph[at[2]:at[3]]
		asked := at[3] < len(paragraph) && strings.ContainsRune("?:", rune(paragraph[at[3]]))
		if !asked && !asks.MatchString(sentence) {
			all = append(all, sentence)
		}
	}
	return all
}

// withoutCode is a paper without its code: the paragraphs that are indented, and
// what stands in backticks.
func withoutCode(paper string) string {
	var b strings.Builder
	for line := range strings.Lines(paper) {
		if !strings.HasPrefix(line, "    ") {
			b.WriteString(line)
		}
	}
	return regexp.MustCompile("`[^`]*`").ReplaceAllString(b.String(), "code")
}

// scriptComments are those of a transcript or a script, each a paragraph.
func scriptComments(script string) string {
	var b strings.Builder
	for line := range strings.Lines(script) {
		comment, ok := strings.CutPrefix(line, "# ")
		if !ok {
			comment = "\n"
		}
		b.WriteString(comment)
	}
	return b.String()
}

func TestBadEnglishIsFoundAndGoodIsNot(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"It is reported by who tries.",
		"Who is silent for 10 s is taken for dead.",
		"It waits. Who comes late finds nothing.",
		"The room is for who is not there, and for others.",
		"It changes, which who asked before can see.",
		"The text is shared; who keeps it clones it.",
		"A late one has none any more.",
		"Nobody asks any more, and nothing is sent.",
		"The accounts that logged in lately.",
		"It may try now, and else it has to wait.",
		"The end of the wait, else 0.",
		"What is blocked stays.",
		"It waits. What a client sent is kept.",
		"The files of what was read, and others.",
		"The order of what a session sends.",
		"It stands for what is left out.",
		"It goes on with what has come.",
		"The records are younger than what happened to the account.",
	} {
		if len(badEnglish(bad)) != 1 {
			t.Errorf("%q: found %q", bad, badEnglish(bad))
		}
	}
	for _, good := range []string{
		"Who was online when?",
		"Who retries: the caller.",
		"Who may see whom is in the rosters.",
		"The table of who is online.",
		"It says where the stanza ends, and who is told.",
		"Whoever tries it reports it; somebody else may be first.",
		"It is for those who are away, and for anyone who comes.",
		"There are not any more records than that.",
		"What is a session?",
		"What clients ask of their rosters: RFC 6121, 2.",
		"It says what failed, decides what happens next, and knows what is missing.",
		"Everything that a client sent is kept, whatever it was.",
		"It is as large as what the client sends, and is read for what it is worth.",
	} {
		if found := badEnglish(good); len(found) != 0 {
			t.Errorf("%q: found %q", good, found)
		}
	}
}
