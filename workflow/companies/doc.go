// Package companies is the office of legal entities: entering, changing, verifying and refusing them.
//
// It owns which data of a company are legal data, whose change asks for a new review. Who entered or changed them does not review them; the
// lifecycle's table sees to that. A company that a customer names in a registration is entered by package registration.
package companies
