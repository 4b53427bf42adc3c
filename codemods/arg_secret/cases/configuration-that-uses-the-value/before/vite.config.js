export default { define: { A: "1" }, plugins: [sentryVitePlugin({ authToken: process.env.SENTRY_AUTH_TOKEN })] };
