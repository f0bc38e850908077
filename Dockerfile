# docker build --build-arg VERSION=1.2.3 --tag lenddesk .
# docker run --publish 8080:8080 --volume lenddesk:/data lenddesk

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unreleased
# SQLite is C, so the program is linked against the same C library that the next stage has.
RUN CGO_ENABLED=1 go build -trimpath -buildvcs=false -ldflags="-s -w -X main.version=${VERSION}" -o /lenddesk .

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates tzdata \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --no-create-home --home-dir /data lenddesk \
 && install --directory --owner=lenddesk --mode=0700 /data
COPY --from=build /lenddesk /usr/local/bin/lenddesk

# The database and its key file. Back them up apart from each other.
VOLUME /data
WORKDIR /data
USER lenddesk
ENV LENDDESK_ADDR=0.0.0.0:8080 \
    LENDDESK_DATABASE_URL=sqlite:/data/lenddesk.db
EXPOSE 8080
# Whoever runs the container asks /healthz (alive) and /readyz (may have requests); SIGTERM drains.
ENTRYPOINT ["lenddesk"]
CMD ["serve"]
