// Package parameter is the system's parameters as data: their names, types, units, limits, defaults and descriptions,
// and the one check that a value passes before it is kept.
//
// It owns the table Definitions and how a value is read. It knows no database: the caller fills Values from the rows
// that are in force, and a parameter without a row, or with one that no longer passes its check, has its default.
// Who may set a parameter and from when a value is in force is the verbs' business.
//
// Invariants: every default passes its own check in every profile; a getter never fails on data, only (by panic) on a
// name that is not in the table or is of another type, which is a fault of the program.
package parameter
