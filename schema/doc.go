// Package schema is what is stored: one ent entity a file, and the pieces that they share in mixin.go. It is pure data, with no
// rule that needs a second row: package ent is generated from it and from nothing else.
//
// What the database itself refuses stands here: foreign keys, unique keys (those of people hold among the statuses that
// occupy an identifier), checks on every status, on amounts that must not be negative, on reserved ≤ amount.
//
// Conventions: money is minor units (money.Amount), rates are ten-thousandths of a percent a year (money.Rate), instants are
// UTC cut to microseconds, calendar days are text YYYY-MM-DD in the platform's time zone, a reference to several types is
// (subject_type, subject_id) with the GraphQL type's name.
package schema

//go:generate go run -mod=mod entc.go
