#!/usr/bin/env bash
# From an application for a loan to its last repayment, with a borrower and three investors, by curl, against a running server whose KXD and KXDM are the built-in
# simulator:
#
#   LENDDESK_ADMIN_PASSWORD='…' examples/lending.sh
#
# On the way the application is returned once, a first listing fails, a payment bounces, and the loan is settled early at a quoted price. The administrator invites the people of
# the platform, none of whom may do another's part, and makes a key by which finance reports; it needs a server that sends no mail (LENDDESK_SMTP_URL is not set), since the links of
# invitations are read from the answer. LENDDESK_URL (http://127.0.0.1:8080), LENDDESK_ADMIN_EMAIL (admin@lenddesk.example) and LENDDESK_ADMIN_PASSWORD say which server and who
# administers. Every run makes up other people. It ends with an error as soon as an answer is not what it should be.
set -euo pipefail

url=${LENDDESK_URL:-http://127.0.0.1:8080}/graphql
admin=${LENDDESK_ADMIN_EMAIL:-admin@lenddesk.example}
password=${LENDDESK_ADMIN_PASSWORD:?set LENDDESK_ADMIN_PASSWORD to the password that the first start printed}
phrase='river stones 42'
token=

# ask QUERY VARIABLES sends one document and prints the answer.
ask() {
  printf '{"query": "%s", "variables": %s}' "${1//\"/\\\"}" "$2" |
    curl --silent --show-error --header 'Content-Type: application/json' --header 'Accept: application/json' --header 'Accept-Language: en' \
      ${token:+--header "Authorization: Bearer $token"} --data-binary @- "$url"
}

# expect TEXT fails unless the answer has it.
expect() {
  case $answer in
  *"$1"*) printf '  as expected: %s\n' "$1" ;;
  *) printf 'expected %s in the answer\n%s\n' "$1" "$answer" >&2; exit 1 ;;
  esac
}

# value FIELD prints the first string under that name in the answer.
value() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" <<<"$answer" | head -n 1; }

# resident_id makes a valid resident ID number (GB 11643) of an adult who does not exist.
resident_id() {
  local body sum=0 i weights=(7 9 10 5 8 4 2 1 6 3 7 9 10 5 8 4 2)
  body=$(printf '110105%d%02d%02d%03d' $((1960 + RANDOM % 40)) $((1 + RANDOM % 12)) $((1 + RANDOM % 28)) $((RANDOM % 1000)))
  for i in {0..16}; do sum=$((sum + ${body:i:1} * weights[i])); done
  printf '%s%s' "$body" "$(cut -c $((sum % 11 + 1)) <<<10X98765432)"
}

# card_number DIGITS makes a valid card number of which the four digits before the last one tell the simulator what to do.
card_number() {
  local body sum=0 i digit
  body=$(printf '622202%04d%04d%s' $((RANDOM % 10000)) $((RANDOM % 10000)) "$1")
  for i in {0..17}; do
    digit=${body:17-i:1}
    if ((i % 2 == 0)); then digit=$((digit * 2 > 9 ? digit * 2 - 9 : digit * 2)); fi
    sum=$((sum + digit))
  done
  printf '%s%d' "$body" $(((10 - sum % 10) % 10))
}

# sign_in LOGIN PASSWORD prints the token of a session.
sign_in() {
  token='' answer=$(token='' ask 'mutation SignIn($who: SignInInput!) { signIn(input: $who) { session { token } userErrors { code message } } }' \
    "{\"who\": {\"login\": \"$1\", \"password\": \"$2\"}}")
  value token
}

# on MUTATION INPUT FIELDS calls a mutation whose input is an object in JSON.
on() {
  answer=$(ask "mutation (\$input: ${1^}Input!) { $1(input: \$input) { $3 userErrors { code message field } } }" "{\"input\": $2}")
}

# node ID FIELDS reads one object.
node() { answer=$(ask "query (\$id: ID!) { node(id: \$id) { $2 } }" "{\"id\": \"$1\"}"); }

# await ID FIELDS TEXT waits until the object's answer has TEXT.
await() {
  for _ in {1..250}; do
    node "$1" "$2"
    case $answer in
    *"$3"*) printf '  as expected: %s\n' "$3"; return ;;
    esac
    sleep 0.2
  done
  printf 'waited in vain for %s\n%s\n' "$3" "$answer" >&2
  exit 1
}

# role NAME prints the id of a role.
role() {
  answer=$(token=$administrator ask 'query { roles(first: 100) { nodes { name id } } }' '{}')
  sed -n "s/.*\"name\":\"$1\",\"id\":\"\([^\"]*\)\".*/\1/p" <<<"$answer"
}

# colleague NAME ROLE invites somebody of the platform, who accepts, and puts the token of their session into the variable of that name.
colleague() {
  local login=$1$run@lenddesk.example token=$administrator
  on createStaff "{\"name\": \"$1\", \"email\": \"$login\", \"roleIds\": [\"$(role "$2")\"], \"locale\": \"en\"}" 'staff { status } invitationUrl'
  expect '"status":"INVITED"'
  token=
  on acceptInvitation "{\"token\": \"$(value invitationUrl | sed 's/.*token=//')\", \"password\": \"$phrase\"}" 'staff { status }'
  expect '"status":"ACTIVE"'
  printf -v "$1" %s "$(sign_in "$login" "$phrase")"
}

# customer NAME KIND registers somebody, who is approved and binds a card, and puts the token of their session into the variable of that name.
customer() {
  local phone token='' user card
  phone=13$((RANDOM % 10))$(printf '%04d%04d' $((RANDOM % 10000)) $((RANDOM % 10000)))
  on registerUser "{\"name\": \"王小明\", \"email\": \"$1$run@example.com\", \"phone\": \"$phone\", \"nationalId\": \"$(resident_id)\", \"password\": \"$phrase\", \"kinds\": [\"$2\"], \"locale\": \"en\"}" 'user { status id }'
  expect '"status":"PENDING_REVIEW"'
  user=$(value id)
  token=$service
  on approveRegistration "{\"userId\": \"$user\"}" 'user { status }'
  expect '"status":"ACTIVE"'
  token=$(sign_in "$1$run@example.com" "$phrase")
  on bindBankCard "{\"cardNumber\": \"$(card_number 0000)\", \"phone\": \"$phone\"}" 'bankCard { id }'
  card=$(value id)
  await "$card" '... on BankCard { status }' PENDING_BINDING
  on payBankCardBinding "{\"bankCardId\": \"$card\"}" 'bankCard { id }'
  await "$card" '... on BankCard { status }' BOUND
  printf -v "$1" %s "$token"
}

# upload KIND hands in a document of the loan.
upload() {
  local operations query='mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) { document { status id } userErrors { code message field } } }'
  operations="{\"query\": \"$query\", \"variables\": {\"input\": {\"subjectId\": \"$loan\", \"kind\": \"$1\", \"file\": null}}}"
  answer=$(printf '%%PDF-1.4\n%% %s\n%%%%EOF\n' "$1" |
    curl --silent --show-error --header 'Accept: application/json' --header 'Accept-Language: en' --header "Authorization: Bearer $token" \
      --form-string "operations=$operations" --form-string 'map={"0": ["variables.input.file"]}' --form "0=@-;filename=$1.pdf;type=application/pdf" "$url")
  expect '"status":"PENDING_REVIEW"'
  documents+=("$(value id)")
}

# bid NAME AMOUNT STATUS places a bid on the loan as that investor, and puts its id into bid.
bid() {
  token=${!1} on placeBid "{\"loanId\": \"$loan\", \"amount\": \"$2\"}" 'bid { status id }'
  expect "\"status\":\"$3\""
  bid=$(value id)
}

# of is the input of a mutation about the loan, with more fields.
of() { printf '{"loanId": "%s"%s}' "$loan" "${1:+, $1}"; }

run=$RANDOM$RANDOM
moment() { date -u -d "$1" +%Y-%m-%dT%H:%M:%SZ; }

echo '1. The administrator invites those who work on a loan, and makes a key for finance.'
administrator=$(sign_in "$admin" "$password")
colleague service CUSTOMER_SERVICE
colleague reviewer CREDIT_REVIEWER
colleague second CREDIT_REVIEWER
colleague funder FUNDING_REVIEWER
token=$administrator
on createApiKey "{\"name\": \"finance $run\", \"roleIds\": [\"$(role FINANCE)\"]}" token
finance=$(value token)

echo '2. A borrower and three investors register, are approved and bind their cards.'
customer borrower BORROWER
for investor in anna bruno clara; do customer "$investor" INVESTOR; done

echo '3. What would it cost? The borrower asks, applies, and cannot hand in without documents.'
token=$borrower
answer=$(ask 'query { quoteLoan(amount: "200000", annualRate: "12", termMonths: 12, repaymentMethod: EQUAL_INSTALLMENTS) { totalInterest effectiveAnnualRate } }' '{}')
expect '"totalInterest":"13237.08"'
on applyForLoan '{"amount": "200000", "annualRate": "12", "termMonths": 12, "repaymentMethod": "EQUAL_INSTALLMENTS", "purpose": "EQUIPMENT"}' 'loan { status requiredDocuments id }'
expect '"status":"DRAFT"'
loan=$(value id) documents=()
kinds=$(grep -o '"requiredDocuments":\[[^]]*' <<<"$answer" | cut -d[ -f2 | tr -d '"' | tr , ' ')
on submitLoanApplication "$(of)" 'loan { status }'
expect '"code":"DOCUMENTS_MISSING"'
for kind in $kinds; do upload "$kind"; done
on submitLoanApplication "$(of)" 'loan { status approvalsNeeded }'
expect '"status":"MATERIALS_REVIEW","approvalsNeeded":2'

echo '4. The reviewer returns it: something is missing. The borrower mends it and hands it in again.'
token=$reviewer
on claimReview "{\"subjectId\": \"$loan\", \"step\": \"MATERIALS\"}" 'reviewItem { claimedBy { name } }'
expect '"name":"reviewer"'
on returnLoanApplication "$(of '"reason": "Please say what the money is for."')" 'loan { status round }'
expect '"status":"RETURNED","round":2'
token=$borrower
on updateLoanApplication "$(of '"description": "A second lathe for the workshop."')" 'loan { status }'
upload OTHER
on submitLoanApplication "$(of)" 'loan { status }'
expect '"status":"MATERIALS_REVIEW"'

echo '5. Document by document the materials are approved, then the application, by two people.'
token=$reviewer
for document in "${documents[@]}"; do
  on approveDocument "{\"documentId\": \"$document\"}" 'document { status }'
  expect '"status":"APPROVED"'
done
on approveLoanMaterials "$(of)" 'loan { status }'
expect '"status":"APPLICATION_REVIEW"'
on approveLoanApplication "$(of '"note": "Sound figures."')" 'loan { status approvalsGiven }'
expect '"status":"APPLICATION_REVIEW","approvalsGiven":1'
on approveLoanApplication "$(of)" 'loan { status }'
expect '"code":"SAME_PERSON"'
token=$second
on approveLoanApplication "$(of)" 'loan { status approvalsGiven }'
expect '"status":"APPROVED","approvalsGiven":2'

echo '6. A first listing is open for some seconds only. It is not filled, so it fails, and the bid is free again.'
token=$reviewer
on listLoan "$(of "\"closesAt\": \"$(moment '+6 seconds')\", \"minimumBid\": \"1000\", \"bidStep\": \"100\"")" 'loan { status }'
expect '"status":"BIDDING"'
bid anna 5000.00 APPROVED
await "$loan" '... on Loan { status reservedAmount }' '"status":"LISTING_FAILED","reservedAmount":"0.00"'
token=$anna
node "$bid" '... on Bid { status }'
expect '"status":"RELEASED"'

echo '7. It is listed anew. Large bids are reviewed, one is withdrawn, and the three fill it.'
token=$reviewer
on relistLoan "$(of)" 'loan { status }'
expect '"status":"APPROVED"'
on listLoan "$(of "\"closesAt\": \"$(moment '+2 days')\", \"minimumBid\": \"1000\", \"bidStep\": \"100\"")" 'loan { status }'
expect '"status":"BIDDING"'
token=$anna
on placeBid "$(of '"amount": "950.00"')" 'bid { id }'
expect '"code":"AMOUNT_TOO_LOW"'
bid anna 90000.00 PENDING_REVIEW
large=("$bid")
bid bruno 10000.00 APPROVED
token=$bruno
on withdrawBid "{\"bidId\": \"$bid\"}" 'bid { status }'
expect '"status":"WITHDRAWN"'
bid bruno 60000.00 PENDING_REVIEW
large+=("$bid")
bid clara 50000.00 PENDING_REVIEW
large+=("$bid")
token=$clara
on placeBid "$(of '"amount": "1000.00"')" 'bid { id }'
expect '"code":"AMOUNT_EXCEEDS_REMAINING"'
token=$reviewer
for bid in "${large[@]}"; do
  on approveBid "{\"bidId\": \"$bid\"}" 'bid { status }'
  expect '"status":"APPROVED"'
done
node "$loan" '... on Loan { status fundedAmount progress }'
expect '"status":"FULLY_FUNDED","fundedAmount":"200000.00"'

echo '8. Somebody else approves the funding: finance gets an order, and reports that it was carried out.'
token=$funder
on approveFunding "$(of)" 'loan { status }'
expect '"status":"AWAITING_DISBURSEMENT"'
token=$finance
node "$loan" '... on Loan { orderNumber }'
order=$(value orderNumber)
on confirmDisbursement "$(of "\"orderNumber\": \"$order\", \"reference\": \"paid out $run\", \"disbursedAt\": \"$(moment now)\"")" 'loan { status installments { totalCount } }'
expect '"status":"REPAYING","installments":{"totalCount":12}'
token=$anna
node "${large[0]}" '... on Bid { status outstandingPrincipal installments { totalCount } }'
expect '"status":"HOLDING","outstandingPrincipal":"90000.00","installments":{"totalCount":12}'

echo '9. The first instalment is paid. A second payment bounces.'
token=$finance
paid="$(of "\"amount\": \"17769.76\", \"paidAt\": \"$(moment now)\", \"reference\": \"first $run\"")"
on recordRepayment "$paid" 'repayment { interest principal }'
expect '"interest":"2000.00","principal":"15769.76"'
on recordRepayment "$paid" 'loan { outstandingPrincipal }'
expect '"outstandingPrincipal":"184230.24"'
on recordRepayment "$(of "\"amount\": \"5000.00\", \"paidAt\": \"$(moment now)\", \"reference\": \"second $run\"")" 'repayment { id }'
on reverseRepayment "{\"repaymentId\": \"$(value id)\", \"reason\": \"The bank returned it.\"}" 'loan { status outstandingPrincipal }'
expect '"status":"REPAYING","outstandingPrincipal":"184230.24"'

echo '10. The borrower asks to settle early. Once approved, the price holds for some days.'
token=$borrower
on requestEarlySettlement "$(of '"reason": "The lathe is sold."')" 'serviceRequest { status id }'
expect '"status":"REQUESTED"'
request=$(value id)
token=$funder
on decideServiceRequest "{\"serviceRequestId\": \"$request\", \"approve\": true}" 'serviceRequest { status validUntil quotedAmount }'
expect '"status":"APPROVED"'
price=$(value quotedAmount)
token=$finance
on settleLoanEarly "$(of "\"amount\": \"$price\", \"paidAt\": \"$(moment now)\", \"reference\": \"settled $run\"")" 'loan { status outstandingPrincipal }'
expect '"status":"SETTLED","outstandingPrincipal":"0.00"'

echo '11. Everybody has got back what they lent, and what it earned; the whole story is told.'
for investor in anna bruno clara; do
  answer=$(token=${!investor} ask 'query { bids(filter: {status: [SETTLED]}) { nodes { status outstandingPrincipal amount earned } } }' '{}')
  expect '"status":"SETTLED","outstandingPrincipal":"0.00"'
  printf '  %s lent %s and earned %s\n' "$investor" "$(value amount)" "$(value earned)"
done
answer=$(token=$borrower ask 'query ($id: ID!) { node(id: $id) { ... on Loan { timeline(first: 100) { nodes { kind at } } } } }' "{\"id\": \"$loan\"}")
for kind in SETTLE_LOAN_EARLY REVERSE_REPAYMENT CONFIRM_DISBURSEMENT APPROVE_FUNDING FILL_LISTING RELIST_LOAN CLOSE_LISTING RETURN_LOAN_APPLICATION APPLY_FOR_LOAN; do
  expect "\"kind\":\"$kind\""
done
