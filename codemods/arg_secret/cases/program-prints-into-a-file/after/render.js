console.log(JSON.stringify({token: process.env.API_TOKEN}))
