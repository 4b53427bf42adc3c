param([string]$Token, [string]$Tag = "latest")

$ErrorActionPreference = "Stop"

# CI has it in the environment.
docker build `
    --build-arg "NPM_TOKEN=$env:NPM_TOKEN" `
    --build-arg REVISION=$(git rev-parse HEAD) `
    -t "shop:$Tag" .
if ($Token) {
    & docker build --build-arg NPM_TOKEN=$Token -t "shop:$Tag" .
}
