FROM local/debian-dev:1
WORKDIR /app
ONBUILD COPY .npmrc package.json package-lock.json ./
ONBUILD RUN --mount=type=secret,id=npm_token,env=NPM_TOKEN npm ci
