FROM node:20.20.2-bookworm-slim AS modules
WORKDIR /app
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends g++ make python3 && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json .npmrc ./
# Of the SQLite binding only what is loaded stays; its source and what was compiled on the way are more than everything else together.
RUN npm ci --omit=dev && cd node_modules/better-sqlite3 && rm -rf deps src && find build -type f ! -name better_sqlite3.node -delete

FROM node:20.20.2-bookworm-slim
# SQLite sorts large things in files: on the volume, not in the small /tmp of a container whose root is read-only.
ENV NODE_ENV=production HOST=0.0.0.0 DATA_DIR=/data SQLITE_TMPDIR=/data
WORKDIR /app
# Nothing is installed here later, so nothing that installs is left. `tsunagi` is a command for whoever looks inside.
RUN rm -rf /usr/local/lib/node_modules /opt/yarn-* /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/yarn /usr/local/bin/yarnpkg /usr/local/bin/corepack \
    && ln -s /app/bin/tsunagi.mjs /usr/local/bin/tsunagi && install -d -o 1000 -g 1000 -m 700 /data
COPY --from=modules /app/node_modules ./node_modules
COPY package.json ./
COPY bin ./bin
COPY domain ./domain
COPY infra ./infra
COPY projections ./projections
COPY src ./src
USER 1000:1000
VOLUME /data
EXPOSE 3000
# Only whether it lives: who starts unhealthy containers again must not kill a node that is still catching up.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["node", "-e", "fetch('http://127.0.0.1:3000/livez').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "bin/tsunagi.mjs", "serve"]
