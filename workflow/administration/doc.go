// Package administration is the office of the system itself. Here: the first start, which makes the built-in roles, the parameters of a profile and the first
// administrator; and the cleaning up of what has expired.
package administration
