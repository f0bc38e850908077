// Package customers is the office that keeps customer relations: potential customers, what staff note of a customer, who looks
// after whom, warnings of duplicates, mergers, suspension, the end of a relation.
//
// It keeps the list of all columns that point to a customer (edges), of which Merge decides one by one; a test compares it with the schema. It does not
// own what customers say of themselves: that is package registration's.
package customers
