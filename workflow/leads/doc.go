// Package leads is how potential customers come into the book, one or many at once: what is checked of them, and what is written. The offices that enter them (customers by a form, transfer from a file) decide who is
// entered; this package has them be entered alike.
package leads
