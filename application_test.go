package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"lenddesk/access"
	"lenddesk/gateway/blob"
	"lenddesk/key"
	"lenddesk/parameter"
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
	var sent struct{ Query string }
	if len(send) > 0 && json.Unmarshal(send[0].content, &sent) == nil {
		p.h.note(sent.Query, a, res.Header.Get("X-Request-Id"))
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

// get fetches a link as anybody does, without a token.
func (h *house) get(t *testing.T, link string) (status int, content []byte, header http.Header) {
	t.Helper()
	res, err := http.Get("http://" + h.address + link)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if content, err = io.ReadAll(res.Body); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, content, res.Header
}

func TestAFileIsHadByALinkOfOnesOwnAndLeavesAnEvent(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		me, id := h.customer(t, 32)
		got := me.upload(vars{"subjectId": id, "kind": "IDENTITY_CARD"}, "../身份证\".pdf", pdf)
		document, link := got.text("uploadDocument.document.id"), got.text("uploadDocument.document.url")
		want(t, "type found in the file", got.text("uploadDocument.document.contentType"), "application/pdf")
		status, content, header := h.get(t, link)
		if status != http.StatusOK || !bytes.Equal(content, pdf) || header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%d, %d bytes, %v", status, len(content), header)
		}
		story := kinds(me.ask(`query($id: ID!) { node(id: $id) { ... on Document { timeline { nodes { kind } } } } }`, vars{"id": document}), "node.timeline.nodes")
		want(t, "story", strings.Join(story, " "), "DOWNLOAD_DOCUMENT ADD_DOCUMENT")

		forged := []byte(link)
		forged[len(forged)-1] ^= 1
		for what, other := range map[string]string{"forged": string(forged), "empty": access.Downloads[key.KindDocument], "cut": link[:len(link)-40]} {
			if status, _, _ := h.get(t, other); status != http.StatusNotFound {
				t.Errorf("a link that is %s: %d", what, status)
			}
		}
		stranger, _ := h.customer(t, 33)
		if got := stranger.ask(`query($id: ID!) { node(id: $id) { id } }`, vars{"id": document}); got.at("node") != nil {
			t.Errorf("a stranger sees %s", got)
		}
		me.ask(`mutation { signOut { userErrors { code } } }`)
		if status, _, _ := h.get(t, link); status != http.StatusNotFound {
			t.Errorf("a link of a session that has ended: %d", status)
		}
		if strings.Contains(h.logs.String(), strings.TrimPrefix(link, access.Downloads[key.KindDocument]+"?"+access.DownloadLink+"=")) {
			t.Error("the log has a link in it")
		}
	})
}

func TestWhatAFileHoldsCountsAndNotItsName(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		me, id := h.customer(t, 34)
		h.set(t, parameter.MaxDocumentSize, "1")
		for _, c := range []struct {
			name    string
			input   vars
			content []byte
			faults  []string
		}{
			{"scan.pdf", vars{}, []byte("<html><script>alert(1)</script></html>"), []string{"INVALID file"}},
			{"scan.pdf", vars{}, []byte("MZ\x90\x00"), []string{"INVALID file"}},
			{"scan.pdf", vars{}, []byte{}, []string{"INVALID file"}},
			{"scan.pdf", vars{}, append(slices.Clone(pdf), make([]byte, 1<<20)...), []string{"TOO_LONG file"}},
			{"scan.pdf", vars{"kind": nil, "validUntil": "soon"}, []byte("text"), []string{"INVALID file", "REQUIRED kind", "INVALID validUntil"}},
			{"scan.pdf", vars{"validUntil": "2001-01-01"}, pdf, []string{"OUT_OF_RANGE validUntil"}},
			{"scan.pdf", vars{"documentId": "document_x", "replaces": "document_x"}, pdf, []string{"INVALID replaces"}},
			{"scan.pdf", vars{"replaces": "document_x"}, pdf, []string{"NOT_FOUND replaces"}},
			{"scan.exe", vars{}, png, nil},
		} {
			input := vars{"subjectId": id, "kind": "IDENTITY_CARD"}
			for k, v := range c.input {
				input[k] = v
			}
			wantFaults(t, me.upload(input, c.name, c.content), "uploadDocument", c.faults...)
		}
		once := `@idempotent(key: "once")`
		first := me.uploadAs(once, vars{"subjectId": id, "kind": "OTHER"}, "a.pdf", pdf).text("uploadDocument.document.id")
		want(t, "again", me.uploadAs(once, vars{"subjectId": id, "kind": "OTHER"}, "a.pdf", pdf).text("uploadDocument.document.id"), first)
		wantFaults(t, me.uploadAs(once, vars{"subjectId": id, "kind": "OTHER"}, "a.pdf", png), "uploadDocument", "IDEMPOTENCY_CONFLICT")

		wantFaults(t, me.upload(vars{"subjectId": id, "replaces": first, "expectedVersion": 1}, "a.pdf", pdf), "uploadDocument")
		for _, field := range []string{"documentId", "replaces"} { // SUPERSEDED takes no file, and is not replaced again
			wantFaults(t, me.upload(vars{"subjectId": id, field: first}, "a.pdf", pdf), "uploadDocument", "NOT_ALLOWED_NOW "+field)
			wantFaults(t, me.upload(vars{"subjectId": id, field: first, "expectedVersion": 7}, "a.pdf", pdf), "uploadDocument", "CONFLICT expectedVersion")
		}

		status, got := h.anybody(t).parts(part{"operations", "", []byte(`{"query": "{ __typename }"}`)}, part{"map", "", []byte(`{"0": ["variables.f"]}`)}, part{"0", "a", pdf})
		want(t, "nobody's files", status, http.StatusUnauthorized)
		wantCodes(t, got, "UNAUTHENTICATED")
		for _, wrong := range [][]part{
			{{"map", "", []byte(`{}`)}},
			{{"operations", "", []byte(`{"query": "{ __typename }"}`)}},
			{{"operations", "", []byte(`{"query": "{ __typename }", "variables": {"f": 1}}`)}, {"map", "", []byte(`{"0": ["variables.f"]}`)}, {"0", "a", pdf}},
			{{"operations", "", []byte(`{"query": "{ __typename }", "variables": {"f": null}}`)}, {"map", "", []byte(`{"0": ["variables.f"]}`)}},
			{{"operations", "", []byte(`{"query": "{ __typename }", "variables": {"f": null}}`)}, {"map", "", []byte(`{"0": ["variables.f"]}`)}, {"1", "a", pdf}},
		} {
			_, got := me.parts(wrong...)
			wantCodes(t, got, "BAD_REQUEST")
		}
	})
}

func TestFilesThatBelongToNothingAreSweptAndOthersStay(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		me, id := h.customer(t, 35)
		link := me.upload(vars{"subjectId": id, "kind": "OTHER"}, "a.pdf", pdf).text("uploadDocument.document.url")
		if err := h.borrowers.Files.Put(t.Context(), "leftbehind", []byte("an upload that was cut off")); err != nil {
			t.Fatal(err)
		}
		if err := h.borrowers.Sweep(t.Context(), time.Now().Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
		if _, err := h.borrowers.Files.Get(t.Context(), "leftbehind"); err != nil {
			t.Errorf("a file whose row may still come: %v", err)
		}
		if err := h.borrowers.Sweep(t.Context(), time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if _, err := h.borrowers.Files.Get(t.Context(), "leftbehind"); !errors.Is(err, blob.ErrMissing) {
			t.Errorf("a file that belongs to nothing: %v", err)
		}
		if status, content, _ := h.get(t, link); status != http.StatusOK || !bytes.Equal(content, pdf) {
			t.Errorf("a document's file after sweeping: %d", status)
		}
	})
}

func TestAReturnBeginsANewRoundAndDocumentsStay(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		me, _ := h.borrower(t, 36)
		materials, first, second := h.reviewers(t)
		loan, documents := me.submitted(wish("200000"))
		wantFaults(t, me.upload(vars{"subjectId": loan, "kind": "OTHER"}, "a.pdf", pdf), "uploadDocument", "NOT_ALLOWED_NOW")
		got := materials.act("requestDocument", "document { id status }", vars{"subjectId": loan, "kind": "PROPERTY"})
		asked := got.text("requestDocument.document.id")
		wantFaults(t, materials.onDocument("waiveDocument", asked, vars{"reason": "Never mind."}), "waiveDocument", "SAME_PERSON")
		wantFaults(t, materials.onDocument("rejectDocument", documents[0]), "rejectDocument", "REQUIRED reason")
		materials.onDocument("rejectDocument", documents[0], vars{"reason": "Not readable."})
		me.uploaded(vars{"subjectId": loan, "documentId": asked})
		replaced := me.uploaded(vars{"subjectId": loan, "replaces": documents[0]})
		materials.judges(append([]string{asked, replaced}, documents[1:]...)...)
		materials.does("approveLoanMaterials", loan, "APPLICATION_REVIEW")
		first.does("approveLoanApplication", loan, "APPLICATION_REVIEW", vars{"amount": "150000"})
		wantFaults(t, second.on("returnLoanApplication", loan), "returnLoanApplication", "REQUIRED reason")
		got = second.does("returnLoanApplication", loan, "RETURNED", vars{"reason": "The purpose is not clear."})
		want(t, "round", got.at("returnLoanApplication.loan.round").(float64), 2)
		want(t, "given", got.at("returnLoanApplication.loan.approvalsGiven").(float64), 0)
		want(t, "amount", got.text("returnLoanApplication.loan.amount"), "200000.00")
		me.does("submitLoanApplication", loan, "MATERIALS_REVIEW")
		materials.does("approveLoanMaterials", loan, "APPLICATION_REVIEW")
		first.does("approveLoanApplication", loan, "APPLICATION_REVIEW")
		wantFaults(t, second.on("rejectLoanApplication", loan, vars{"reason": ""}), "rejectLoanApplication", "REQUIRED reason")
		second.does("rejectLoanApplication", loan, "REJECTED", vars{"reason": "Too much debt."})
		wantFaults(t, me.on("withdrawLoanApplication", loan), "withdrawLoanApplication", "NOT_ALLOWED_NOW")
	})
}

func TestAnApplicationsFaultsComeAtOnceAndLimitsAreThoseInForce(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		me, _ := h.customer(t, 37)
		wantFaults(t, me.act("applyForLoan", "", vars{}), "applyForLoan", "REQUIRED amount", "REQUIRED annualRate", "REQUIRED termMonths", "REQUIRED repaymentMethod", "REQUIRED purpose")
		wantFaults(t, me.act("applyForLoan", "", vars{
			"amount": "999.99", "annualRate": "24.5", "termMonths": 121, "repaymentMethod": "BULLET", "purpose": "OTHER", "companyId": "company_x",
		}), "applyForLoan", "OUT_OF_RANGE amount", "OUT_OF_RANGE annualRate", "OUT_OF_RANGE termMonths", "REQUIRED description", "NOT_FOUND companyId")
		wantFaults(t, me.act("applyForLoan", "", wish("200000.01")), "applyForLoan", "LIMIT_EXCEEDED amount")
		loan := me.applied(wish("120000"))
		other := me.applied(wish("90000"))
		me.withDocuments(loan)
		wantFaults(t, me.on("submitLoanApplication", loan), "submitLoanApplication", "CARD_NOT_BOUND")
		me.bound(t, cardNumber(37, "0000"))
		me.withDocuments(other)
		me.does("submitLoanApplication", loan, "MATERIALS_REVIEW")
		wantFaults(t, me.on("submitLoanApplication", other), "submitLoanApplication", "LIMIT_EXCEEDED")
		h.set(t, parameter.MaxAnnualRate, "10")
		h.set(t, parameter.MaxOutstandingPerson, "500000")
		wantFaults(t, me.on("submitLoanApplication", other), "submitLoanApplication", "OUT_OF_RANGE")
		h.set(t, parameter.MaxAnnualRate, "24")
		me.does("submitLoanApplication", other, "MATERIALS_REVIEW")
	})
}

func TestTwoReviewersDoNotTakeTheSameWork(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		me, _ := h.borrower(t, 38)
		materials, first, _ := h.reviewers(t)
		other := h.employee(t, "other", access.ReviewMaterials)
		loan, _ := me.submitted(wish("50000"))
		claim := func(p *person, mutation, step string) answer {
			return p.act(mutation, "reviewItem { kind claimedBy { name } claimExpiresAt subject { id } }", vars{"subjectId": loan, "step": step})
		}
		wantCodes(t, claim(first, "claimReview", "MATERIALS"), "FORBIDDEN")
		wantCodes(t, claim(me, "claimReview", "MATERIALS"), "FORBIDDEN")
		want(t, "claimed by", claim(materials, "claimReview", "MATERIALS").text("claimReview.reviewItem.claimedBy.name"), "materials")
		want(t, "in hand of", materials.loan(loan).text("node.reviewer.name"), "materials")
		wantFaults(t, claim(other, "claimReview", "MATERIALS"), "claimReview", "CONFLICT")
		wantFaults(t, claim(other, "releaseReview", "MATERIALS"), "releaseReview", "NOT_ALLOWED_NOW")
		wantFaults(t, claim(first, "claimReview", "APPLICATION"), "claimReview", "NOT_ALLOWED_NOW")
		got := claim(materials, "releaseReview", "MATERIALS")
		if got.at("releaseReview.reviewItem") == nil || got.at("releaseReview.reviewItem.claimedBy") != nil {
			t.Errorf("released: %s", got)
		}
		wantFaults(t, claim(other, "claimReview", "MATERIALS"), "claimReview")
		queue := other.ask(`{ reviewQueue(kind: MATERIALS) { totalCount nodes { waitingSince claimedBy { name } subject { id } } } }`)
		want(t, "in the queue", queue.text("reviewQueue.nodes.0.claimedBy.name"), "other")
	})
}

func TestEveryMoveOfADocument(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		me, id := h.borrower(t, 39)
		materials, first, _ := h.reviewers(t)
		other := h.employee(t, "other", access.ReviewMaterials)
		stranger, _ := h.customer(t, 40)
		loan, documents := me.submitted(wish("50000"))
		look := func(document string) string {
			got := materials.ask(`query($id: ID!) { node(id: $id) { ... on Document { status reason timeline { nodes { kind } } } } }`, vars{"id": document})
			return got.text("node.status") + " " + got.text("node.timeline.nodes.0.kind")
		}
		refused := func(document string, mutations ...string) {
			t.Helper()
			for _, m := range mutations {
				more := vars{"reason": "No."}
				if m == "approveDocument" {
					more = nil
				}
				got := other.onDocument(m, document, more)
				if faults := got.faults(m); len(faults) == 0 || faults[0] != "NOT_ALLOWED_NOW" {
					t.Errorf("%s of one that is %s: %s", m, look(document), got)
				}
			}
		}
		// Asked for, and waived by somebody else.
		asked := materials.act("requestDocument", "document { id status }", vars{"subjectId": loan, "kind": "PROPERTY", "note": "The house, if there is one."})
		request := asked.text("requestDocument.document.id")
		want(t, "asked for: "+asked.raw, asked.text("requestDocument.document.status"), "REQUESTED")
		wantCodes(t, first.act("requestDocument", "document { id }", vars{"subjectId": loan, "kind": "PROPERTY"}), "FORBIDDEN")
		refused(request, "approveDocument", "rejectDocument")
		wantFaults(t, stranger.upload(vars{"subjectId": loan, "documentId": request}, "a.pdf", pdf), "uploadDocument", "NOT_FOUND subjectId", "NOT_FOUND documentId")
		wantFaults(t, materials.onDocument("waiveDocument", request, vars{"reason": "None."}), "waiveDocument", "SAME_PERSON")
		wantFaults(t, other.onDocument("waiveDocument", request), "waiveDocument", "REQUIRED reason")
		want(t, "waived", other.onDocument("waiveDocument", request, vars{"reason": "Has none."}).text("waiveDocument.document.status"), "WAIVED")
		refused(request, "approveDocument", "rejectDocument", "waiveDocument")
		// Rejected, and replaced by another.
		wantCodes(t, me.onDocument("approveDocument", documents[0]), "FORBIDDEN")
		refused(documents[0], "waiveDocument")
		want(t, "rejected", other.onDocument("rejectDocument", documents[0], vars{"reason": "Not readable."}).text("rejectDocument.document.reason"), "Not readable.")
		refused(documents[0], "approveDocument", "rejectDocument")
		replacing := me.uploaded(vars{"subjectId": loan, "replaces": documents[0]})
		want(t, "replaced", look(documents[0]), "SUPERSEDED SUPERSEDE_DOCUMENT")
		refused(documents[0], "approveDocument", "rejectDocument", "waiveDocument")
		wantFaults(t, me.upload(vars{"subjectId": loan, "replaces": replacing}, "a.pdf", pdf), "uploadDocument", "NOT_ALLOWED_NOW")
		// Nobody judges their own.
		_, number, _ := h.desk.IDs.Decode(id)
		h.exec(t, fmt.Sprintf("UPDATE staff SET phone = (SELECT phone FROM users WHERE id = %d), phone_hash = (SELECT phone_hash FROM users WHERE id = %d) WHERE name = 'other'", number, number))
		wantFaults(t, other.onDocument("approveDocument", replacing), "approveDocument", "SAME_PERSON")
		wantFaults(t, other.onDocument("rejectDocument", replacing, vars{"reason": "x"}), "rejectDocument", "SAME_PERSON")
		h.exec(t, "UPDATE staff SET phone = NULL, phone_hash = NULL WHERE name = 'other'")
		materials.judges(append([]string{replacing}, documents[1:]...)...)
		refused(replacing, "approveDocument", "rejectDocument", "waiveDocument")
		// What runs out before the decision is asked for anew.
		expire := func(days int) {
			t.Helper()
			if err := h.borrowers.Expire(access.AsSystem(t.Context(), "documents"), time.Now().AddDate(0, 0, days)); err != nil {
				t.Fatal(err)
			}
		}
		_, paper, _ := h.desk.IDs.Decode(replacing)
		h.exec(t, fmt.Sprintf("UPDATE documents SET valid_until = $1 WHERE id = %d", paper), time.Now().AddDate(0, 0, 5).Format(time.DateOnly))
		expire(3)
		want(t, "before its last day", look(replacing), "APPROVED APPROVE_DOCUMENT")
		expire(7)
		expire(7)
		want(t, "after it", look(replacing), "EXPIRED EXPIRE_DOCUMENT")
		refused(replacing, "approveDocument", "rejectDocument", "waiveDocument")
		wantFaults(t, materials.on("approveLoanMaterials", loan), "approveLoanMaterials", "DOCUMENTS_MISSING")
		wanted := me.ask(`query($id: ID!) { node(id: $id) { ... on Loan { documents(filter: {status: [REQUESTED]}) { totalCount nodes { id kind } } } } }`, vars{"id": loan})
		want(t, "asked for anew, once: "+wanted.raw, wanted.at("node.documents.totalCount"), any(1.0))
		anew := me.uploaded(vars{"subjectId": loan, "documentId": wanted.text("node.documents.nodes.0.id"), "validUntil": time.Now().AddDate(0, 0, 5).Format(time.DateOnly)})
		materials.judges(anew)
		materials.does("approveLoanMaterials", loan, "APPLICATION_REVIEW")
		wantFaults(t, me.upload(vars{"subjectId": loan, "kind": "OTHER"}, "a.pdf", pdf), "uploadDocument", "NOT_ALLOWED_NOW")
		first.does("approveLoanApplication", loan, "APPROVED")
		expire(7)
		want(t, "once the loan is decided on", look(anew), "APPROVED APPROVE_DOCUMENT")
		want(t, "the mails", strings.Contains(h.written(t, key.User(number)), "document_requested document_rejected document_requested loan_approved"), true)
	})
}

// The file may be a variable of its own in a document that spells the rest out.
func TestAFileMayBeAVariableOfItsOwn(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		me, id := h.customer(t, 790)
		operations, err := json.Marshal(vars{
			"query":     `mutation($f: Upload) { uploadDocument(input: {subjectId: "` + id + `", kind: PROOF_OF_ADDRESS, file: $f}) { document { name size } userErrors { code field } } }`,
			"variables": vars{"f": nil},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, got := me.parts(part{"operations", "", operations}, part{"map", "", []byte(`{"0": ["variables.f"]}`)}, part{"0", "scan.pdf", pdf})
		want(t, "what was uploaded", fmt.Sprint(got.at("uploadDocument.document.name"), " ", got.at("uploadDocument.document.size")), fmt.Sprint("scan.pdf ", len(pdf)))
	})
}

func TestABorrowerWithdrawsAnApplication(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		me, _ := h.borrower(t, 41)
		other, _ := h.borrower(t, 42)
		draft := me.applied(wish("80000"))
		wantFaults(t, other.on("withdrawLoanApplication", draft), "withdrawLoanApplication", "NOT_FOUND loanId")
		me.does("withdrawLoanApplication", draft, "WITHDRAWN")
		wantFaults(t, me.on("withdrawLoanApplication", draft), "withdrawLoanApplication", "NOT_ALLOWED_NOW")
		wantFaults(t, me.on("updateLoanApplication", draft, vars{"termMonths": 6}), "updateLoanApplication", "NOT_ALLOWED_NOW")

		loan, _ := me.submitted(wish("90000"))
		materials, _, _ := h.reviewers(t)
		queue := func() any {
			return materials.ask(`{ reviewQueue(kind: MATERIALS) { totalCount } }`).at("reviewQueue.totalCount")
		}
		want(t, "waits", queue(), any(1.0))
		me.does("withdrawLoanApplication", loan, "WITHDRAWN")
		want(t, "waits no more", queue(), any(0.0))
	})
}
