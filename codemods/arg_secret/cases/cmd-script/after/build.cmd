@echo off
setlocal
set IMAGE=shop
docker build ^
  --secret id=npm_token,env=NPM_TOKEN ^
  --build-arg VERSION=%VERSION% ^
  -t %IMAGE% . || exit /b 1
set "NPM_TOKEN=%1"
docker build --secret id=npm_token,env=NPM_TOKEN -t %IMAGE%:one .
