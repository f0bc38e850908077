package reading

import (
	"context"
	"errors"
	"io"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Written is what a self-writing model carries: finished JSON, or how to read it once it is asked for.
type Written struct {
	json   []byte
	read   func(context.Context) []byte
	errors gqlerror.List // of fields, where they could not be told while it was read
}

// Put gives a model what it carries.
func (w *Written) Put(x Written) { *w = x }

// Write writes the object. What must be read first is read now, into a buffer of its own: a mutation's payload is asked for
// after the commit, and nothing that goes wrong here may undo its answer.
func (w Written) Write(ctx context.Context, out io.Writer) error {
	for _, err := range w.errors {
		graphql.AddError(ctx, err)
	}
	b := w.json
	if w.read != nil {
		b = w.read(ctx)
	}
	if b == nil {
		b = []byte("null")
	}
	_, err := out.Write(b)
	return err
}

// ErrOutput says that a type of the contract is only ever read.
var ErrOutput = errors.New("this type is not an input")

// Any is a Node, or a member of a union, already written.
type Any struct{ Written }

// IsNode lets the model's Node carry it.
func (Any) IsNode() {}

// GetID is asked for by nobody: the id stands in what is written.
func (Any) GetID() string { return "" }

// MarshalGQL writes the object.
func (a Any) MarshalGQL(out io.Writer) { _ = a.Write(context.Background(), out) }
