// Package console is the playground: GraphiQL in the browser, served by the binary itself.
//
// It owns the page (its sources are an npm project in web/, the built page is committed in dist/), the examples that its
// tabs begin with, how the page is served, and its content policy. It does not own /graphql, which the page calls, nor the
// session's cookie, which signIn sets and no script can read.
//
// Invariants: the page loads nothing from anywhere but the server it came from; everything under /assets/ is named after
// its contents and may be kept by browsers for good; dist is built from the sources beside it (a test compares, without
// npm); what the browser keeps of the tabs holds no password, token or identity number.
package console

//go:generate ./web/build.sh
