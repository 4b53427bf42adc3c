const { writeFileSync } = require("node:fs");

if (!process.env.API_KEY) process.exit(1);
writeFileSync("/valid", "yes\n");
