package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lenddesk/access"
	"lenddesk/gateway/mail/mailtest"
	"lenddesk/store/storetest"
)

// A value is shown in full to who may see it and says why, and the trail has who saw what; the value itself stands nowhere.
func TestPersonalDataIsShownForAReasonAndOnRecord(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		_, id := h.customer(t, 1)
		form := applicant(1)
		may := h.colleague(t, "privacy", access.Of(access.RevealPersonalData, access.ViewUsers, access.ViewEvents))
		reveal := func(p *person, id, field, reason string) answer {
			return p.act("revealPersonalData", "value", vars{"id": id, "field": field, "reason": reason})
		}
		got := reveal(may, id, "nationalId", "asked by the court")
		want(t, "ID number", got.text("revealPersonalData.value"), form["nationalId"].(string))
		want(t, "phone", reveal(may, id, "phone", "to call back").text("revealPersonalData.value"), "+86"+form["phone"].(string))
		trail := may.ask(`{ events(filter: {kind: ["REVEAL_PERSONAL_DATA"]}) { totalCount nodes { subject { id } actor { __typename } changes reason } } }`)
		want(t, "events", trail.at("events.totalCount"), any(2.0))
		if trail.text("events.nodes.0.subject.id") != id || strings.Contains(trail.raw, form["nationalId"].(string)) || !strings.Contains(trail.raw, `"revealed":"nationalId"`) {
			t.Errorf("the trail: %s", trail)
		}
		wantFaults(t, reveal(may, id, "password", ""), "revealPersonalData", "REQUIRED reason", "INVALID field")
		wantFaults(t, reveal(may, "user_0000000000000", "phone", "x"), "revealPersonalData", "NOT_FOUND id")
		blind := h.colleague(t, "blind", access.Of(access.RevealPersonalData))
		wantFaults(t, reveal(blind, id, "phone", "x"), "revealPersonalData", "NOT_FOUND id")
		want(t, "events of what was refused", may.ask(`{ events(filter: {kind: ["REVEAL_PERSONAL_DATA"]}) { totalCount } }`).at("events.totalCount"), any(2.0))
		if again := may.ask(`mutation { revealPersonalData(input: {id: "` + id + `", field: "phone", reason: "x"}) @idempotent(key: "k") { value } }`); !strings.Contains(again.raw, "BAD_REQUEST") {
			t.Errorf("under a key: %s", again)
		}
		if strings.Contains(h.logs.String(), form["nationalId"].(string)) {
			t.Error("the ID number is in the log")
		}
	})
}

// After a whole story (registration, card, documents, loan, bids, money) nothing that is sealed, hashed or told once stands in the clear anywhere that is kept: not in the database,
// its log, its dump and its backups, not among the files, in mails, in logs, nor in what webhooks send.
func TestNothingPlantedStandsInTheClear(t *testing.T) {
	for _, dialect := range storetest.Dialects {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			sink, files := mailtest.Start(t), filepath.Join(t.TempDir(), "files")
			s := settings{
				DatabaseURL: storetest.URL(t, dialect), SMTPURL: sink.URL(), BlobURL: files, BackupURL: t.TempDir(), WebhookAllow: []string{"127.0.0.0/8"}, SlowStatement: "1ns",
			}
			h := start(t, s)
			admin, receives := h.administrator(t), newReceiver(t)
			_, signing := admin.hook(receives.URL)
			form, number := applicant(52), cardNumber(52, "0000")
			planted := map[string]string{
				"phone": form["phone"].(string), "ID number": form["nationalId"].(string), "password": form["password"].(string), "card number": number,
				"phone known to the bank": "13800138000", "phone of a lead": "13612345678", "company's phone": "13587654321", "staff's phone": "13787654321",
				"staff's password": staffPassword, "new phone": "13877770052", "what a document holds": "balance 998877665544", "webhook's key": signing, "administrator's token": admin.token,
				"administrator's password": adminPassword,
			}

			made := admin.act("createApiKey", "token", vars{"name": "nightly", "roleIds": []string{admin.roleIDs()["FINANCE"]}})
			planted["API key's token"] = made.text("createApiKey.token")
			admin.lead(vars{"name": "王小明", "phone": planted["phone of a lead"]})
			wantFaults(t, admin.act("createCompany", "company { id }", vars{"kind": "CLIENT", "name": "某公司", "creditCode": "91350100M000100Y43", "phone": planted["company's phone"]}), "createCompany")
			wantFaults(t, admin.act("createStaff", "staff { id }", vars{"name": "李敏", "email": "li@lenddesk.example", "phone": planted["staff's phone"], "roleIds": []string{}}), "createStaff")
			wantFaults(t, h.anybody(t).ask(`mutation { signIn(input: {login: "`+planted["phone"]+`", password: "`+staffPassword+`"}) { userErrors { code field } } }`), "signIn", "WRONG_CREDENTIALS")

			me, id := h.borrower(t, 52)
			planted["customer's token"] = me.token
			h.anybody(t).do("registerUser", form) // refused
			wantFaults(t, me.act("updateProfile", "user { id }", vars{"phone": planted["new phone"]}), "updateProfile")
			paper := append(slices.Clone(pdf), "%"+planted["what a document holds"]...)
			loan := me.applied(wish("80000"))
			var papers []string
			for _, kind := range me.loan(loan).words("node.requiredDocuments") {
				papers = append(papers, me.upload(vars{"subjectId": loan, "kind": kind}, "scan.pdf", paper).text("uploadDocument.document.id"))
			}
			me.does("submitLoanApplication", loan, "MATERIALS_REVIEW")
			materials, first, _ := h.reviewers(t)
			materials.judges(papers...)
			materials.does("approveLoanMaterials", loan, "APPLICATION_REVIEW")
			first.does("approveLoanApplication", loan, "APPROVED")
			lister, funder, finance := h.colleague(t, "lister", access.Of(access.ListLoans)), h.colleague(t, "funder", access.Of(access.ReviewFunding)), h.colleague(t, "finance", access.Of(access.ReportPayments))
			lister.does("listLoan", loan, "BIDDING", terms(loan))
			for n := 60; n < 68; n++ {
				investor, _ := h.trader(t)
				if _, status, got := investor.bid(loan, "10000.00"); status != "APPROVED" {
					t.Fatal(got)
				}
			}
			funder.does("approveFunding", loan, "AWAITING_DISBURSEMENT")
			order := finance.ask(`query($id: ID!) { node(id: $id) { ... on Loan { orderNumber } } }`, vars{"id": loan}).text("node.orderNumber")
			finance.does("confirmDisbursement", loan, "REPAYING", vars{"orderNumber": order, "reference": "out", "disbursedAt": ago(0)})
			wantFaults(t, finance.act("recordRepayment", "loan { id }", vars{"loanId": loan, "amount": "100.00", "paidAt": ago(0), "reference": "in"}), "recordRepayment")
			revealed := admin.act("revealPersonalData", "value", vars{"id": id, "field": "nationalId", "reason": "asked by the court"})
			want(t, "shown", revealed.text("revealPersonalData.value"), planted["ID number"])
			admin.ask(`query($p: String, $n: String, $t: String!) { users(filter: {phone: $p, nationalId: $n}) { nodes { id maskedPhone } } search(text: $t) { nodes { __typename } } }`,
				vars{"p": planted["phone"], "n": planted["ID number"], "t": planted["phone"]})
			backup := filepath.Join(s.BackupURL, admin.backUp("VERIFIED").text("node.file"))
			h.sealed(t)
			until(t, "the receiver to be told", func() bool { return slices.Contains(receives.kinds(), "RECORD_REPAYMENT") })
			until(t, "the letters to be sent", func() bool {
				return len(sink.Letters()) > 3 && !strings.Contains(admin.ask(`{ messages(first: 100) { nodes { state } } }`).raw, "QUEUED")
			})

			looked := 0
			look := func(where string, content []byte) {
				t.Helper()
				if looked++; len(content) == 0 {
					t.Errorf("there is nothing in %s", where)
				}
				for what, secret := range planted {
					for how, form := range writings(secret) {
						if bytes.Contains(content, []byte(form)) {
							t.Errorf("the %s stands in %s %s", what, where, how)
						}
					}
				}
			}
			output := func(program string, args ...string) []byte {
				out, err := exec.CommandContext(t.Context(), program, args...).Output()
				if err != nil {
					t.Fatal(program, err)
				}
				return out
			}
			if dialect == "postgres" {
				look("the dump of the database", output("pg_dump", "--inserts", "--dbname="+s.DatabaseURL))
				look("the backup", output("pg_restore", "--file=-", backup))
			} else {
				for _, suffix := range []string{"", "-wal"} {
					look("the database's file"+suffix, readFile(t, strings.TrimPrefix(s.DatabaseURL, "sqlite:")+suffix))
				}
				look("the backup", readFile(t, backup))
			}
			look("the backup's manifest", readFile(t, backup+".json"))
			kept := 0
			err := filepath.WalkDir(files, func(path string, entry fs.DirEntry, err error) error {
				if err == nil && !entry.IsDir() {
					kept++
					look("a file "+entry.Name(), readFile(t, path))
				}
				return err
			})
			if err != nil || kept < len(papers) {
				t.Errorf("%d files of %d documents: %v", kept, len(papers), err)
			}
			look("the log", []byte(h.logs.String()))
			for _, letter := range sink.Letters() {
				look("the letter "+letter.Subject, []byte(fmt.Sprint(letter.Header)+letter.Subject+letter.Text))
			}
			receives.mu.Lock()
			look("what a webhook was told", []byte(fmt.Sprint(receives.got)))
			receives.mu.Unlock()
			look("the trail, as it is read", []byte(admin.ask(`{ events(first: 100) { nodes { changes reason from to } } messages(first: 100) { nodes { subject text to } } }`).raw))
			look("the slow statements", []byte(admin.ask(`{ system { database { slowStatements { text } } } }`).raw))
			if looked < 12 {
				t.Errorf("only %d places were looked at", looked)
			}
			if !bytes.Contains([]byte("x 13800138000"), []byte(writings("13800138000")["as it is"])) {
				t.Error("the search finds nothing")
			}
		})
	}
}

// writings are the ways in which a text may stand in a file: as it is, in hexadecimal as PostgreSQL writes bytes, in base64 wherever it begins.
func writings(secret string) map[string]string {
	all := map[string]string{"as it is": secret, "in hexadecimal": hex.EncodeToString([]byte(secret)), "in big hexadecimal": strings.ToUpper(hex.EncodeToString([]byte(secret)))}
	for shift := range 3 {
		coded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", shift) + secret))
		all[fmt.Sprint("in base64, moved by ", shift)] = coded[shift+1 : len(coded)-4] // what does not depend on its neighbours
	}
	return all
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
