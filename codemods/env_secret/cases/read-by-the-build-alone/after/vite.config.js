export default { plugins: [sentry({ authToken: process.env.SENTRY_AUTH_TOKEN })] };
