package door

import (
	"container/list"
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Bounds of the cache of documents. A parsed document takes up to two hundred times the bytes of its text.
const (
	cachedDocuments = 1000
	cachedBytes     = 1 << 20 // of all texts together
	cachedText      = 64 << 10
)

// documents keeps parsed and validated documents by their text, the least recently used leave first. Safe for
// concurrent use; a document in it is never written to again.
type documents struct {
	mu     sync.Mutex
	byText map[string]*list.Element
	recent *list.List // of document, the latest in front
	bytes  int
}

type document struct {
	text   string
	parsed *ast.QueryDocument
}

func newDocuments() *documents {
	return &documents{byText: map[string]*list.Element{}, recent: list.New()}
}

func (c *documents) get(text string) *ast.QueryDocument {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byText[text]
	if e == nil {
		return nil
	}
	c.recent.MoveToFront(e)
	return e.Value.(document).parsed
}

func (c *documents) add(text string, parsed *ast.QueryDocument) {
	if len(text) > cachedText {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byText[text] != nil {
		return
	}
	c.byText[text] = c.recent.PushFront(document{text, parsed})
	c.bytes += len(text)
	for c.bytes > cachedBytes || len(c.byText) > cachedDocuments {
		oldest := c.recent.Remove(c.recent.Back()).(document)
		delete(c.byText, oldest.text)
		c.bytes -= len(oldest.text)
	}
}

// handedOver gives gqlgen's executor the document that the gate has put into the operation, as if from its own cache:
// the executor then neither parses nor validates again.
type handedOver struct{}

var _ graphql.Cache[*ast.QueryDocument] = handedOver{}

func (handedOver) Get(ctx context.Context, _ string) (*ast.QueryDocument, bool) {
	if !graphql.HasOperationContext(ctx) {
		return nil, false
	}
	doc := graphql.GetOperationContext(ctx).Doc
	return doc, doc != nil
}

func (handedOver) Add(context.Context, string, *ast.QueryDocument) {}
