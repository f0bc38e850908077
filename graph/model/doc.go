// Package model is the contract's types in Go: gqlgen's output, and the methods by which what is read from the database writes itself. Nothing
// in it is written by hand.
package model
