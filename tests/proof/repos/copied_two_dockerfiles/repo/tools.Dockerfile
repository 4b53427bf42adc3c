FROM local/debian-dev:1
WORKDIR /tools
COPY package.json package-lock.json .npmrc ./
RUN npm ci
