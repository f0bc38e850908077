package reading

import (
	linked "container/list"
	"sync"
)

// cache keeps what was made for a key; the least recently used leave first. It is bounded by the number of entries and by the sum of their weights,
// and safe for concurrent use.
type cache[K comparable, V any] struct {
	entries, weight int // the bounds

	mu     sync.Mutex
	byKey  map[K]*linked.Element
	recent *linked.List // of cached, the latest in front
	weighs int
}

type cached[K comparable, V any] struct {
	key    K
	value  V
	weight int
}

func newCache[K comparable, V any](entries, weight int) *cache[K, V] {
	return &cache[K, V]{entries: entries, weight: weight, byKey: map[K]*linked.Element{}, recent: linked.New()}
}

func (c *cache[K, V]) get(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		var none V
		return none, false
	}
	c.recent.MoveToFront(e)
	return e.Value.(*cached[K, V]).value, true
}

// add keeps a value and gives the one that is kept: the first of two that were made at the same time.
func (c *cache[K, V]) add(key K, value V, weight int) V {
	if weight > c.weight/8 { // it would drive out too many others
		return value
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byKey[key]; ok {
		return e.Value.(*cached[K, V]).value
	}
	c.byKey[key] = c.recent.PushFront(&cached[K, V]{key, value, weight})
	c.weighs += weight
	for c.weighs > c.weight || len(c.byKey) > c.entries {
		oldest := c.recent.Remove(c.recent.Back()).(*cached[K, V])
		delete(c.byKey, oldest.key)
		c.weighs -= oldest.weight
	}
	return value
}
