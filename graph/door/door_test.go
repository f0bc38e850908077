package door

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/introspection"

	"lenddesk/fault"
)

// desk is the whole door with its log.
type desk struct {
	http.Handler
	log *bytes.Buffer
}

func open(o Options) desk {
	var text bytes.Buffer
	o.Log = slog.New(slog.NewTextHandler(&text, nil))
	h := RequestID(AccessLog(o.Log, PanicGuard(o.Log, New(newSchema(), o))))
	return desk{h, &text}
}

// answer is what came back.
type answer struct {
	Status int
	Header http.Header
	Text   string
	Data   json.RawMessage
	Errors []struct {
		Message    string
		Path       []any
		Extensions struct{ Code, RequestID string }
	}
}

func (d desk) do(t *testing.T, r *http.Request) answer {
	t.Helper()
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	a := answer{Status: w.Code, Header: w.Header(), Text: w.Body.String()}
	if got, want := w.Header().Get("Content-Length"), w.Body.Len(); got != "" && got != jsonInt(want) {
		t.Errorf("Content-Length %s of %d bytes", got, want)
	}
	if w.Header().Get("Content-Encoding") == "" && w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
			t.Fatalf("not JSON: %v\n%s", err, a.Text)
		}
	}
	for _, e := range a.Errors {
		if !slices.Contains(fault.Reasons, fault.Reason(e.Extensions.Code)) {
			t.Errorf("an error without a code of ours: %s", a.Text)
		}
	}
	if strings.Contains(a.Text, secret) {
		t.Errorf("the secret came back: %s", a.Text)
	}
	return a
}

func jsonInt(n int) string { b, _ := json.Marshal(n); return string(b) }

func post(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}

func get(values url.Values) *http.Request {
	return httptest.NewRequest(http.MethodGet, "/graphql?"+values.Encode(), nil)
}

func body(query string, variables map[string]any) string {
	b, _ := json.Marshal(map[string]any{"query": query, "variables": variables})
	return string(b)
}

func (a answer) code() string {
	if len(a.Errors) == 0 {
		return ""
	}
	return a.Errors[0].Extensions.Code
}

func TestBodyIsOneStrictObject(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)
	for name, c := range map[string]struct {
		body   string
		status int
		code   fault.Reason
	}{
		"plain":                       {`{"query":"{hello}"}`, 200, ""},
		"all keys":                    {`{"query":"query A{hello}","operationName":"A","variables":{"x":1},"extensions":{}}`, 200, ""},
		"nulls":                       {`{"query":"{hello}","operationName":null,"variables":null,"extensions":null}`, 200, ""},
		"white space around":          {" \n{\"query\":\"{hello}\"}\r\n\t", 200, ""},
		"brackets in a string":        {`{"query":"{hello}","variables":{"a":"` + strings.Repeat(`[{\"`, 40) + `"}}`, 200, ""},
		"nothing":                     {``, 400, fault.BadRequest},
		"broken":                      {`{"query":"{hello}","password":"` + secret, 400, fault.BadRequest},
		"not closed":                  {`{"query":"{hello}"`, 400, fault.BadRequest},
		"string":                      {`"` + secret + `"`, 400, fault.BadRequest},
		"null":                        {`null`, 400, fault.BadRequest},
		"batch":                       {`[{"query":"{hello}"}]`, 400, fault.BadRequest},
		"empty batch":                 {`[]`, 400, fault.BadRequest},
		"something after":             {`{"query":"{hello}"}{"query":"{hello}"}`, 400, fault.BadRequest},
		"garbage after":               {`{"query":"{hello}"} ` + secret, 400, fault.BadRequest},
		"key twice":                   {`{"query":"{hello}","query":"{fails}"}`, 400, fault.BadRequest},
		"key twice, once escaped":     {`{"query":"{hello}","qu\u0065ry":"{fails}"}`, 400, fault.BadRequest},
		"unknown key":                 {`{"query":"{hello}","` + secret + `":1}`, 400, fault.BadRequest},
		"key in another case":         {`{"Query":"{hello}"}`, 400, fault.BadRequest},
		"no query":                    {`{"variables":{}}`, 400, fault.BadRequest},
		"empty query":                 {`{"query":""}`, 400, fault.BadRequest},
		"null query":                  {`{"query":null}`, 400, fault.BadRequest},
		"query no string":             {`{"query":{"a":"` + secret + `"}}`, 400, fault.BadRequest},
		"operationName no string":     {`{"query":"{hello}","operationName":1}`, 400, fault.BadRequest},
		"variables a list":            {`{"query":"{hello}","variables":["` + secret + `"]}`, 400, fault.BadRequest},
		"variables a string":          {`{"query":"{hello}","variables":"` + secret + `"}`, 400, fault.BadRequest},
		"extensions a number":         {`{"query":"{hello}","extensions":1}`, 400, fault.BadRequest},
		"not UTF-8":                   {"{\"query\":\"{hello}\",\"variables\":{\"a\":\"\xff\"}}", 400, fault.BadRequest},
		"byte order mark":             {"\ufeff{\"query\":\"{hello}\"}", 400, fault.BadRequest},
		"deep variables":              {`{"query":"{hello}","variables":` + deep + `}`, 400, fault.RequestTooComplex},
		"deep and never closed":       {strings.Repeat("[", 100_000), 400, fault.RequestTooComplex},
		"two megabytes":               {`{"query":"{hello}","variables":{"a":"` + strings.Repeat("x", 2<<20) + `"}}`, 413, fault.RequestTooComplex},
		"a document that is none":     {`{"query":"hello"}`, 400, fault.BadRequest},
		"a document without content":  {`{"query":" # nothing"}`, 400, fault.BadRequest},
		"only a fragment":             {`{"query":"fragment F on Query{hello}"}`, 400, fault.BadRequest},
		"operation that is not there": {`{"query":"query A{hello}","operationName":"` + secret + `"}`, 400, fault.BadRequest},
		"several and no choice":       {`{"query":"query A{hello} query B{hello}"}`, 400, fault.BadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(Options{})
			a := d.do(t, post(c.body))
			if a.Status != c.status || a.code() != string(c.code) {
				t.Errorf("%d %s, want %d %s: %s", a.Status, a.code(), c.status, c.code, a.Text)
			}
			if strings.Contains(d.log.String(), secret) {
				t.Errorf("the secret is in the log: %s", d.log)
			}
			if c.status != 200 && a.Data != nil {
				t.Errorf("a refused request has data: %s", a.Text)
			}
		})
	}
}

func TestMediaTypes(t *testing.T) {
	for name, c := range map[string]struct {
		method, contentType, encoding, accept, query string
		status                                       int
		form                                         mediaType
	}{
		"form":                         {contentType: "application/x-www-form-urlencoded", status: 415},
		"text":                         {contentType: "text/plain", status: 415},
		"none":                         {contentType: "-", status: 415},
		"multipart":                    {contentType: "multipart/form-data; boundary=x", status: 415},
		"another charset":              {contentType: "application/json; charset=utf-16", status: 415},
		"utf-8":                        {contentType: "application/json; charset=UTF-8", status: 200},
		"compressed":                   {encoding: "gzip", status: 415},
		"PUT":                          {method: "PUT", status: 405},
		"no accept":                    {status: 200, form: graphqlResponse},
		"anything":                     {accept: "*/*", status: 200, form: graphqlResponse},
		"modern":                       {accept: "application/graphql-response+json", status: 200, form: graphqlResponse},
		"older":                        {accept: "application/json", status: 200, form: legacyJSON},
		"axios":                        {accept: "application/json, text/plain, */*", status: 200, form: legacyJSON},
		"both, modern wanted":          {accept: "application/graphql-response+json, application/json;q=0.9", status: 200, form: graphqlResponse},
		"both, older wanted":           {accept: "application/graphql-response+json;q=0.1, application/json;q=0.9", status: 200, form: legacyJSON},
		"modern ruled out":             {accept: "application/graphql-response+json;q=0, */*;q=0.1", status: 200, form: legacyJSON},
		"neither":                      {accept: "text/html", status: 406, form: legacyJSON},
		"invalid, modern":              {accept: "application/graphql-response+json", query: "{nope}", status: 400, form: graphqlResponse},
		"invalid, older":               {accept: "application/json", query: "{nope}", status: 200, form: legacyJSON},
		"unparsable, older":            {accept: "application/json", query: "{", status: 200, form: legacyJSON},
		"over a limit, older":          {accept: "application/json", query: "{" + strings.Repeat("hello ", 6000) + "}", status: 400, form: legacyJSON},
		"failed field, modern":         {accept: "application/graphql-response+json", query: "{fails}", status: 200, form: graphqlResponse},
		"null data, modern":            {accept: "application/graphql-response+json", query: "{required}", status: 200, form: graphqlResponse},
		"subscription in one answer":   {query: "subscription{ticks}", status: 400},
		"event stream is another's":    {accept: "text/event-stream", status: 400},
		"batch is refused when older":  {accept: "application/json", query: "-", status: 400, form: legacyJSON},
		"quality that makes no sense":  {accept: "application/json;q=x", status: 406},
		"wildcard of the right family": {accept: "application/*;q=0.5, text/html", status: 200, form: graphqlResponse},
	} {
		t.Run(name, func(t *testing.T) {
			query := c.query
			if query == "" {
				query = "{hello}"
			}
			text := body(query, nil)
			if query == "-" {
				text = "[]"
			}
			r := post(text)
			if c.method != "" {
				r.Method = c.method
			}
			switch c.contentType {
			case "":
			case "-":
				r.Header.Del("Content-Type")
			default:
				r.Header.Set("Content-Type", c.contentType)
			}
			if c.encoding != "" {
				r.Header.Set("Content-Encoding", c.encoding)
			}
			if c.accept != "" {
				r.Header.Set("Accept", c.accept)
			}
			a := open(Options{}).do(t, r)
			if a.Status != c.status {
				t.Errorf("%d, want %d: %s", a.Status, c.status, a.Text)
			}
			if got := a.Header.Get("Content-Type"); c.form != "" && got != string(c.form)+"; charset=utf-8" {
				t.Errorf("answered in %s, want %s", got, c.form)
			}
			if c.status != 200 && a.code() == "" {
				t.Errorf("refused without a code: %s", a.Text)
			}
		})
	}
}

func TestGetIsForQueries(t *testing.T) {
	for name, c := range map[string]struct {
		values url.Values
		status int
		text   string
	}{
		"query":               {url.Values{"query": {"{hello}"}}, 200, `{"data":{"hello":"hello"}}`},
		"variables":           {url.Values{"query": {"query($n:Int){number(n:$n)}"}, "variables": {`{"n":1}`}}, 200, `{"data":{"number":"hello"}}`},
		"other parameters":    {url.Values{"query": {"{hello}"}, "t": {"1"}}, 200, ""},
		"chosen operation":    {url.Values{"query": {"query A{hello} mutation B{signIn(input:{})}"}, "operationName": {"A"}}, 200, ""},
		"mutation":            {url.Values{"query": {"mutation{signIn(input:{})}"}}, 405, ""},
		"chosen mutation":     {url.Values{"query": {"query A{hello} mutation B{signIn(input:{})}"}, "operationName": {"B"}}, 405, ""},
		"subscription":        {url.Values{"query": {"subscription{ticks}"}}, 400, ""},
		"nothing":             {url.Values{}, 400, ""},
		"query twice":         {url.Values{"query": {"{hello}", "{fails}"}}, 400, ""},
		"variables no object": {url.Values{"query": {"{hello}"}, "variables": {`[1]`}}, 400, ""},
		"variables broken":    {url.Values{"query": {"{hello}"}, "variables": {`{"` + secret}}, 400, ""},
		"variables and more":  {url.Values{"query": {"{hello}"}, "variables": {`{}{}`}}, 400, ""},
		"variables deep":      {url.Values{"query": {"{hello}"}, "variables": {strings.Repeat("[", 40)}}, 400, ""},
		"not UTF-8":           {url.Values{"query": {"{hello}"}, "variables": {"{\"a\":\"\xff\"}"}}, 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := open(Options{}).do(t, get(c.values))
			if a.Status != c.status || c.text != "" && a.Text != c.text {
				t.Errorf("%d, want %d: %s", a.Status, c.status, a.Text)
			}
			if c.status == 405 && a.Header.Get("Allow") != "POST" {
				t.Errorf("Allow is %q", a.Header.Get("Allow"))
			}
		})
	}
	a := open(Options{}).do(t, httptest.NewRequest(http.MethodGet, "/graphql?query=%zz", nil))
	if a.Status != 400 {
		t.Errorf("a malformed query string is %d", a.Status)
	}
}

func TestAnswerIsWrittenOnce(t *testing.T) {
	d := open(Options{})
	if a := d.do(t, post(body("{a:hello b:hello}", nil))); a.Text != `{"data":{"a":"hello","b":"hello"}}` {
		t.Error(a.Text)
	}
	a := d.do(t, post(body("{hello refused}", nil)))
	if want := `{"errors":[{"message":"Not for you.","path":["refused"],"locations":[{"line":1,"column":8}],"extensions":{"code":"FORBIDDEN"}}],"data":{"hello":"hello","refused":null}}`; a.Text != want {
		t.Errorf("%s\nwant\n%s", a.Text, want)
	}
	if a := d.do(t, post(body("{required}", nil))); string(a.Data) != "null" || !strings.Contains(a.Text, `"data":null`) || a.code() != "INTERNAL" {
		t.Error(a.Text)
	}
}

func TestLargeAnswersAreCompressed(t *testing.T) {
	for name, c := range map[string]struct {
		query, accept string
		packed        bool
	}{
		"large":         {"{big}", "br;q=1, gzip;q=0.8", true},
		"anything":      {"{big}", "*", true},
		"small":         {"{hello}", "gzip", false},
		"not asked for": {"{big}", "", false},
		"ruled out":     {"{big}", "gzip;q=0, *", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := post(body(c.query, nil))
			r.Header.Set("Accept-Encoding", c.accept)
			d := open(Options{})
			a := d.do(t, r)
			if packed := a.Header.Get("Content-Encoding") == "gzip"; packed != c.packed {
				t.Fatalf("compressed: %v", packed)
			}
			if !c.packed {
				return
			}
			z, err := gzip.NewReader(strings.NewReader(a.Text))
			if err != nil {
				t.Fatal(err)
			}
			plain, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			if want := d.do(t, post(body(c.query, nil))); string(plain) != want.Text {
				t.Error("compressed and plain answers differ")
			}
		})
	}
}

// doubling is n fragments, each spreading the next twice.
func doubling(n int, last string) string {
	var b strings.Builder
	b.WriteString("query{...F0}")
	for i := range n {
		b.WriteString("fragment F" + jsonInt(i) + " on Query{...F" + jsonInt(i+1) + " ...F" + jsonInt(i+1) + "}")
	}
	return b.String() + "fragment F" + jsonInt(n) + " on Query{" + last + "}"
}

// nested is levels of loan{next{next{…}}}, each a field.
func nested(levels int) string {
	return "{loan{" + strings.Repeat("next{", levels-2) + "id" + strings.Repeat("}", levels-2) + "}}"
}

func repeat(n int, f func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(f(i))
	}
	return b.String()
}

func TestLimits(t *testing.T) {
	const tooComplex, bad = fault.RequestTooComplex, fault.BadRequest
	ids := func(n int) []any {
		list := make([]any, n)
		for i := range list {
			list[i] = "a"
		}
		return list
	}
	alias := func(field string) func(int) string {
		return func(i int) string { return "a" + jsonInt(i) + ":" + field + " " }
	}
	bids := func(first string, below string) string { return "bids(first:" + first + "){nodes{" + below + "}}" }

	for name, c := range map[string]struct {
		query     string
		variables map[string]any
		code      fault.Reason
	}{
		"introspection of GraphiQL":      {introspection.Query, nil, ""},
		"introspection, seven plus two":  {strings.Replace(introspection.Query, "kind\n                name\n              }", "kind name ofType { kind name ofType { kind name } } }", 1), nil, ""},
		"__typename 8000 times":          {"{" + strings.Repeat("__typename ", 8000) + "}", nil, tooComplex},
		"__typename 20000 times":         {"{" + strings.Repeat("__typename ", 20_000) + "}", nil, tooComplex},
		"8000 in a fragment nobody uses": {"{hello} fragment F on Query{" + strings.Repeat("__typename ", 8000) + "}", nil, tooComplex},
		"20 doubling fragments":          {doubling(20, "hello"), nil, tooComplex},
		"99 doubling fragments":          {doubling(99, "hello"), nil, tooComplex},
		"3 doubling fragments":           {doubling(3, "hello"), nil, ""},
		"doubling, unused":               {strings.Replace(doubling(30, "hello"), "{...F0}", "{hello}", 1), nil, tooComplex},
		"20 doubling connections": {"{loans{nodes{...F0}}}" + repeat(20, func(i int) string {
			return "fragment F" + jsonInt(i) + " on Loan{a:next{...F" + jsonInt(i+1) + "} b:next{...F" + jsonInt(i+1) + "}}"
		}) + "fragment F20 on Loan{id}", nil, tooComplex},
		"a fragment of itself":              {"{...F} fragment F on Query{...F}", nil, bad},
		"a circle of fragments":             {"{...A} fragment A on Query{...B} fragment B on Query{loan{...C}} fragment C on Loan{next{...A}}", nil, bad},
		"a circle nobody uses":              {"{hello} fragment A on Query{...B} fragment B on Query{...A}", nil, bad},
		"a fragment that is missing":        {"{...Nope}", nil, bad},
		"101 fragments":                     {"{...F0}" + repeat(101, func(i int) string { return "fragment F" + jsonInt(i) + " on Query{hello}" }), nil, tooComplex},
		"depth 15":                          {nested(15), nil, ""},
		"depth 16":                          {nested(16), nil, tooComplex},
		"depth 16 by fragments":             {"{loan{...A}} fragment A on Loan{next{next{next{next{next{...B}}}}}} fragment B on Loan{next{next{next{next{next{next{next{next{next{id}}}}}}}}}}", nil, tooComplex},
		"900 inline fragments":              {"{" + strings.Repeat("...{", 900) + "hello" + strings.Repeat("}", 900) + "}", nil, tooComplex},
		"20 root fields":                    {"{" + repeat(20, alias("hello")) + "}", nil, ""},
		"21 root fields":                    {"{" + repeat(21, alias("hello")) + "}", nil, tooComplex},
		"21 root fields in fragments":       {"{...A ...B} fragment A on Query{" + repeat(11, alias("hello")) + "} fragment B on Query{" + repeat(10, alias("hello")) + "}", nil, tooComplex},
		"10 mutations":                      {"mutation{" + repeat(10, alias("signIn(input:{})")) + "}", nil, ""},
		"11 mutations":                      {"mutation{" + repeat(11, alias("signIn(input:{})")) + "}", nil, tooComplex},
		"__schema twice":                    {"{a:__schema{queryType{name}} b:__schema{queryType{name}}}", nil, ""},
		"__schema three times":              {"{" + repeat(3, alias("__schema{queryType{name}}")) + "}", nil, tooComplex},
		"__type and __schema three times":   {"{...A ...B ...C} fragment A on Query{a:__schema{queryType{name}}} fragment B on Query{b:__type(name:\"Loan\"){name}} fragment C on Query{c:__type(name:\"Bid\"){name}}", nil, tooComplex},
		"wide introspection":                {"{__schema{types{" + repeat(700, alias("name")) + "}}}", nil, tooComplex},
		"deep introspection":                {"{__type(name:\"Loan\"){" + strings.Repeat("ofType{", 25) + "name" + strings.Repeat("}", 25) + "}}", nil, tooComplex},
		"300 times the same name":           {"{loan{" + strings.Repeat("id ", 300) + "}}", nil, ""},
		"400 times the same name":           {"{loan{" + strings.Repeat("id ", 400) + "}}", nil, tooComplex},
		"the same name by inline parts":     {"{loan{" + strings.Repeat("...{id} ", 400) + "}}", nil, tooComplex},
		"the same name by fragments":        {"{loan{" + strings.Repeat("...F ", 400) + "}} fragment F on Loan{id}", nil, tooComplex},
		"the same name by merging":          {"{loan{" + strings.Repeat("next{"+strings.Repeat("id ", 20)+"} ", 20) + "}}", nil, tooComplex},
		"the same name, fragment unused":    {"{hello} fragment F on Loan{" + strings.Repeat("id ", 400) + "}", nil, tooComplex},
		"the same name in different places": {"{loan{" + repeat(100, func(i int) string { return "a" + jsonInt(i) + ":next{id next{id}} " }) + "}}", nil, ""},
		"4900 fragments that are missing":   {"{loan{" + repeat(4900, func(i int) string { return "...X" + jsonInt(i) + " " }) + "}}", nil, bad},
		"5 directives":                      {"{hello " + strings.Repeat("@mark ", 5) + "}", nil, ""},
		"6 directives":                      {"{hello " + strings.Repeat("@mark ", 6) + "}", nil, tooComplex},
		"6 directives on a fragment":        {"{... " + strings.Repeat("@mark ", 6) + "{hello}}", nil, tooComplex},
		"6 directives on an operation":      {"query A " + strings.Repeat("@mark ", 6) + "{hello}", nil, tooComplex},
		"201 variables":                     {"query(" + repeat(201, func(i int) string { return "$v" + jsonInt(i) + ":Int " }) + "){hello}", nil, tooComplex},
		"deferred":                          {"{... @defer{hello}}", nil, bad},

		"page of 100":               {"{loans(first:100){nodes{id}}}", nil, ""},
		"page of 101":               {"{loans(first:101){nodes{id}}}", nil, bad},
		"page of 100000":            {"{loans(first:100000){nodes{id}}}", nil, bad},
		"page beyond any number":    {"{loans(first:99999999999999999999){nodes{id}}}", nil, bad},
		"page of 0":                 {"{loans(first:0){nodes{id}}}", nil, bad},
		"page of -1":                {"{loans(last:-1){nodes{id}}}", nil, bad},
		"page of null":              {"{loans(first:null){nodes{id}}}", nil, ""},
		"page given":                {"query($n:Int){loans(first:$n){nodes{id}}}", map[string]any{"n": 50}, ""},
		"page given, too large":     {"query($n:Int){loans(first:$n){nodes{id}}}", map[string]any{"n": 101}, bad},
		"page given as text":        {"query($n:Int){loans(first:$n){nodes{id}}}", map[string]any{"n": "100000"}, bad},
		"page given as null":        {"query($n:Int){loans(first:$n){nodes{id}}}", map[string]any{"n": nil}, ""},
		"page not given":            {"query($n:Int){loans(first:$n){nodes{id}}}", nil, ""},
		"page by default":           {"query($n:Int=100){loans(first:$n){nodes{id}}}", nil, ""},
		"page by default too large": {"query($n:Int=101){loans(first:$n){nodes{id}}}", nil, bad},
		"default not used":          {"query($n:Int=101){loans(first:$n){nodes{id}}}", map[string]any{"n": 1}, ""},
		"page of a wrong type":      {"query($n:Int){loans(first:$n){nodes{id}}}", map[string]any{"n": map[string]any{}}, bad},
		"100 ids":                   {"query($i:[ID!]!){nodes(ids:$i){id}}", map[string]any{"i": ids(100)}, ""},
		"101 ids":                   {"query($i:[ID!]!){nodes(ids:$i){id}}", map[string]any{"i": ids(101)}, bad},
		"101 ids in the document":   {"{nodes(ids:[" + strings.Repeat(`"a" `, 101) + "]){id}}", nil, bad},

		"100 of 100":               {"{loans(first:100){nodes{" + bids("100", "id") + "}}}", nil, ""},
		"100 of 100 of 19":         {"{loans(first:100){nodes{" + bids("100", bids("18", "id")) + "}}}", nil, ""},
		"100 of 100 of 20":         {"{loans(first:100){nodes{" + bids("100", bids("20", "id")) + "}}}", nil, tooComplex},
		"100 of 100 of a default":  {"{loans(first:100){nodes{" + bids("100", "bids{totalCount}") + "}}}", nil, tooComplex},
		"the same by a variable":   {"query($n:Int){loans(first:$n){nodes{bids(first:$n){nodes{bids(first:$n){nodes{id}}}}}}}", map[string]any{"n": 100}, tooComplex},
		"less by a variable":       {"query($n:Int){loans(first:$n){nodes{bids(first:$n){nodes{bids(first:$n){nodes{id}}}}}}}", map[string]any{"n": 50}, ""},
		"defaults of four levels":  {"{loans{nodes{bids{nodes{bids{nodes{bids{nodes{id}}}}}}}}}", nil, ""},
		"defaults of five levels":  {"{loans{nodes{bids{nodes{bids{nodes{bids{nodes{bids{nodes{id}}}}}}}}}}}", nil, tooComplex},
		"100 ids of 100 of 20":     {"query($i:[ID!]!){nodes(ids:$i){...on Loan{bids(first:100){nodes{bids{totalCount}}}}}}", map[string]any{"i": ids(100)}, tooComplex},
		"20 aliases of 100 of 100": {"{" + repeat(20, alias("loans(first:100){nodes{"+bids("100", "id")+"}}")) + "}", nil, tooComplex},
		"fragment of rows":         {"{loans(first:100){nodes{...A}}} fragment A on Loan{bids(first:100){nodes{...B}}} fragment B on Bid{bids(first:100){totalCount}}", nil, tooComplex},
	} {
		t.Run(name, func(t *testing.T) {
			a := open(Options{Introspection: true}).do(t, post(body(c.query, c.variables)))
			if a.code() != string(c.code) {
				t.Errorf("got %q, want %q: %s", a.code(), c.code, cut(a.Text, 500))
			}
			if c.code == tooComplex && a.Status != 400 {
				t.Errorf("refused with %d", a.Status)
			}
		})
	}
}

func TestPageSizeIsNamed(t *testing.T) {
	a := open(Options{}).do(t, post(body("{loans(last:1000){nodes{id}}}", nil)))
	if want := "Argument last must be from 1 to 100."; a.Errors[0].Message != want {
		t.Errorf("%q, want %q", a.Errors[0].Message, want)
	}
}

func TestKnownDocumentIsHeldToItsVariables(t *testing.T) {
	d := open(Options{})
	query := "query($n:Int){loans(first:$n){nodes{id}}}"
	for _, c := range []struct {
		n    int
		code string
	}{{1, ""}, {1000, "BAD_REQUEST"}, {2, ""}} {
		if a := d.do(t, post(body(query, map[string]any{"n": c.n}))); a.code() != c.code {
			t.Errorf("first: %d is %q, want %q", c.n, a.code(), c.code)
		}
	}
}

func TestIntrospectionCanBeSwitchedOff(t *testing.T) {
	a := open(Options{}).do(t, post(body(introspection.Query, nil)))
	if a.code() != "FORBIDDEN" {
		t.Error(a.Text)
	}
}

func TestAllFaultsOfADocumentAreTold(t *testing.T) {
	d := open(Options{})
	for range 2 { // a document that is refused is not kept as a valid one
		a := d.do(t, post(body("{helo nope loans{nodes{ident}}}", nil)))
		if len(a.Errors) != 3 || !strings.Contains(a.Text, "Did you mean") {
			t.Errorf("%d errors: %s", len(a.Errors), a.Text)
		}
	}
	a := d.do(t, post(body("{"+repeat(19, func(i int) string { return "nope" + jsonInt(i) + " " })+"loan{"+repeat(100, func(i int) string { return "nope" + jsonInt(i) + " " })+"}}", nil)))
	if len(a.Errors) != maxErrors {
		t.Errorf("%d errors", len(a.Errors))
	}
}

// A value that a client sent never comes back, wherever it goes wrong. desk.do looks for the secret in every answer.
func TestValuesAreNotEchoed(t *testing.T) {
	signIn := "mutation($i:SignInInput!){signIn(input:$i)}"
	for name, c := range map[string]struct {
		query     string
		variables map[string]any
		says      string
	}{
		"enum in a variable":         {signIn, map[string]any{"i": map[string]any{"status": secret}}, "Variable i.status: not a valid Status."},
		"enum that talks back":       {signIn, map[string]any{"i": map[string]any{"status": secret + " is not a valid x"}}, "Variable i.status: not a valid Status."},
		"password for an Int":        {signIn, map[string]any{"i": map[string]any{"tries": secret}}, "Variable i.tries: cannot use string as Int."},
		"text for an input":          {signIn, map[string]any{"i": secret}, "Variable i: must be a SignInInput, not a string."},
		"list for a password":        {signIn, map[string]any{"i": map[string]any{"password": []any{secret}}}, "Variable i.password: cannot use slice as String."},
		"no input":                   {signIn, nil, "Variable i: must be defined."},
		"scalar of ours":             {signIn, map[string]any{"i": map[string]any{"amount": secret}}, "The value of argument input.amount is not valid."},
		"number too large":           {"query($n:Int){number(n:$n)}", map[string]any{"n": 4e15}, "The value of argument n is not valid."},
		"enum as a literal":          {"{byStatus(status: correct_horse)}", nil, `A value does not exist in "Status" enum.`},
		"text for an enum":           {`{byStatus(status: "` + secret + `")}`, nil, `Enum "Status" cannot represent non-enum value.`},
		"text for an Int":            {`{number(n: "` + secret + `")}`, nil, "Int cannot represent non-integer value."},
		"text for a list of enums":   {`{byStatus(of: ["` + secret + `"])}`, nil, `Enum "Status!" cannot represent non-enum value.`},
		"object for a password":      {`mutation{signIn(input:{password:{a:"` + secret + `"}})}`, nil, ""},
		"list for an input":          {`mutation{signIn(input:["` + secret + `"])}`, nil, ""},
		"text for an input, literal": {`mutation{signIn(input:"` + secret + `")}`, nil, `Expected value of type "SignInInput!".`},
		"a forgotten colon":          {`mutation{signIn(input:{password "` + secret + `"})}`, nil, "Expected :, found String."},
		"a string too many":          {`mutation{signIn "` + secret + `"}`, nil, "Expected Name, found String."},
		"a string at the start":      {`"` + secret + `"`, nil, ""},
		"a string in no place":       {`query A "` + secret + `" {hello}`, nil, ""},
		"an escape that is none":     {`mutation{signIn(input:{password:"\u12 ` + secret + `"})}`, nil, sayUnparsed},
		"a string never closed":      {`mutation{signIn(input:{password:"` + secret, nil, sayUnparsed},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(Options{})
			a := d.do(t, post(body(c.query, c.variables)))
			if a.code() != "BAD_REQUEST" {
				t.Fatalf("%s", a.Text)
			}
			if strings.Contains(a.Text, "horse") && name != "enum as a literal" {
				t.Errorf("part of the value came back: %s", a.Text)
			}
			if c.says != "" && strings.TrimSuffix(a.Errors[0].Message, ".") != strings.TrimSuffix(c.says, ".") {
				t.Errorf("says %q, want %q", a.Errors[0].Message, c.says)
			}
			if strings.Contains(d.log.String(), "horse") {
				t.Errorf("the value is in the log: %s", d.log)
			}
		})
	}
}

func TestErrorsWithoutACodeAreMasked(t *testing.T) {
	for query, c := range map[string]struct{ code, message, logged string }{
		"{hello fails}": {"INTERNAL", sayInternal, "no such table"},
		"{panics}":      {"INTERNAL", sayInternal, "schema_test.go"}, // a line of the stack
		"{refused}":     {"FORBIDDEN", "Not for you.", ""},
		"{faulty}":      {"BAD_REQUEST", "refused: INVALID from", ""},
	} {
		t.Run(query, func(t *testing.T) {
			d := open(Options{})
			r := post(body(query, nil))
			r.Header.Set("X-Request-Id", "abc-1")
			a := d.do(t, r)
			if a.code() != c.code || a.Errors[0].Message != c.message || len(a.Errors) != 1 || a.Status != 200 {
				t.Errorf("%d %s", a.Status, a.Text)
			}
			if c.code == "INTERNAL" && a.Errors[0].Extensions.RequestID != "abc-1" {
				t.Errorf("the request's id is not told: %s", a.Text)
			}
			failed := strings.Contains(d.log.String(), "level=ERROR")
			if failed != (c.logged != "") || !strings.Contains(d.log.String(), c.logged) || !strings.Contains(d.log.String(), "request=abc-1") {
				t.Errorf("log: %s", d.log)
			}
		})
	}
}

// What goes wrong outside of any field is masked too.
func TestExecutionThatFailsAsAWhole(t *testing.T) {
	for name, c := range map[string]struct {
		exec   func(context.Context) graphql.ResponseHandler
		logged string
	}{
		"panic before the answer": {func(context.Context) graphql.ResponseHandler { panic(secret) }, "door_test.go"},
		"panic in the answer": {func(context.Context) graphql.ResponseHandler {
			return func(context.Context) *graphql.Response { panic(secret) }
		}, "door_test.go"},
		"error past the presenter": {func(ctx context.Context) graphql.ResponseHandler {
			return graphql.OneShot(graphql.ErrorResponse(ctx, "disk %s", secret))
		}, "disk"},
	} {
		t.Run(name, func(t *testing.T) {
			var text bytes.Buffer
			schema := newSchema().(*graphql.ExecutableSchemaMock)
			schema.ExecFunc = c.exec
			d := desk{RequestID(New(schema, Options{Log: slog.New(slog.NewTextHandler(&text, nil))})), &text}
			r := post(body("{hello}", nil))
			r.Header.Set("Accept", "application/json")
			a := d.do(t, r)
			if a.Status != 500 || a.code() != "INTERNAL" || a.Data != nil || !strings.Contains(text.String(), c.logged) {
				t.Errorf("%d %s\n%s", a.Status, a.Text, &text)
			}
		})
	}
}

func TestOtherTransportsComeFirst(t *testing.T) {
	r := post(body("{hello}", nil))
	d := open(Options{Transports: []graphql.Transport{first200{}}})
	if a := d.do(t, r); a.Text != `{"data":"mine"}` {
		t.Error(a.Text)
	}
}

type first200 struct{}

func (first200) Supports(*http.Request) bool { return true }
func (first200) Do(w http.ResponseWriter, _ *http.Request, _ graphql.GraphExecutor) {
	_, _ = io.WriteString(w, `{"data":"mine"}`)
}

func TestDeadline(t *testing.T) {
	limits := DefaultLimits
	limits.Time = time.Millisecond
	d := open(Options{Limits: limits})
	a := d.do(t, post(body("{waits}", nil)))
	if a.code() != "TIMEOUT" {
		t.Error(a.Text)
	}
	if strings.Contains(d.log.String(), "level=ERROR") {
		t.Errorf("a timeout is logged as a failure: %s", d.log)
	}

	limits.Time = -1 // over before anything ran
	a = open(Options{Limits: limits}).do(t, post(body("{hello}", nil)))
	if a.Status != http.StatusGatewayTimeout || a.code() != "TIMEOUT" || a.Data != nil {
		t.Errorf("%d %s", a.Status, a.Text)
	}
}

func TestClientThatWentAwayGetsNothing(t *testing.T) {
	d := open(Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a := d.do(t, post(body("{waits}", nil)).WithContext(ctx))
	if a.Text != "" {
		t.Errorf("answered %s", a.Text)
	}
	if log := d.log.String(); strings.Contains(log, "level=ERROR") || !strings.Contains(log, "status=499") {
		t.Errorf("log: %s", log)
	}
}

func TestRequestID(t *testing.T) {
	for sent, kept := range map[string]bool{
		"abc-DEF_1.2": true, strings.Repeat("a", 64): true,
		"": false, strings.Repeat("a", 65): false, "a b": false, "a\"b": false, "ä": false,
	} {
		r := post(body("{hello}", nil))
		r.Header.Set("X-Request-Id", sent)
		got := open(Options{}).do(t, r).Header.Get("X-Request-Id")
		if (got == sent) != kept || !sane(got) {
			t.Errorf("sent %q, got %q", sent, got)
		}
	}
}

// Several operations run over one WebSocket at the same time, all of them in the one line of its request.
func TestOperationsOfOneRequestAreNotedAtTheSameTime(t *testing.T) {
	var log bytes.Buffer
	AccessLog(slog.New(slog.NewJSONHandler(&log, nil)), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var running sync.WaitGroup
		for range 8 {
			running.Go(func() { noteOperation(r.Context(), "Watch"); noteGone(r.Context()) })
		}
		running.Wait()
	})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/graphql", nil))
	if line := log.String(); !strings.Contains(line, `"operation":"Watch"`) || !strings.Contains(line, `"status":499`) {
		t.Errorf("logged: %s", line)
	}
}

func TestAccessLogNamesTheOperationAndNothingElse(t *testing.T) {
	for name, c := range map[string]struct{ query, operationName, logged string }{
		"by the document":  {"query Dashboard{hello}", "", "operation=Dashboard"},
		"by operationName": {"query A{hello} query B{hello}", "B", "operation=B"},
		"none":             {"{hello}", "", `operation=""`},
		"no name at all":   {"{hello}", "x\nlevel=ERROR", `operation=""`},
		"very long":        {"query " + strings.Repeat("A", 100) + "{hello}", "", "operation=" + strings.Repeat("A", 64) + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(Options{})
			r := get(url.Values{"query": {c.query}, "operationName": {c.operationName}, "variables": {`{"p":"` + secret + `"}`}})
			r.Header.Set("Cookie", "session="+secret)
			d.do(t, r)
			log := d.log.String()
			if !strings.Contains(log, c.logged) || strings.Contains(log, secret) || strings.Contains(log, "level=ERROR") || strings.Count(log, "\n") != 1 {
				t.Errorf("log: %s", log)
			}
			for _, part := range []string{"method=GET", "path=/graphql ", "status=", "duration="} {
				if !strings.Contains(log, part) {
					t.Errorf("no %s in %s", part, log)
				}
			}
		})
	}
}

func TestPanicGuard(t *testing.T) {
	var text bytes.Buffer
	log := slog.New(slog.NewTextHandler(&text, nil))
	before := RequestID(AccessLog(log, PanicGuard(log, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "5")
		panic(secret)
	}))))
	a := desk{before, &text}.do(t, httptest.NewRequest(http.MethodGet, "/", nil))
	if a.Status != 500 || a.code() != "INTERNAL" || !strings.Contains(text.String(), "door_test.go") || !strings.Contains(text.String(), "status=500") {
		t.Errorf("%d %s\n%s", a.Status, a.Text, &text)
	}

	begun := PanicGuard(log, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		panic("then")
	}))
	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("half an answer was not cut")
		}
	}()
	begun.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
}

func TestMiddlewaresHandOnStreaming(t *testing.T) {
	w := httptest.NewRecorder()
	log := slog.New(slog.DiscardHandler)
	AccessLog(log, PanicGuard(log, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush()
		if _, ok := w.(http.Hijacker); !ok {
			t.Error("cannot be hijacked")
		}
	}))).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if !w.Flushed {
		t.Error("not flushed")
	}
}

func TestUserErrors(t *testing.T) {
	say := Sentence(func(locale, id string, data map[string]any) string {
		return locale + " " + id + " " + strings.Join(slices.Sorted(maps.Keys(data)), ",")
	})
	var list fault.List
	list.Add(fault.Problem{Code: fault.TooShort, Data: map[string]any{"min": 12}}, "owner", "0", "password")
	list.Add(fault.Problem{Code: fault.Conflict, Text: "stale"})
	got, ok := say.UserErrors("en", list.Err())
	if !ok || len(got) != 2 || got[0].Code != fault.TooShort || got[0].Message != "en fault.TOO_SHORT min" ||
		!slices.Equal(got[0].Field, []string{"owner", "0", "password"}) || got[1].Message != "en fault.stale " || got[1].Field != nil {
		t.Errorf("%+v", got)
	}
	if _, ok := say.UserErrors("en", io.EOF); ok {
		t.Error("an error that is no list became userErrors")
	}
}

func TestCacheIsBounded(t *testing.T) {
	c := newDocuments()
	c.add(strings.Repeat("x", cachedText+1), nil)
	if len(c.byText) != 0 {
		t.Error("a huge text was kept")
	}
	for i := range 100 {
		c.add(strings.Repeat("x", cachedText-i), nil)
	}
	if c.bytes > cachedBytes || len(c.byText) != c.recent.Len() || len(c.byText) < cachedBytes/cachedText {
		t.Errorf("%d texts of %d bytes", len(c.byText), c.bytes)
	}
	for i := range 2 * cachedDocuments {
		c.add(jsonInt(i), nil)
		c.get("0")
	}
	if len(c.byText) > cachedDocuments || c.byText["0"] == nil || c.byText["1"] != nil {
		t.Errorf("%d texts, or not the least recently used left", len(c.byText))
	}
}
