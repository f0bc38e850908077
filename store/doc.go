// Package store opens the database, brings its tables up to date and gives the one way to change it, InTx.
//
// It owns the drivers, the pools and their settings, the migrations, the transaction, and what a database's error means
// (UniqueViolation, Unavailable). It does not own what is stored (package schema), who may see it (package access), how it is read
// (package reading) or the queue's work (package jobs; only the queue's tables are made here).
//
// # Two databases
//
// "sqlite:PATH" is a file with one writing connection, which takes the write lock when a transaction begins, and a pool of
// reading ones that cannot write: write-ahead log, every commit on the disk before it is answered (synchronous=FULL), foreign
// keys enforced. A database in memory is not offered: it has no second connection and no restart. "postgres://…" is PostgreSQL 13 or later with one pool, and a
// small one apart for listening, so that listeners never starve requests. Sessions are in UTC on both, and times are read in UTC.
//
// # Invariants
//
//   - Everything that is written, is written inside InTx: ent's client, the *sql.Tx under it and the jobs queued in it are one
//     transaction, which commits or leaves nothing.
//   - No transaction within a transaction: InTx refuses it, since with one writer it would wait for itself.
//   - What is read for one answer is read through one Moment: as it stood then, over one connection, stopped when the request is given up.
//   - Nothing slow is done inside a transaction, calls over the network least of all: on SQLite everybody else waits.
//   - The committed migrations are what package ent would make (a test compares), they only go up, and a file once committed
//     is never edited (atlas.sum tells).
//   - No error of this package holds a password of the database's URL.
package store

//go:generate go run migrations/generate.go
