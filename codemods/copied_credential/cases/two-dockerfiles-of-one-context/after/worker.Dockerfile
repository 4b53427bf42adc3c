FROM node:22 AS build
WORKDIR /srv
COPY . .
RUN --mount=type=secret,id=npmrc,target=/srv/.npmrc npm ci --omit=dev

FROM node:22-slim
COPY --from=build /srv/lib /srv/lib
CMD ["node", "/srv/lib/main.js"]
