#!/usr/bin/env bash
# What an administrator does, by curl, against a running server: a role and an employee, a parameter dated ahead, a backup and its verification, a key for a script, a webhook,
# and what the trail has of all that:
#
#   LENDDESK_ADMIN_PASSWORD='…' examples/administration.sh
#
# LENDDESK_URL (http://127.0.0.1:8080), LENDDESK_ADMIN_EMAIL (admin@lenddesk.example) and LENDDESK_ADMIN_PASSWORD say which server and who works. LENDDESK_RECEIVER is the
# address of a system that is to be told of events (any that answers 2xx; the server must be allowed to send there: LENDDESK_WEBHOOK_ALLOW); without it what is sent goes
# nowhere, and is given up later. Every run makes another employee, role, key and webhook. It ends with an error as soon as an answer is not what it should be.
set -euo pipefail

url=${LENDDESK_URL:-http://127.0.0.1:8080}/graphql
admin=${LENDDESK_ADMIN_EMAIL:-admin@lenddesk.example}
password=${LENDDESK_ADMIN_PASSWORD:?set LENDDESK_ADMIN_PASSWORD to the password that the first start printed}
receiver=${LENDDESK_RECEIVER:-https://receiver.example.com/lenddesk}
token=

# ask QUERY VARIABLES sends one document and prints the answer.
ask() {
  printf '{"query": "%s", "variables": %s}' "${1//\"/\\\"}" "${2:-{\}}" |
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
value() { sed -n "s/^[^{]*{.*\"$1\":\"\([^\"]*\)\".*/\1/p" <<<"$answer" | head -n 1; }

# until_is TEXT QUERY VARIABLES asks again and again until the answer has the text, for a minute.
until_is() {
  local i
  for i in {1..300}; do
    answer=$(ask "$2" "$3")
    case $answer in *"$1"*) break ;; esac
    sleep 0.2
  done
  expect "$1"
}

run=$RANDOM$RANDOM
errors='userErrors { code message field }'

echo '1. The administrator signs in and looks at the server.'
answer=$(ask 'mutation SignIn($who: SignInInput!) { signIn(input: $who) { session { token } '"$errors"' } }' "{\"who\": {\"login\": \"$admin\", \"password\": \"$password\"}}")
expect '"token":"'
token=$(value token)
answer=$(ask '{ system { version database { driver connectionMode size migration openConnections queuedJobs slowStatements { text times longestMilliseconds } } } }')
expect '"connectionMode":"'

echo '2. A role for those who answer the telephone. What a permission opens stands in the list of permissions.'
answer=$(ask '{ permissions { permission description mutations fields rows } }')
expect '{"permission":"VIEW_USERS"'
answer=$(ask 'mutation Role($input: CreateRoleInput!) { createRole(input: $input) { role { id permissions builtIn } '"$errors"' } }' \
  "{\"input\": {\"name\": \"Telephone $run\", \"description\": \"Answers the telephone.\", \"permissions\": [\"VIEW_USERS\", \"MANAGE_USERS\"]}}")
expect '"permissions":["VIEW_USERS","MANAGE_USERS"],"builtIn":false'
role=$(value id)

echo '3. An employee is invited, and given the role. A mail brings the link; where no mail server is set, the answer does.'
answer=$(ask 'mutation Staff($input: CreateStaffInput!) { createStaff(input: $input) { staff { id status roles { name } } invitationUrl '"$errors"' } }' \
  "{\"input\": {\"name\": \"Li Min\", \"email\": \"li$run@lenddesk.example\", \"roleIds\": [\"$role\"]}}")
expect '"status":"INVITED"'
staff=$(sed -n 's/.*"staff":{"id":"\([^"]*\)".*/\1/p' <<<"$answer")
link=$(sed -n 's/.*?token=\([^"]*\)".*/\1/p' <<<"$answer")
if [ -n "$link" ]; then
  administrator=$token token=
  answer=$(ask 'mutation Accept($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { staff { status } '"$errors"' } }' \
    "{\"input\": {\"token\": \"$link\", \"password\": \"harbour lights 77\"}}")
  expect '"status":"ACTIVE"'
  answer=$(ask 'mutation SignIn($who: SignInInput!) { signIn(input: $who) { session { token } viewer { permissions } '"$errors"' } }' \
    "{\"who\": {\"login\": \"li$run@lenddesk.example\", \"password\": \"harbour lights 77\"}}")
  expect '"permissions":["VIEW_USERS","MANAGE_USERS"]'
  token=$(value token)
  answer=$(ask '{ parameters { name } }')
  expect '"code":"FORBIDDEN"'

  echo '4. The role is changed: that holds from the next request on. Nobody gives what they do not have.'
  theirs=$token token=$administrator
  answer=$(ask 'mutation Change($input: UpdateRoleInput!) { updateRole(input: $input) { role { permissions } '"$errors"' } }' \
    "{\"input\": {\"roleId\": \"$role\", \"permissions\": [\"VIEW_USERS\", \"MANAGE_ROLES\"]}}")
  expect '"permissions":["VIEW_USERS","MANAGE_ROLES"]'
  token=$theirs
  answer=$(ask '{ viewer { permissions } }')
  expect '"permissions":["VIEW_USERS","MANAGE_ROLES"]'
  answer=$(ask 'mutation More($input: UpdateRoleInput!) { updateRole(input: $input) { role { id } '"$errors"' } }' \
    "{\"input\": {\"roleId\": \"$role\", \"permissions\": [\"VIEW_USERS\", \"MANAGE_ROLES\", \"MANAGE_BACKUPS\"]}}")
  expect '"code":"NOT_ELIGIBLE"'
  token=$administrator
fi

echo '5. A parameter is set from a moment ahead. What is wrong with a value is said at once.'
answer=$(ask 'mutation Set($input: SetParameterInput!) { setParameter(input: $input) { parameter { name } '"$errors"' } }' '{"input": {"name": "CLAIM_LIFETIME", "value": "1s"}}')
expect '"code":"OUT_OF_RANGE"'
answer=$(ask 'mutation Set($input: SetParameterInput!) { setParameter(input: $input) { parameter { name unit minimum maximum value scheduled { value effectiveAt setBy { name } } } '"$errors"' } }' \
  "{\"input\": {\"name\": \"CLAIM_LIFETIME\", \"value\": \"45m\", \"effectiveAt\": \"$(date -u -d '+30 days' +%Y-%m-%dT00:00:00Z)\"}}")
expect '"scheduled":[{"value":"45m"'

echo '6. A backup is made while the platform goes on, and is opened and checked.'
answer=$(ask 'mutation BackUp($input: CreateBackupInput) { createBackup(input: $input) { backup { id status } '"$errors"' } }' '{"input": {"place": "examples", "verify": false}}')
expect '"status":"RUNNING"'
backup=$(value id)
look='query Backup($id: ID!) { node(id: $id) { ... on Backup { status file size sha256 error verifiedAt } } }'
until_is '"status":"SUCCEEDED"' "$look" "{\"id\": \"$backup\"}"
answer=$(ask 'mutation Verify($input: VerifyBackupInput!) { verifyBackup(input: $input) { backup { id } '"$errors"' } }' "{\"input\": {\"backupId\": \"$backup\"}}")
expect '"userErrors":[]'
until_is '"status":"VERIFIED"' "$look" "{\"id\": \"$backup\"}"

echo '7. A script gets a key of its own, which is shown this once, and loses it again.'
answer=$(ask 'mutation Key($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey { id } token '"$errors"' } }' \
  "{\"input\": {\"name\": \"nightly $run\", \"roleIds\": [\"$role\"], \"expiresAt\": \"$(date -u -d '+90 days' +%Y-%m-%dT00:00:00Z)\"}}")
expect '"token":"ldk_'
key=$(sed -n 's/.*"apiKey":{"id":"\([^"]*\)".*/\1/p' <<<"$answer")
administrator=$token token=$(value token)
answer=$(ask '{ viewer { apiKey { name } } users(first: 1) { totalCount } }')
expect '"totalCount":'
token=$administrator
answer=$(ask 'mutation Revoke($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) { apiKey { revokedAt } '"$errors"' } }' "{\"input\": {\"apiKeyId\": \"$key\"}}")
expect '"revokedAt":"'

echo '8. Another system is told of new roles, signed with a key that is shown this once.'
answer=$(ask 'mutation Hook($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { id kinds active } signingKey '"$errors"' } }' \
  "{\"input\": {\"url\": \"$receiver\", \"kinds\": [\"CREATE_ROLE\"]}}")
expect '"signingKey":"'
webhook=$(value id)
answer=$(ask 'mutation Role($input: CreateRoleInput!) { createRole(input: $input) { role { id } '"$errors"' } }' "{\"input\": {\"name\": \"Short-lived $run\", \"permissions\": []}}")
other=$(value id)
answer=$(ask 'mutation Gone($input: DeleteRoleInput!) { deleteRole(input: $input) { deletedRoleId '"$errors"' } }' "{\"input\": {\"roleId\": \"$other\"}}")
expect "\"deletedRoleId\":\"$other\""
log='query Deliveries($id: ID!) { node(id: $id) { ... on Webhook { deliveries(first: 5) { nodes { id state attempts status error event { kind } } } } } }'
if [ -n "${LENDDESK_RECEIVER:-}" ]; then
  until_is '"state":"DELIVERED"' "$log" "{\"id\": \"$webhook\"}"
  delivery=$(value id)
  answer=$(ask 'mutation Again($input: RedeliverWebhookInput!) { redeliverWebhook(input: $input) { webhookDelivery { id } '"$errors"' } }' "{\"input\": {\"webhookDeliveryId\": \"$delivery\"}}")
  expect '"userErrors":[]'
else
  until_is '"event":{"kind":"CREATE_ROLE"}' "$log" "{\"id\": \"$webhook\"}"
fi
answer=$(ask 'mutation End($input: DeleteWebhookInput!) { deleteWebhook(input: $input) { '"$errors"' } }' "{\"input\": {\"webhookId\": \"$webhook\"}}")
expect '"userErrors":[]'

echo '9. The employee leaves. The trail has who did what, and when.'
answer=$(ask 'mutation Leaves($input: DeactivateStaffInput!) { deactivateStaff(input: $input) { staff { status } '"$errors"' } }' "{\"input\": {\"staffId\": \"$staff\", \"reason\": \"Moved away.\"}}")
expect '"status":"DEACTIVATED"'
answer=$(ask '{ events(first: 60) { nodes { kind at changes reason actor { ... on Staff { name } ... on SystemActor { name } } } } }')
for kind in DEACTIVATE_STAFF DELETE_WEBHOOK DELETE_ROLE CREATE_WEBHOOK REVOKE_API_KEY CREATE_API_KEY PASS_BACKUP_VERIFICATION CREATE_BACKUP SET_PARAMETER CREATE_STAFF CREATE_ROLE; do expect "\"kind\":\"$kind\""; done
