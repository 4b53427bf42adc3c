FROM local/debian-dev:1
WORKDIR /app
ONBUILD ARG NPM_TOKEN
ONBUILD COPY .npmrc package.json package-lock.json ./
ONBUILD RUN npm ci
