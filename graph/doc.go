// Package graph is the door for GraphQL: the contract (*.graphqls, by area), and beside each file its resolvers, one call each.
//
// It owns the contract's shape and how a verb's outcome becomes a payload. It knows no rule: verbs are in workflow, reading is
// reading's, limits and errors are door's.
package graph

//go:generate go run -mod=mod generate.go
//go:generate go run ./permissions -o ../docs/permissions.md
