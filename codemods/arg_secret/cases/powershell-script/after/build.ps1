param([string]$Token, [string]$Tag = "latest")

$ErrorActionPreference = "Stop"

# CI has it in the environment.
docker build `
    --secret "id=npm_token,env=NPM_TOKEN" `
    --build-arg REVISION=$(git rev-parse HEAD) `
    -t "shop:$Tag" .
if ($Token) {
    $env:NPM_TOKEN = $Token
    & docker build --secret "id=npm_token,env=NPM_TOKEN" -t "shop:$Tag" .
}
