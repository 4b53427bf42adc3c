param([string]$tag)
docker build `
  --build-arg AZURE_DEVOPS_EXT_PAT=${AZURE_DEVOPS_EXT_PAT} `
  --file pipelines/ui/Dockerfile `
  --tag $tag .
