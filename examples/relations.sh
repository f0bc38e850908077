#!/usr/bin/env bash
# A lead comes in, is followed up, registers, is approved and joined, and a second entry of the same person is merged; a file of leads is read in, and one is
# written out. By curl, against a running server:
#
#   LENDDESK_ADMIN_PASSWORD='…' examples/relations.sh
#
# LENDDESK_URL (http://127.0.0.1:8080), LENDDESK_ADMIN_EMAIL (admin@lenddesk.example) and LENDDESK_ADMIN_PASSWORD say which server and who
# works. Every run registers another made-up person. It ends with an error as soon as an answer is not what it should be.
set -euo pipefail

url=${LENDDESK_URL:-http://127.0.0.1:8080}/graphql
admin=${LENDDESK_ADMIN_EMAIL:-admin@lenddesk.example}
password=${LENDDESK_ADMIN_PASSWORD:?set LENDDESK_ADMIN_PASSWORD to the password that the first start printed}
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

# imported FILE INPUT hands in a file of potential customers with what is to be done with it, and waits until it has been read.
imported() {
  local id query='mutation ($input: ImportUsersInput!) { importUsers(input: $input) { import { id } userErrors { code message field } } }'
  answer=$(curl --silent --show-error --header 'Accept: application/json' --header 'Accept-Language: en' --header "Authorization: Bearer $token" \
    --form-string "operations={\"query\": \"$query\", \"variables\": {\"input\": {\"file\": null, $2}}}" --form-string 'map={"0": ["variables.input.file"]}' \
    --form "0=@$1;filename=leads.csv;type=text/csv" "$url")
  expect '"userErrors":[]'
  id=$(value id)
  ended 'query Import($id: ID!) { node(id: $id) { ... on Import { createdAt status rows faultyRows addedRows faults(first: 10) { nodes { line code field } } } } }' "$id"
}

# ended QUERY ID asks until what runs has ended.
ended() {
  for _ in {1..300}; do
    answer=$(ask "$1" "{\"id\": \"$2\"}")
    case $answer in *'"status":"RUNNING"'*) sleep 0.2 ;; *) return ;; esac
  done
  printf 'waited in vain for the end of %s\n%s\n' "$2" "$answer" >&2
  exit 1
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

person=$RANDOM$RANDOM
email=applicant$person@example.com
phone=138$(printf '%08d' $((10#$person % 100000000)))
id_number=$(resident_id)

echo '1. The administrator signs in.'
answer=$(ask 'mutation SignIn($who: SignInInput!) { signIn(input: $who) { session { token } viewer { staff { id } } userErrors { code message } } }' \
  "{\"who\": {\"login\": \"$admin\", \"password\": \"$password\"}}")
expect '"token":"'
token=$(value token)
me=$(value id)

echo '2. A lead comes in at a fair. Somebody is to look after it, with a task to follow up.'
answer=$(ask 'mutation Lead($lead: AddPotentialCustomerInput!) { addPotentialCustomer(input: $lead) { user { id status serviceRecords { nodes { status text } } } duplicates { by } userErrors { code message field } } }' \
  "{\"lead\": {\"name\": \"诸葛小明\", \"phone\": \"$phone\", \"source\": \"a fair\", \"accountManagerId\": \"$me\", \"note\": \"Asks about a loan for machines.\"}}")
expect '"status":"POTENTIAL"'
expect 'Asks about a loan for machines.'
lead=$(value id)

echo '3. The lead is labelled and called; a visit is agreed.'
answer=$(ask 'mutation Tag($input: TagUserInput!) { tagUser(input: $input) { user { tags } userErrors { code message } } }' \
  "{\"input\": {\"userId\": \"$lead\", \"tags\": [\"small business\", \"machines\"]}}")
expect '"tags":["small business","machines"]'
answer=$(ask 'mutation Note($input: AddServiceRecordInput!) { addServiceRecord(input: $input) { serviceRecord { id status dueAt } userErrors { code message field } } }' \
  "{\"input\": {\"userId\": \"$lead\", \"kind\": \"VISIT\", \"text\": \"Look at the workshop.\", \"dueAt\": \"$(date -u -d '+3 days' +%Y-%m-%dT%H:%M:%SZ)\", \"assigneeId\": \"$me\"}}")
expect '"status":"OPEN"'
visit=$(value id)
answer=$(ask 'query Due($me: ID!) { dueServiceRecords(filter: {assigneeId: $me}, last: 100) { nodes { id text } } }' "{\"me\": \"$me\"}")
expect "\"id\":\"$visit\""
answer=$(ask 'mutation Done($input: CompleteServiceRecordInput!) { completeServiceRecord(input: $input) { serviceRecord { status completedAt } userErrors { code message } } }' \
  "{\"input\": {\"serviceRecordId\": \"$visit\", \"note\": \"A tidy place.\"}}")
expect '"status":"COMPLETED"'

echo '4. The person registers, and is found to look like the lead.'
staff=$token token=
answer=$(ask 'mutation Register($form: RegisterUserInput!) { registerUser(input: $form) { user { id status } userErrors { code message field } } }' \
  "{\"form\": {\"name\": \"诸葛小明\", \"email\": \"$email\", \"phone\": \"$phone\", \"nationalId\": \"$id_number\", \"password\": \"river stones 42\", \"kinds\": [\"BORROWER\"]}}")
expect '"status":"PENDING_REVIEW"'
user=$(value id) token=$staff
answer=$(ask 'query Alike($user: ID!) { possibleDuplicates(userId: $user) { user { id } by } }' "{\"user\": \"$user\"}")
expect "{\"user\":{\"id\":\"$lead\"},\"by\":[\"PHONE\",\"NAME\"]}"

echo '5. The registration is approved: what staff knew of the lead is joined to the customer.'
answer=$(ask 'mutation Approve($input: ApproveRegistrationInput!) { approveRegistration(input: $input) { user { status tags source accountManager { id } serviceRecords { totalCount } } userErrors { code message } } }' "{\"input\": {\"userId\": \"$user\"}}")
expect '"status":"ACTIVE","tags":["small business","machines"],"source":"a fair"'
expect '"serviceRecords":{"totalCount":2}'

echo '6. A colleague has entered the same person once more, under another phone. The two are merged; the old id answers with the customer.'
answer=$(ask 'mutation Lead($lead: AddPotentialCustomerInput!) { addPotentialCustomer(input: $lead) { user { id } duplicates { user { id } by } userErrors { code message field } } }' \
  "{\"lead\": {\"name\": \"诸葛晓明\", \"phone\": \"139${phone:3}\", \"note\": \"Called about a loan.\"}}")
expect "{\"user\":{\"id\":\"$user\"},\"by\":[\"NAME\"]}"
second=$(sed -n 's/.*"addPotentialCustomer":{"user":{"id":"\([^"]*\)".*/\1/p' <<<"$answer")
answer=$(ask 'mutation Merge($input: MergeUsersInput!) { mergeUsers(input: $input) { user { id serviceRecords { totalCount } } userErrors { code message field } } }' \
  "{\"input\": {\"keepId\": \"$user\", \"mergeId\": \"$second\"}}")
expect "\"id\":\"$user\",\"serviceRecords\":{\"totalCount\":3}"
answer=$(ask 'query Old($id: ID!) { node(id: $id) { id } }' "{\"id\": \"$second\"}")
expect "\"id\":\"$user\""

echo '7. Whoever calls is found by any part of the name, or by the phone, and the whole story is told.'
answer=$(ask 'query Find($text: String!) { search(text: $text) { nodes { ... on User { id name } } } }' "{\"text\": \"$phone\"}")
expect "\"id\":\"$user\""
answer=$(ask 'query Find($text: String!) { search(text: $text, first: 100) { nodes { ... on User { id name } } } }' '{"text": "葛小"}')
expect "\"id\":\"$user\""
answer=$(ask 'query Story($id: ID!) { node(id: $id) { ... on User { timeline(first: 50) { nodes { kind at } } } } }' "{\"id\": \"$user\"}")
for kind in MERGE_USERS APPROVE_REGISTRATION WRITE_MESSAGE COMPLETE_SERVICE_RECORD REGISTER_USER ADD_SERVICE_RECORD; do expect "\"kind\":\"$kind\""; done

echo '8. A partner sends a list of leads. A dry run says what is wrong with it, and enters nobody.'
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
digits=$(printf '%07d' $((10#$person % 10000000)))
cat >"$folder/leads.csv" <<LEADS
name,phone,email,source,note
张小红,1360$digits,hong$person@example.com,partner $person,Asks about investing.
刘小强,12,qiang$person@example.com,partner $person,
陈小军,$phone,jun$person@example.com,partner $person,
LEADS
imported "$folder/leads.csv" '"dryRun": true'
expect '"status":"SUCCEEDED","rows":3,"faultyRows":2,"addedRows":0'
expect '{"line":3,"code":"INVALID","field":"phone"},{"line":4,"code":"ALREADY_TAKEN","field":"phone"}'

echo '9. The list is mended and read in for good; the same list again enters nobody twice.'
sed -i "s/,12,/,1370$digits,/; /^陈小军/d" "$folder/leads.csv"
imported "$folder/leads.csv" '"dryRun": false'
expect '"status":"SUCCEEDED","rows":2,"faultyRows":0,"addedRows":2'
since=$(value createdAt)
imported "$folder/leads.csv" '"onError": "SKIP_FAULTY"'
expect '"status":"SUCCEEDED","rows":2,"faultyRows":2,"addedRows":0'

echo '10. What has come in since the list is written to a file, masked, and had by its link.'
answer=$(ask 'mutation Export($input: ExportUsersInput!) { exportUsers(input: $input) { export { id } userErrors { code message field } } }' \
  "{\"input\": {\"format\": \"CSV\", \"masked\": true, \"filter\": {\"status\": [\"POTENTIAL\"], \"createdFrom\": \"$since\"}}}")
expect '"userErrors":[]'
ended 'query Export($id: ID!) { node(id: $id) { ... on Export { status rows sha256 url } } }' "$(value id)"
expect '"status":"SUCCEEDED","rows":2'
sum=$(value sha256)
curl --silent --show-error --fail --output "$folder/export.csv" "${url%/graphql}$(value url)"
answer="$(sha256sum "$folder/export.csv") $(cat "$folder/export.csv")"
expect "$sum"
expect '张小红'
expect "'+86136****${digits:3}"
