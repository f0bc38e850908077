package door

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/klauspost/compress/gzip"

	"lenddesk/fault"
)

// mediaType is one of the two forms of an answer by GraphQL over HTTP. They differ in their status: the first tells a
// refused request by it, the second answers every well-formed request with 200.
type mediaType string

const (
	graphqlResponse mediaType = "application/graphql-response+json"
	legacyJSON      mediaType = "application/json"
)

// negotiate chooses the form by Accept: the greater q, then the one that is named rather than meant by a wildcard, then
// graphql-response, which also stands in for no Accept at all (the specification's rule since 2025). False when the client
// takes neither.
func negotiate(h http.Header) (mediaType, bool) {
	accept := strings.Join(h.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return graphqlResponse, true
	}
	modern, legacy := preference(accept, graphqlResponse), preference(accept, legacyJSON)
	switch {
	case modern.q <= 0 && legacy.q <= 0:
		return legacyJSON, false
	case legacy.q > modern.q, legacy.q == modern.q && legacy.named > modern.named:
		return legacyJSON, true
	}
	return graphqlResponse, true
}

// preferred is how much a client wants a form: q from 0 to 1, and how closely it was named.
type preferred struct {
	q     float64
	named int
}

func preference(accept string, form mediaType) (best preferred) {
	for item := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(item, ";")
		named := 0
		switch strings.ToLower(strings.TrimSpace(name)) {
		case string(form):
			named = 3
		case "application/*":
			named = 2
		case "*/*":
			named = 1
		}
		if named > best.named { // the closest name decides, RFC 9110, 12.5.1
			best = preferred{quality(params), named}
		}
	}
	return best
}

// quality is the q among parameters, 1 when there is none, 0 when it is malformed.
func quality(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		key, value, _ := strings.Cut(param, "=")
		if !strings.EqualFold(strings.TrimSpace(key), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return 0
		}
		return q
	}
	return 1
}

// statusOf is the status of a request that was refused for a reason and has no data.
func statusOf(reason fault.Reason) int {
	switch reason {
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.RateLimited:
		return http.StatusTooManyRequests
	case fault.Timeout:
		return http.StatusGatewayTimeout
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.Internal:
		return http.StatusInternalServerError
	default:
		return http.StatusBadRequest
	}
}

// statusFor is the status of an answer. Whatever has data, null too, was executed and is 200. A document over the limits
// is refused in both forms; other faults of a well-formed request are 200 in the older form, unless they are ours.
func statusFor(form mediaType, answer *graphql.Response) int {
	if len(answer.Data) > 0 || len(answer.Errors) == 0 {
		return http.StatusOK
	}
	code, _ := answer.Errors[0].Extensions["code"].(string)
	status := statusOf(fault.Reason(code))
	if form == graphqlResponse || status >= http.StatusInternalServerError ||
		fault.Reason(code) == fault.RequestTooComplex || fault.Reason(code) == fault.RateLimited {
		return status
	}
	return http.StatusOK
}

func writeRefusal(w http.ResponseWriter, r *http.Request, form mediaType, status int, refusal *fault.Refusal) {
	write(w, r, form, status, &graphql.Response{Errors: errorsOf(refusal)})
}

// compressFrom is the size from which an answer is compressed, in bytes.
const compressFrom = 4 << 10

// keptBuffer is the largest buffer that goes back to its pool.
const keptBuffer = 1 << 20

var (
	buffers   = sync.Pool{New: func() any { return new(bytes.Buffer) }}
	gzipPools = sync.Pool{New: func() any {
		z, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
		if err != nil {
			panic(err) // only for a level that does not exist
		}
		return z
	}}
)

// write sends an answer: the data as the resolvers wrote it, Content-Length set, compressed when it is large and the
// client can read that. What the client does not take any more is dropped.
func write(w http.ResponseWriter, r *http.Request, form mediaType, status int, answer *graphql.Response) {
	head, tail, err := envelope(answer)
	if err != nil { // an extension of ours that JSON cannot hold
		status = http.StatusInternalServerError
		head, tail, _ = envelope(&graphql.Response{Errors: errorsOf(errInternal)})
		answer = &graphql.Response{}
	}
	h := w.Header()
	h.Set("Content-Type", string(form)+"; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept, Accept-Encoding")
	parts := [][]byte{head, answer.Data, tail}
	size := len(head) + len(answer.Data) + len(tail)
	if size < compressFrom || !takesGzip(r.Header) {
		h.Set("Content-Length", strconv.Itoa(size))
		w.WriteHeader(status)
		for _, part := range parts {
			if _, err := w.Write(part); err != nil {
				return
			}
		}
		return
	}

	packed := buffers.Get().(*bytes.Buffer)
	packed.Reset()
	defer func() {
		if packed.Cap() <= keptBuffer {
			buffers.Put(packed)
		}
	}()
	z := gzipPools.Get().(*gzip.Writer)
	defer gzipPools.Put(z)
	z.Reset(packed)
	for _, part := range parts {
		_, _ = z.Write(part) // a buffer takes everything
	}
	_ = z.Close()
	h.Set("Content-Encoding", "gzip")
	h.Set("Content-Length", strconv.Itoa(packed.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(packed.Bytes())
}

// envelope is what stands before and after the data. A refused request has no data at all, by the specification.
func envelope(answer *graphql.Response) (head, tail []byte, err error) {
	head = []byte{'{'}
	if len(answer.Errors) > 0 {
		list, err := json.Marshal(answer.Errors)
		if err != nil {
			return nil, nil, err
		}
		head = append(append(head, `"errors":`...), list...)
	}
	switch {
	case len(answer.Data) > 0:
		if len(head) > 1 {
			head = append(head, ',')
		}
		head = append(head, `"data":`...)
	case len(answer.Errors) == 0:
		head = append(head, `"data":null`...)
	}
	if len(answer.Extensions) > 0 {
		extensions, err := json.Marshal(answer.Extensions)
		if err != nil {
			return nil, nil, err
		}
		tail = append(append(tail, `,"extensions":`...), extensions...)
	}
	return head, append(tail, '}'), nil
}

// takesGzip reads Accept-Encoding; `*` means gzip too.
func takesGzip(h http.Header) bool {
	named, q := false, 0.0
	for item := range strings.SplitSeq(strings.Join(h.Values("Accept-Encoding"), ","), ",") {
		name, params, _ := strings.Cut(item, ";")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip":
			named, q = true, quality(params)
		case "*":
			if !named {
				q = quality(params)
			}
		}
	}
	return q > 0
}
