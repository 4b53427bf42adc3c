const fs = require("fs");
fs.writeFileSync("conf.json", JSON.stringify({ password: process.env.DB_PASSWORD }));
