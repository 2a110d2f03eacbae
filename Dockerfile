# Builds the one executable, then leaves everything else behind.
FROM node:24-bookworm-slim AS build
WORKDIR /build
ENV SCARF_ANALYTICS=false
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts ./scripts
COPY src ./src
RUN npm run build:binary

FROM debian:bookworm-slim
# wget is for the health checks: this one, and the one in docker-compose.yml.
RUN apt-get update \
  && apt-get install -y --no-install-recommends wget \
  && rm -rf /var/lib/apt/lists/*
COPY --from=build /build/dist/ringcast /usr/local/bin/ringcast
# A number, so that platforms that insist on a user other than root can tell.
USER 10001:10001
EXPOSE 8080
# Asks the port that the PORT variable sets, by https where TLS_CERT is set: whether the server lives, so whatever name
# its certificate is for. What is given by flag instead needs a health check of its own.
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s --retries=3 \
  CMD wget --no-verbose --tries=1 --no-check-certificate --spider "http${TLS_CERT:+s}://localhost:${PORT:-8080}/health" || exit 1
# No shell in between: signals reach the server itself.
ENTRYPOINT ["/usr/local/bin/ringcast"]
