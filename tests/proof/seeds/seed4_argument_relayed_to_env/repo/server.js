console.log(process.env.DB_PASSWORD ? "ready" : "no password");
