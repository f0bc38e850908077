// Package money is exact amounts and rates: integers that read and write themselves as decimal strings.
//
// It owns the spelling of both (the contract's scalars Money and Percent) and their limits. It does not own the
// currency, which is one for the platform and a parameter, nor how repayment plans are computed. No float touches
// either type; in the database both are plain 64-bit integers.
//
// Invariant: what String writes of a value within the limits, Parse reads back as that value.
package money
