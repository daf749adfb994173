FROM node:20-bookworm-slim AS modules
WORKDIR /app
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends python3 make g++ && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM node:20-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 DATA_DIR=/data
COPY --from=modules /app/node_modules ./node_modules
COPY package.json ./
COPY bin ./bin
COPY src ./src
COPY domain ./domain
COPY projections ./projections
COPY infra ./infra
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 3000
CMD ["node", "bin/tsunagi.mjs", "serve"]
