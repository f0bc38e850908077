// Package client is a typed Go client of the API: a function for each operation of operations.graphql, generated from the contract. Programs that talk to
// lenddesk in Go may take it as it is, or their own operations with the same settings (genqlient.yaml).
//
// It owns how the server is spoken to, and the generated code (a test compares); it imports nothing of the server.
package client

//go:generate go run github.com/Khan/genqlient genqlient.yaml
