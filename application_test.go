package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"

	"lenddesk/access"
)

// pdf and png are small files that are what they say.
var (
	pdf = []byte("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")
	png = []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89")
)

// parts sends a multipart request of these parts, in their order; a part with a file name is a file.
func (p *person) parts(send ...part) (int, answer) {
	p.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, s := range send {
		var to io.Writer
		var err error
		if s.file == "" {
			to, err = form.CreateFormField(s.name)
		} else {
			to, err = form.CreateFormFile(s.name, s.file)
		}
		if err != nil {
			p.t.Fatal(err)
		}
		if _, err := to.Write(s.content); err != nil {
			p.t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		p.t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, "http://"+p.h.address+"/graphql", &body)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Accept-Language", "en")
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	a := answer{raw: string(raw)}
	if err := json.Unmarshal(raw, &a); err != nil {
		p.t.Fatalf("%d %s", res.StatusCode, raw)
	}
	return res.StatusCode, a
}

type part struct {
	name, file string
	content    []byte
}

const (
	documentLook = "id version status kind name contentType size sha256 url validUntil reason subject { id } replaces { id status } availableActions { mutation allowed blockedBy { code message } }"
	loanLook     = `id version number status round approvalsNeeded approvalsGiven termsAccepted requestedAmount requestedAnnualRate requestedTermMonths amount annualRate termMonths repaymentMethod
		purpose description company { id } requiredDocuments reviewer { name } availableActions { mutation allowed blockedBy { code message } }`
)

// upload uploads a file.
func (p *person) upload(input vars, name string, content []byte) answer {
	p.t.Helper()
	return p.uploadAs("", input, name, content)
}

// uploadAs uploads a file, with a directive on the mutation.
func (p *person) uploadAs(directive string, input vars, name string, content []byte) answer {
	p.t.Helper()
	all := vars{"file": nil}
	for k, v := range input {
		all[k] = v
	}
	operations, err := json.Marshal(vars{
		"query":     `mutation($i: UploadDocumentInput!) { uploadDocument(input: $i) ` + directive + ` { document { ` + documentLook + ` } userErrors { code message field } } }`,
		"variables": vars{"i": all},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	_, a := p.parts(part{"operations", "", operations}, part{"map", "", []byte(`{"0": ["variables.i.file"]}`)}, part{"0", name, content})
	return a
}

// uploaded uploads a file, which must be taken, and returns the document's id.
func (p *person) uploaded(input vars) string {
	p.t.Helper()
	got := p.upload(input, "scan.pdf", pdf)
	id := got.text("uploadDocument.document.id")
	if id == "" {
		p.t.Fatalf("not uploaded: %s", got)
	}
	return id
}

// wish is an application for a loan.
func wish(amount string) vars {
	return vars{"amount": amount, "annualRate": "12", "termMonths": 12, "repaymentMethod": "EQUAL_INSTALLMENTS", "purpose": "EQUIPMENT", "description": "A lathe."}
}

// applied begins an application and returns its id.
func (p *person) applied(input vars) string {
	p.t.Helper()
	got := p.act("applyForLoan", "loan { "+loanLook+" }", input)
	id := got.text("applyForLoan.loan.id")
	if id == "" {
		p.t.Fatalf("not applied: %s", got)
	}
	return id
}

// loan looks at a loan.
func (p *person) loan(id string) answer {
	p.t.Helper()
	return p.ask(`query($id: ID!) { node(id: $id) { ... on Loan { `+loanLook+` documents(first: 100) { nodes { `+documentLook+` } }
		reviews { nodes { step round decision reason note reviewer { name } } } timeline { nodes { kind } } } } }`, vars{"id": id})
}

// strings of a list in an answer.
func (a answer) words(path string) []string {
	list, _ := a.at(path).([]any)
	words := []string{}
	for _, w := range list {
		words = append(words, fmt.Sprint(w))
	}
	return words
}

// with uploads what a loan requires, and returns the documents' ids.
func (p *person) withDocuments(loan string) []string {
	p.t.Helper()
	var ids []string
	for _, kind := range p.loan(loan).words("node.requiredDocuments") {
		ids = append(ids, p.uploaded(vars{"subjectId": loan, "kind": kind}))
	}
	return ids
}

// on does a mutation with a loan.
func (p *person) on(mutation, loan string, more ...vars) answer {
	p.t.Helper()
	input := vars{"loanId": loan}
	for _, m := range more {
		for k, v := range m {
			input[k] = v
		}
	}
	return p.act(mutation, "loan { "+loanLook+" }", input)
}

// does does a mutation with a loan, which must lead to a status.
func (p *person) does(mutation, loan, status string, more ...vars) answer {
	p.t.Helper()
	got := p.on(mutation, loan, more...)
	if got.text(mutation+".loan.status") != status {
		p.t.Fatalf("%s: %s, want %s", mutation, got, status)
	}
	return got
}

// onDocument does a mutation with a document.
func (p *person) onDocument(mutation, document string, more ...vars) answer {
	p.t.Helper()
	input := vars{"documentId": document}
	for _, m := range more {
		for k, v := range m {
			input[k] = v
		}
	}
	return p.act(mutation, "document { "+documentLook+" }", input)
}

// judges approves documents.
func (p *person) judges(documents ...string) {
	p.t.Helper()
	for _, d := range documents {
		if got := p.onDocument("approveDocument", d); got.text("approveDocument.document.status") != "APPROVED" {
			p.t.Fatalf("not approved: %s", got)
		}
	}
}

// reviewers are people who decide on applications: one on materials, two on loans.
func (h *house) reviewers(t *testing.T) (materials, first, second *person) {
	t.Helper()
	return h.employee(t, "materials", access.ReviewMaterials), h.employee(t, "first", access.ReviewLoans), h.employee(t, "second", access.ReviewLoans)
}

// borrower is a customer with a bound card.
func (h *house) borrower(t *testing.T, n int) (*person, string) {
	t.Helper()
	p, id := h.customer(t, n)
	p.bound(t, cardNumber(n, "0000"))
	return p, id
}

// submitted brings an application before the reviewers, and returns its id and those of its documents.
func (p *person) submitted(input vars) (loan string, documents []string) {
	p.t.Helper()
	loan = p.applied(input)
	documents = p.withDocuments(loan)
	p.does("submitLoanApplication", loan, "MATERIALS_REVIEW")
	return loan, documents
}

func TestFromTheWishToTheApproval(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		me, _ := h.borrower(t, 31)
		materials, first, second := h.reviewers(t)
		loan := me.applied(wish("80000"))
		draft := me.loan(loan)
		want(t, "status", draft.text("node.status"), "DRAFT")
		want(t, "amount in force", draft.text("node.amount"), "80000.00")
		want(t, "required", strings.Join(draft.words("node.requiredDocuments"), " "), "IDENTITY_CARD PROOF_OF_INCOME BANK_STATEMENT")
		wantFaults(t, me.on("submitLoanApplication", loan), "submitLoanApplication", "DOCUMENTS_MISSING")

		me.does("updateLoanApplication", loan, "DRAFT", vars{"amount": "200000", "description": nil})
		want(t, "required", strings.Join(me.loan(loan).words("node.requiredDocuments"), " "), "IDENTITY_CARD PROOF_OF_INCOME BANK_STATEMENT CREDIT_REPORT")
		documents := me.withDocuments(loan)
		got := me.does("submitLoanApplication", loan, "MATERIALS_REVIEW")
		want(t, "approvals needed", got.at("submitLoanApplication.loan.approvalsNeeded").(float64), 2)

		wantFaults(t, materials.on("approveLoanMaterials", loan), "approveLoanMaterials", "DOCUMENTS_MISSING")
		wantCodes(t, first.on("approveLoanMaterials", loan), "FORBIDDEN")
		materials.judges(documents...)
		materials.does("approveLoanMaterials", loan, "APPLICATION_REVIEW", vars{"note": "All clear."})
		wantCodes(t, materials.on("returnLoanApplication", loan, vars{"reason": "Not mine any more."}), "FORBIDDEN")

		got = first.does("approveLoanApplication", loan, "APPLICATION_REVIEW")
		want(t, "given", got.at("approveLoanApplication.loan.approvalsGiven").(float64), 1)
		wantFaults(t, first.on("approveLoanApplication", loan), "approveLoanApplication", "SAME_PERSON")
		got = second.does("approveLoanApplication", loan, "APPLICATION_REVIEW", vars{"amount": "150000", "annualRate": "11.5", "termMonths": 10})
		want(t, "given after changed terms", got.at("approveLoanApplication.loan.approvalsGiven").(float64), 1)
		want(t, "amount", me.loan(loan).text("node.amount"), "150000.00")
		want(t, "requested", me.loan(loan).text("node.requestedAmount"), "200000.00")
		got = first.does("approveLoanApplication", loan, "APPROVED")
		want(t, "given", got.at("approveLoanApplication.loan.approvalsGiven").(float64), 2)
		want(t, "accepted", got.at("approveLoanApplication.loan.termsAccepted").(bool), false)
		got = me.does("acceptLoanTerms", loan, "APPROVED")
		want(t, "accepted", got.at("acceptLoanTerms.loan.termsAccepted").(bool), true)
		wantFaults(t, me.on("acceptLoanTerms", loan), "acceptLoanTerms", "NOT_ALLOWED_NOW")

		story := kinds(me.loan(loan), "node.timeline.nodes")
		slices.Reverse(story)
		want(t, "story", strings.Join(story, " "), "APPLY_FOR_LOAN UPDATE_LOAN_APPLICATION SUBMIT_LOAN_APPLICATION APPROVE_LOAN_MATERIALS "+
			"APPROVE_LOAN_APPLICATION APPROVE_LOAN_APPLICATION APPROVE_LOAN_APPLICATION ACCEPT_LOAN_TERMS")
		want(t, "reviews told to the borrower", len(me.loan(loan).words("node.reviews.nodes")), 0)
		want(t, "reviews", len(first.loan(loan).words("node.reviews.nodes")), 4)
	})
}
