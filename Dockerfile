# One image for every service; the command says which one runs: node subgraphs/order/main.ts
# The repository's layout is kept, since Node strips types from workspace folders, not from node_modules.
ARG BASE=node:24-slim

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
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force

FROM ${BASE}
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0
COPY --from=dependencies /app ./
COPY . .
# A folder for what a service may keep; all else is the image's, and read-only to the user.
RUN mkdir /data && chown 1000:1000 /data
USER 1000:1000
STOPSIGNAL SIGTERM
CMD ["node", "router/main.ts"]
