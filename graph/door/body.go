package door

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"lenddesk/fault"
)

// What a body can be refused for. None of them repeats any of it.
var (
	errNotUTF8     = fault.Deny(fault.BadRequest, "The request is not valid UTF-8.")
	errNotJSON     = fault.Deny(fault.BadRequest, "The request is not valid JSON.")
	errBatch       = fault.Deny(fault.BadRequest, "Batches are not served: send one JSON object a request.")
	errNotObject   = fault.Deny(fault.BadRequest, "The request must be one JSON object.")
	errTrailing    = fault.Deny(fault.BadRequest, "Something follows the JSON object.")
	errDuplicate   = fault.Deny(fault.BadRequest, "A key stands twice in the request.")
	errUnknownKey  = fault.Deny(fault.BadRequest, "The request may hold query, operationName, variables and extensions, and nothing else.")
	errNoQuery     = fault.Deny(fault.BadRequest, "query must be a string that is not empty.")
	errOperation   = fault.Deny(fault.BadRequest, "operationName must be a string or null.")
	errVariables   = fault.Deny(fault.BadRequest, "variables must be a JSON object or null.")
	errExtensions  = fault.Deny(fault.BadRequest, "extensions must be a JSON object or null.")
	errNestedDeep  = fault.Deny(fault.RequestTooComplex, "The JSON of the request is nested too deeply.")
	errBodyTooLong = fault.Deny(fault.RequestTooComplex, "The request is too large.")
	errQueryString = fault.Deny(fault.BadRequest, "The query string is malformed.")
)

// parseBody reads the one JSON object of a POST. Numbers stay json.Number.
func parseBody(body []byte, nesting int) (*graphql.RawParams, *fault.Refusal) {
	if refusal := wellFormed(body, nesting); refusal != nil {
		return nil, refusal
	}
	switch first(body) {
	case '{':
	case '[':
		return nil, errBatch
	default:
		return nil, errNotObject
	}

	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if _, err := d.Token(); err != nil {
		return nil, errNotJSON
	}
	var p graphql.RawParams
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, errNotJSON
		}
		key, ok := token.(string)
		if !ok {
			return nil, errNotJSON
		}
		if seen[key] {
			return nil, errDuplicate
		}
		seen[key] = true
		switch key {
		case "query":
			err = decode(d, &p.Query, errNoQuery)
		case "operationName":
			err = decode(d, &p.OperationName, errOperation)
		case "variables":
			err = decode(d, &p.Variables, errVariables)
		case "extensions":
			err = decode(d, &p.Extensions, errExtensions)
		default:
			return nil, errUnknownKey
		}
		if refusal, ok := fault.FindRefusal(err); ok {
			return nil, refusal
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, errNotJSON
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errTrailing
	}
	if p.Query == "" {
		return nil, errNoQuery
	}
	return &p, nil
}

// parseQueryString reads the parameters of a GET. Parameters that GraphQL over HTTP does not name are left alone.
func parseQueryString(raw string, nesting int) (*graphql.RawParams, *fault.Refusal) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, errQueryString
	}
	for _, name := range []string{"query", "operationName", "variables", "extensions"} {
		if len(values[name]) > 1 {
			return nil, errDuplicate
		}
		if !utf8.ValidString(values.Get(name)) {
			return nil, errNotUTF8
		}
	}
	p := graphql.RawParams{Query: values.Get("query"), OperationName: values.Get("operationName")}
	if p.Query == "" {
		return nil, errNoQuery
	}
	if refusal := parseParameter(values.Get("variables"), &p.Variables, nesting, errVariables); refusal != nil {
		return nil, refusal
	}
	if refusal := parseParameter(values.Get("extensions"), &p.Extensions, nesting, errExtensions); refusal != nil {
		return nil, refusal
	}
	return &p, nil
}

func parseParameter(text string, into *map[string]any, nesting int, otherwise *fault.Refusal) *fault.Refusal {
	if text == "" {
		return nil
	}
	if refusal := wellFormed([]byte(text), nesting); refusal != nil {
		return refusal
	}
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	if d.Decode(into) != nil {
		return otherwise
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errTrailing
	}
	return nil
}

// decode tells a value of the wrong type, which has its own sentence, from broken JSON.
func decode(d *json.Decoder, into any, otherwise *fault.Refusal) error {
	err := d.Decode(into)
	if err == nil {
		return nil
	}
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) {
		return otherwise
	}
	return errNotJSON
}

// wellFormed checks the encoding, and how deep braces and brackets outside of strings go, before anything recurses.
func wellFormed(text []byte, nesting int) *fault.Refusal {
	if !utf8.Valid(text) {
		return errNotUTF8
	}
	depth, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > nesting {
				return errNestedDeep
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// first is the first byte that is not JSON's white space, 0 if there is none.
func first(text []byte) byte {
	text = bytes.TrimLeft(text, " \t\r\n")
	if len(text) == 0 {
		return 0
	}
	return text[0]
}
