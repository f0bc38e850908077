// Package reading is the one way anything is read: a GraphQL selection becomes a plan, the plan a few SQL statements, the rows JSON.
//
// It owns selections (aliases, fragments, @skip and @include), edges, connections and their cursors, filters and orders, Node and unions,
// @requires of fields, masks, and errors with their paths. It takes the row rules from access, the actions from lifecycle, the
// shape of the contract from its SDL. It knows no verb and writes nothing.
//
// # One selection, from SDL to JSON
//
//		query($n: Int) { users(first: $n) { nodes { name company { name } loans { totalCount nodes { number } } } } }
//
//	 1. sitting.go: the answer gets one moment of the database (store.Moment), which all its root fields share. outline.go: the document's operation is
//	    looked at once; here it has two fields with arguments, one of which depends on a variable. The shape of the variables is "$n is 50": the sizes of pages stand in the statements.
//	 2. plan.go: the key of the plan is the operation, the path of the root field ("users."), the shape, the kind of viewer and the permissions. If no plan is
//	    kept under it, it is compiled.
//	 3. compile.go, connection.go: users is a unit whose root level is one statement; each field's row in the table of its type (types.go, lending.go) says which
//	    columns it needs and how they are written. company is joined, its row rule in the join; loans (children.go) is a child level and a count:
//
//	    SELECT t1.id, t1.created_at, t1.name, t2.id, t2.name FROM users t1 LEFT JOIN companies t2 ON t2.id = t1.company_id
//	    WHERE t1.id IN (SELECT t3.id FROM users t3 ORDER BY t3.created_at DESC, t3.id DESC LIMIT 51) ORDER BY t1.created_at DESC, t1.id DESC
//
//	    SELECT p.value, t4.id, t4.created_at, t4.number FROM json_each(⟨users⟩) p CROSS JOIN loans t4
//	    WHERE t4.id IN (SELECT t5.id FROM loans t5 WHERE t5.borrower_id = p.value ORDER BY … LIMIT 21)    -- PostgreSQL: unnest, and LATERAL
//
//	    SELECT p.value, (SELECT count(*) FROM loans t5 WHERE t5.borrower_id = p.value) FROM json_each(⟨users⟩) p
//
//	    What stands in ⟨⟩ is a slot: a function of the run that fills it.
//	 4. fetch.go: the statements run level by level. Those of one level don't depend on each other and are asked together: here users; then loans and their
//	    totals, in one journey on PostgreSQL. Rows come as store.Cell. Children are put in order and parted by parent here.
//	 5. write.go: JSON is appended to one buffer. A null where the contract allows none takes the nearest nullable parent with it; every error carries its path.
//
// Rows of one of several types (polymorphic.go: node, nodes, payloads, subject, actor) are units by their keys, compiled when their type first turns up.
// Aggregates over everything (statistics.go) are statements of their own, put together like search's, in one journey.
// availableActions (actions.go) asks for the facts of all rows of a level at once.
//
// # Invariants
//
//   - A plan knows nothing of the request that it was compiled for but the key: the compiler is given no variable that does not decide, and all values are slots.
//     A field whose statement depends on a value says so (Filter.Fixed), and such values are enums and truths, which stand in the shape.
//   - A type without a row rule and a field without a row in its table do not compile into a plan (Gaps, a test).
//   - The number of statements depends on the selection, never on the number of rows.
//   - One answer is one moment's truth: a transaction that only reads, unless a single statement is the whole answer.
//   - What is kept (cache.go) is bounded by number and by the size of the documents.
//
// All of this is held, at the repository's root, against an evaluator that walks through the rows one by one (reading_differential_test.go). Who adds to the
// contract adds a row to a table here, and a line to the evaluator's table there.
package reading
