#!/usr/bin/env bash
# From a registration to a bound bank card, by curl, against a running server whose KXD and KXDM are the built-in simulator:
#
#   LENDDESK_ADMIN_PASSWORD='…' examples/binding.sh
#
# On the way a check fails, the bank refuses a payment, and the bound card is replaced by another; every mail is read back. LENDDESK_URL
# (http://127.0.0.1:8080), LENDDESK_ADMIN_EMAIL (admin@lenddesk.example) and LENDDESK_ADMIN_PASSWORD say which server and who reviews. Every run
# registers another made-up person with other cards. It ends with an error as soon as an answer is not what it should be.
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

# await STATUS TEXT waits until the card stands there, and the answer has TEXT besides.
await() {
  for _ in {1..150}; do
    answer=$(ask 'query Card($id: ID!) { node(id: $id) { ... on BankCard { status failure attempts { nodes { system result asks duration } } } } }' "{\"id\": \"$card\"}")
    case $answer in
    *"\"status\":\"$1\""*"$2"*) printf '  as expected: %s %s\n' "$1" "$2"; return ;;
    esac
    sleep 0.2
  done
  printf 'waited in vain for %s %s\n%s\n' "$1" "$2" "$answer" >&2
  exit 1
}

# mail TEXT reads the last mail to the person as the administrator does, who sees messages.
mail() {
  answer=$(token=$reviewer ask 'query Mails($user: ID!) { messages(filter: {userId: $user}, first: 1) { nodes { subject text } } }' "{\"user\": \"$user\"}")
  expect "$1"
  printf '\n%b\n' "$(value text | sed 's/^/  | /; s/\\n/\\n  | /g')"
}

person=$RANDOM$RANDOM
email=binding$person@example.com
phone=139$(printf '%08d' $((10#$person % 100000000)))

echo '1. A person registers and is approved.'
answer=$(ask 'mutation Register($form: RegisterUserInput!) { registerUser(input: $form) { user { id status } userErrors { code message field } } }' \
  "{\"form\": {\"name\": \"王小明\", \"email\": \"$email\", \"phone\": \"$phone\", \"nationalId\": \"$(resident_id)\", \"password\": \"river stones 42\", \"kinds\": [\"BORROWER\"], \"locale\": \"en\"}}")
expect '"status":"PENDING_REVIEW"'
user=$(value id)
reviewer=$(sign_in "$admin" "$password")
answer=$(token=$reviewer ask 'mutation Approve($input: ApproveRegistrationInput!) { approveRegistration(input: $input) { user { status } userErrors { code message } } }' \
  "{\"input\": {\"userId\": \"$user\"}}")
expect '"status":"ACTIVE"'
token=$(sign_in "$email" 'river stones 42')

echo '2. A card with faults is refused once, naming every field.'
bind='mutation Bind($input: BindBankCardInput!) { bindBankCard(input: $input) { bankCard { id status issuer maskedNumber } notice userErrors { code message field } } }'
answer=$(ask "$bind" '{"input": {"cardNumber": "6222020000000000001", "phone": "12"}}')
for field in cardNumber phone; do expect "\"field\":[\"$field\"]"; done

echo '3. A card that is not this person'\''s: the check fails.'
answer=$(ask "$bind" "{\"input\": {\"cardNumber\": \"$(card_number 0001)\", \"phone\": \"$phone\"}}")
expect '"userErrors":[]'
card=$(value id)
await ACTIVATED '"result":"FAILED"'
mail 'could not be verified'

echo '4. Another card passes; the bank refuses its payment.'
answer=$(ask "$bind" "{\"input\": {\"cardNumber\": \"$(card_number 0002)\", \"phone\": \"$phone\"}}")
expect '中国工商银行'
card=$(value id)
await PENDING_BINDING '"result":"PASSED"'
mail 'has been verified'
pay='mutation Pay($input: PayBankCardBindingInput!) { payBankCardBinding(input: $input) { bankCard { id status } notice userErrors { code message } } }'
answer=$(ask "$pay" "{\"input\": {\"bankCardId\": \"$card\"}}")
expect '"userErrors":[]'
await PENDING_BINDING '"result":"REFUSED"'
mail 'did not succeed'

echo '5. Paid for a second time, it is bound.'
answer=$(ask "$pay" "{\"input\": {\"bankCardId\": \"$card\"}}")
expect '"userErrors":[]'
await BOUND '"result":"PAID"'
mail 'is bound'

echo '6. A third card replaces it; until that one is bound, the old one stays so.'
old=$card
answer=$(ask 'mutation Rebind($input: RebindBankCardInput!) { rebindBankCard(input: $input) { bankCard { id replaces { status } } notice userErrors { code message field } } }' \
  "{\"input\": {\"bankCardId\": \"$old\", \"cardNumber\": \"$(card_number 0000)\", \"phone\": \"$phone\"}}")
expect '"replaces":{"status":"BOUND"}'
card=$(value id)
await PENDING_BINDING '"result":"PASSED"'
mail 'has been verified'
answer=$(ask "$pay" "{\"input\": {\"bankCardId\": \"$card\"}}")
expect '"userErrors":[]'
await BOUND '"result":"PAID"'
mail 'is bound'
answer=$(ask 'query Cards { bankCards { nodes { id status timeline { nodes { kind } } } } }' '{}')
expect "\"id\":\"$old\",\"status\":\"REPLACED\""
expect '"kind":"REPLACE_CARD"'
