// Package consoletest opens the playground in a real Chromium and uses it as a person would, for tests.
//
// It owns the browser of a test, what the browser asked for and complained of, and the playground's places (tabs, variables,
// response, who is signed in). It does not own what the answers should be. Only tests import it.
//
// Invariants: a browser begins with no memory of an earlier one; no name is resolved, so that nothing can leave the machine;
// a missing Chromium fails the test and never skips it.
package consoletest
