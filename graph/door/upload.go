package door

import (
	"errors"

	"github.com/99designs/gqlgen/graphql"

	"lenddesk/gateway/blob"
)

// file is a part of a multipart request where a variable stands for it. As JSON, by which requests are compared, it is what it holds.
type file struct {
	Name    string
	SHA256  string
	content []byte
}

var errNoFile = errors.New("not a file of a multipart request")

// UnmarshalUpload takes the scalar Upload: a file of a multipart request, which nothing written in a document or in JSON can be.
func UnmarshalUpload(v any) (blob.Upload, error) {
	switch f := v.(type) {
	case *file:
		return blob.Upload{Name: f.Name, Content: f.content}, nil
	case file: // a variable of its own: the validator follows its pointer
		return blob.Upload{Name: f.Name, Content: f.content}, nil
	}
	return blob.Upload{}, errNoFile
}

// MarshalUpload writes nothing: files are only taken.
func MarshalUpload(blob.Upload) graphql.Marshaler { return graphql.Null }
