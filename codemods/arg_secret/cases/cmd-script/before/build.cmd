@echo off
setlocal
set IMAGE=shop
docker build ^
  --build-arg NPM_TOKEN=%NPM_TOKEN% ^
  --build-arg VERSION=%VERSION% ^
  -t %IMAGE% . || exit /b 1
docker build --build-arg NPM_TOKEN=%1 -t %IMAGE%:one .
