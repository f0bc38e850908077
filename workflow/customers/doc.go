// Package customers is the office that keeps customer relations: potential customers, suspension, the end of a relation.
package customers
