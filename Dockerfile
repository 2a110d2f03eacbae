# Builds the bundle, then leaves everything that it was built with behind.
FROM node:24-alpine AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts ./scripts
COPY src ./src
RUN node scripts/build.js

FROM node:24-alpine
COPY package.json /opt/ringcast/
COPY bin /opt/ringcast/bin
COPY --from=build /build/dist/ringcast.js /build/dist/assets.js /opt/ringcast/dist/
RUN ln -s /opt/ringcast/bin/ringcast /usr/local/bin/ringcast
# A number, so that platforms that insist on a user other than root can tell.
USER 10001:10001
EXPOSE 8080
# Asks the port that the PORT variable sets, by HTTPS where TLS_CERT is set, whatever name its certificate is for: it
# asks whether the server is alive. Options that are given as flags need a health check of their own.
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s --retries=3 \
  CMD wget --no-verbose --tries=1 --no-check-certificate --spider "http${TLS_CERT:+s}://localhost:${PORT:-8080}/health" || exit 1
# No shell in between: signals reach the server itself.
ENTRYPOINT ["node", "/opt/ringcast/bin/ringcast"]
