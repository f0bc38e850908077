// Package reading is the one way anything is read: a GraphQL selection becomes a plan, the plan a few SQL statements, the rows JSON.
//
// It owns selections (aliases, fragments, @skip and @include), edges, connections and their cursors, filters and orders, Node and unions,
// @requires of fields, masks, and errors with their paths. It takes the row rules from access, the actions from lifecycle, the
// shape of the contract from its SDL. It knows no verb and writes nothing.
//
// How a selection walks, for `users(first: 2) { nodes { name company { name } loans { totalCount nodes { number } } } }`:
//
//  1. compile.go: the list's level is one statement over users; company is joined (row rule in the join), loans becomes a child level and
//     a count. Each field's row in the table of its type (types*.go) says which columns it needs and how they are written.
//  2. fetch.go: the level runs; its keys drive the child levels, one statement a level whatever the number of parents, limited
//     per parent (LATERAL, or a correlated IN with LIMIT on SQLite), counts beside them only when asked for.
//  3. write.go: JSON is appended to one buffer. A null where the contract allows none takes the nearest nullable parent with it; every error
//     carries its path.
//
// Invariants: a type without a row rule and a field without a row in its table do not compile into a plan; the number of statements
// depends on the selection, never on the number of rows; one root field is one moment's truth (one transaction).
package reading
