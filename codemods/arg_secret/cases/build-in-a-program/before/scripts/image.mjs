import { execSync } from "node:child_process";
execSync(`docker build --build-arg NPM_TOKEN=${process.env.NPM_TOKEN} -t app .`);
