#!/usr/bin/env bash
# From a registration form to a welcome mail, by curl, against a running server:
#
#   LENDDESK_ADMIN_PASSWORD='…' examples/registration.sh
#
# LENDDESK_URL (http://127.0.0.1:8080), LENDDESK_ADMIN_EMAIL (admin@lenddesk.example) and LENDDESK_ADMIN_PASSWORD say which server and who
# reviews. Every run registers another made-up person. It ends with an error as soon as an answer is not what it should be.
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

echo '1. A form with faults is refused once, naming every field.'
answer=$(ask 'mutation Register($form: RegisterUserInput!) { registerUser(input: $form) { user { id } userErrors { code message field } } }' \
  '{"form": {"name": "王", "email": "nowhere", "phone": "12", "nationalId": "11010519900101001X", "password": "12345", "kinds": []}}')
for field in name email phone nationalId password kinds; do expect "\"field\":[\"$field\"]"; done

echo '2. The person registers.'
answer=$(ask 'mutation Register($form: RegisterUserInput!) { registerUser(input: $form) { user { id status maskedPhone } notice userErrors { code message field } } }' \
  "{\"form\": {\"name\": \"王小明\", \"email\": \"$email\", \"phone\": \"$phone\", \"nationalId\": \"$id_number\", \"password\": \"river stones 42\", \"kinds\": [\"BORROWER\"], \"locale\": \"zh-CN\"}}")
expect '"status":"PENDING_REVIEW"'
user=$(value id)

echo '3. The administrator signs in.'
answer=$(ask 'mutation SignIn($who: SignInInput!) { signIn(input: $who) { session { token expiresAt } userErrors { code message } } }' \
  "{\"who\": {\"login\": \"$admin\", \"password\": \"$password\"}}")
expect '"token":"'
token=$(value token)

echo '4. The registration waits in the queue and is approved.'
answer=$(ask 'query { reviewQueue(kind: REGISTRATION, last: 100) { totalCount nodes { waitingSince subject { id } } } }' '{}')
expect "\"id\":\"$user\""
answer=$(ask 'mutation Approve($input: ApproveRegistrationInput!) { approveRegistration(input: $input) { user { status timeline { nodes { kind at } } } userErrors { code message } } }' \
  "{\"input\": {\"userId\": \"$user\", \"note\": \"Papers are in order.\"}}")
expect '"status":"ACTIVE"'

echo '5. The welcome mail, in the language of the person.'
answer=$(ask 'query Mails($user: ID!) { messages(filter: {userId: $user}, first: 1) { nodes { to subject text state } } }' "{\"user\": \"$user\"}")
expect "\"to\":\"$email\""
expect '注册成功'
printf '\n%b\n' "$(value text)"
