// Package workflow is what every office needs to do its verbs: the desk. The offices are the packages below it, a file a verb:
// registration, customers, authentication, administration, mailing.
//
// A verb requires permission, checks its input gathering every fault, does one transaction {find, guard, write, move, queue jobs}, and answers
// with keys. It knows no GraphQL. The network is never inside its transaction.
package workflow
