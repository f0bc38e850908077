# What is done often. On Debian, Go, gcc and make are enough: the rest is installed or started by scripts/.

SHELL := bash
export CGO_ENABLED := 1

# The order matters: what stands later is made from what stands before. A test compares this list with the sources.
GENERATED := ./schema ./lifecycle ./graph ./client ./store ./console

.PHONY: run test bench generate lint

run:
	go run .

# -shuffle also means that no result comes from the cache.
test:
	scripts/need-chromium
	scripts/need-node
	scripts/with-postgres go test -race -shuffle=on -timeout=40m ./...

# Writes docs/performance.md. The server that with-postgres starts trades safety for speed, and the page says so: for bids name one that does not. With LENDDESK_TEST_POSTGRES naming a server that stays, its book is kept too; else it is made each time.
bench:
	scripts/with-postgres go run ./bench $(ARGS)

generate:
	scripts/with-postgres sh -ec 'for package in $(GENERATED); do echo "$$package"; go generate "$$package"; done'

lint:
	go vet ./...
	go run honnef.co/go/tools/cmd/staticcheck $$(go list ./... | grep -vE '^lenddesk/(client|ent|graph/generated)(/|$$)')
	@listed=$$(go run mvdan.cc/gofumpt -l .) || exit 1; \
	unformatted=$$(grep -vE '^(ent|graph/generated|graph/model)/|^client/generated.go$$|^$$' <<<"$$listed"); \
	if [ -n "$$unformatted" ]; then printf 'not gofumpt-clean:\n%s\n' "$$unformatted"; exit 1; fi
