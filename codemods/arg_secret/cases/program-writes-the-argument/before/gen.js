const fs = require("fs");
fs.writeFileSync("/etc/app.json", process.env.API_TOKEN);
