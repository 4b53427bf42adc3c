param([string]$tag)
docker build `
  --file pipelines/ui/Dockerfile `
  --tag $tag .
