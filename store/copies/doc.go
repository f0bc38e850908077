// Package copies takes whole copies of a database, checks them, and puts one back.
//
// It owns how a copy is made and what is known of it (Manifest). It does not know when one is made, nor who may ask (workflow/administration
// does), nor which columns are sealed: whoever checks a copy hands in what else must hold of it (Check).
//
// A copy is one file: of SQLite a database file, made by SQLite's online copy; of PostgreSQL what pg_dump writes in its custom format. Beside it
// lies its manifest, FILE.json: which database, which migration, which keys, how many rows in each table, the file's size and hash.
//
// Invariants: a copy is one moment's truth, taken while others write; it appears under its name only when it is whole and on the disk;
// a copy is put back whole or not at all, and never over a database that is in use.
package copies
