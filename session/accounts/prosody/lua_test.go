package prosody

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
)

func TestConstantsAreRead(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]value{
		`1`: 1.0, `-1.5e+3`: -1500.0, `1796035960.123`: 1796035960.123, `(1/0)`: math.Inf(1), `true`: true, `false`: false, `nil`: nil,
		`"a\9\195\188b"`: "a\tüb", `'it\'s'`: "it's", `"\"\\\n"`: "\"\\\n", "\"a\\\nb\"": "a\nb", `""`: "",
	} {
		got, err := parseTable("return {" + in + "} ;\n-- the end")
		if err != nil || len(got.list) != 1 || !reflect.DeepEqual(got.list[0], want) {
			t.Errorf("%s is %#v, %v", in, got, err)
		}
	}
	got, err := parseTable("return { 'a'; [1]=2, b={}, [\"c d\"] = true; [false]={1,2,}; }")
	if err != nil || len(got.list) != 1 || got.text("b") != "" || got.table("b") == nil || got.get("c d") != true || len(got.named) != 4 {
		t.Errorf("%+v, %v", got, err)
	}
}

// The files are data. Whatever else Lua could do is refused, at the byte where it is.
func TestProgramsAreRefused(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		`return os.execute("id")`, `return {os.execute("id")}`, `return {(function() return 1 end)()}`, `while true do end`, `return {a..b}`,
		`return {1+1}`, `return {[{}]=1}`, `return {"\xff"}`, `return {"\255"}`, `return {"\999"}`, `return {"open`, `return {`, `return 1`,
		`return {1 2}`, `return {(1/0}`, `return {[1]}`, `return {a=}`, `return {} return {}`, `local x = {}`, `item({})`, `return {[[x]]}`,
		`return {"` + "\x00" + `" .. x}`, "return " + strings.Repeat("{", maxNesting+1) + strings.Repeat("}", maxNesting+1),
	} {
		if got, err := parseTable(in); err == nil {
			t.Errorf("%.40q is %+v", in, got)
		}
	}
}

func TestAFileIsBounded(t *testing.T) {
	t.Parallel()
	if _, err := parseTable("return {" + strings.Repeat("1,", maxValues) + "}"); err == nil {
		t.Error("there may be any number of values")
	}
	dir := fstest.MapFS{"h/accounts/a.dat": {Data: []byte("return {" + strings.Repeat(" ", MaxFile) + "}")}}
	if _, refused := read(t, dir); len(refused) != 1 {
		t.Errorf("a file may have any length: %v", refused)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`return { ["a"] = { 1, "x\n\200", [false] = true; }; };`)
	f.Add(`item({ { "hi"; ["name"] = "body"; ["attr"] = {}; }; ["name"] = "message"; ["attr"] = { ["from"] = "a@b"; }; });`)
	f.Fuzz(func(t *testing.T, in string) {
		parseTable(in)
		list, err := parseList(in)
		if err != nil {
			return
		}
		for _, t := range list {
			listed(t)
		}
	})
}

// FuzzAccount has all stores of an account be the same text.
func FuzzAccount(f *testing.F) {
	f.Add(`return {["bob@localhost"]={subscription="both",groups={["a"]=true}},[false]={pending={["c@d"]=true}}}`, `item({name="message",attr={from="a@b"}})`)
	f.Add(`return {name="vCard",attr={xmlns="vcard-temp"},{name="FN","x"}}`, `item({name="a",key="k",attr={xmlns="urn:a",["b\1c"]="d"}})`)
	f.Add(`return {["urn:a"]={config={access_model="open",max_items=3},affiliations={["a@b"]="member"},subscribers={["c@d"]=true}}}`, `item({name="a",key="k",attr={xmlns="urn:a"}})`)
	f.Fuzz(func(t *testing.T, table, list string) {
		dir := fstest.MapFS{"h/accounts/a.dat": {Data: []byte(`return {password="x"}`)}}
		for _, store := range []string{"roster", "vcard", "private", "blocklist", "pep"} {
			dir["h/"+store+"/a.dat"] = &fstest.MapFile{Data: []byte(table)}
		}
		for _, store := range []string{"offline", "pep_urn%3aa"} {
			dir["h/"+store+"/a.list"] = &fstest.MapFile{Data: []byte(list)}
		}
		all, _ := read(t, dir)
		b := all["a@h"]
		if b == nil {
			t.Fatal("the account is not there")
		}
		b.Contacts.Encode()
	})
}
