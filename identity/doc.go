// Package identity checks what people and companies are known by: resident ID, social credit code, card number, phone,
// e-mail, name and password; and masks them for display.
//
// It owns the form of each of them and the one normalised spelling under which it is stored and looked up: a check
// applied to its own result gives that result again. It does not own whether the thing exists, whose it is, or whether
// a person is old enough: verbs ask the database, the outer systems and the parameters for that.
//
// Every check is pure. It returns a fault.Problem, nil when all is well; an empty value is REQUIRED. A problem never
// holds the value or a part of it, so it may be logged and shown.
package identity
